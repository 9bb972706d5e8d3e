"""A bare PostgreSQL, as an operator has one: nothing of Keelson in it but the three roles, all of them plain.

    with Postgres() as pg:
        url = pg.database()                        # a new empty database that belongs to keelson_owner
        with pg.connect("keelson_api") as c: ...   # to the newest database, or to one by name
        pg.dump()                                  # its schema as text, comparable

The owner is no superuser, as on managed servers; "postgres" is, for what only a superuser can look at.
"""
# SPDX-License-Identifier: Apache-2.0

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg

from harness import ROOT, workspace

BINDIR = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
ROLES = ["keelson_owner", "keelson_api", "keelson_readonly"]
# A dump says which server made it, and has a new key each time.
NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|)\n", re.MULTILINE)
USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Postgres:
    def __init__(self):
        self.folder = workspace()
        self.data, self.socket = self.folder / "data", self.folder
        self.count, self.newest = 0, None

    def __enter__(self):
        if USER:
            shutil.chown(self.folder, "postgres", "postgres")
        self._server("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._server("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o",
                     f"-k {self.socket} -c listen_addresses='' -c fsync=off -c shared_buffers=32MB", "start")
        with self.connect("postgres", "postgres") as c:
            for role in ROLES:
                c.execute(f"CREATE ROLE {role} LOGIN")
        return self

    def __exit__(self, *_):
        self._server("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _server(self, program, *args):
        subprocess.run([BINDIR / program, *map(str, args)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       cwd=self.folder, **USER)

    def database(self):
        self.count += 1
        self.newest = f"test{self.count}"
        with self.connect("postgres", "postgres") as c:
            c.execute(f"CREATE DATABASE {self.newest} OWNER keelson_owner TEMPLATE template0")
        return self.url()

    def url(self, role="keelson_owner", name=None):
        return f"postgresql://{role}@/{name or self.newest}?host={self.socket}"

    def connect(self, role="keelson_owner", name=None, **options):
        """search_path is empty, as in every session of Keelson."""
        return psycopg.connect(self.url(role, name), autocommit=True, options="-c search_path=", **options)

    def load(self, *files):
        """SQL files as the owner, each in one transaction."""
        with self.connect() as c:
            for file in files:
                with c.transaction():
                    c.execute(Path(file).read_text())

    def load_schema(self):
        self.load(ROOT / "sql" / "schema.sql")

    def pg_dump(self, *args, role="keelson_owner"):
        return subprocess.run([BINDIR / "pg_dump", "-h", str(self.socket), "-U", role, *args, self.newest], check=True, text=True,
                              capture_output=True).stdout

    def dump(self):
        """The schema, with the rows of state_transitions, which are part of the model; without the runner's ledger."""
        schema = self.pg_dump("--schema-only", "--exclude-schema=keelson_ledger", role="postgres")
        with self.connect("postgres") as c:
            exists = c.execute("SELECT to_regclass('keelson.state_transitions') IS NOT NULL").fetchone()[0]
            rows = c.execute("SELECT * FROM keelson.state_transitions ORDER BY 1, 2, 3").fetchall() if exists else []
        return NOISE.sub("", schema) + "\n".join(map(str, rows))
