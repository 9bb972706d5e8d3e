"""A PostgreSQL as an operator hands it over: passwords wanted, an owner that is no superuser, nothing of Keelson.

    with Bare() as pg:
        place = pg.place()              # a new database and its plain owner, and a folder to run commands in
        place.init()                    # keelson init there
        place.env()                     # what it wrote
        pg.reset()                      # everything of Keelson gone again, roles too

Every statement is logged, so that tests can look for what should not be there.
"""
# SPDX-License-Identifier: Apache-2.0

import itertools
import os
import shutil
import socket
import subprocess
from pathlib import Path

import psycopg

import harness

BINDIR = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
OURS = ["keelson_owner", "keelson_api", "keelson_readonly"]
HBA = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Place:
    """One database, its owner, and a working directory in a git work tree."""

    def __init__(self, server, name, rights):
        self.server, self.name = server, name
        self.owner, self.password = f"{name}_owner", f"{name}-Pa55word"
        self.folder = server.folder / name
        self.folder.mkdir()
        (self.folder / ".git").mkdir()
        server.execute(f"CREATE ROLE {self.owner} LOGIN {rights} PASSWORD '{self.password}'")
        server.execute(f"CREATE DATABASE {name} OWNER {self.owner} TEMPLATE template0")

    def url(self, user=None, password=None, parameters=""):
        return f"postgresql://{user or self.owner}:{password or self.password}@127.0.0.1:{self.server.port}/{self.name}{parameters}"

    def run(self, *args, env=None, **options):
        return harness.run(*args, folder=self.folder, env={"KEELSON_OWNER_URL": self.url()} | (env or {}), **options)

    def init(self, *args, **options):
        done = self.run("init", *args, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def env(self):
        lines = (self.folder / ".env").read_text().splitlines()
        return {name: value.strip('"') for name, value in (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))}

    def serve(self, keelson, *args, env=None, **options):
        """A service on this database with what init wrote."""
        return keelson(*args, folder=self.folder, env={"DATABASE_URL": self.env()["DATABASE_URL"]} | (env or {}), **options)

    def key(self, *args):
        """The text of a new key."""
        done = self.run("key", "create", "--name", "test", *args)
        assert done.returncode == 0, done.stderr
        return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("key "))

    def connect(self, **options):
        """As the owner, who becomes keelson_owner."""
        c = psycopg.connect(self.url(), autocommit=True, **options)
        c.execute("SET ROLE keelson_owner")
        return c

    def query(self, sql, *args):
        """As a superuser."""
        with self.server.connect(self.name) as c:
            return c.execute(sql, args).fetchall()


class Bare:
    def __init__(self, settings="", initdb=()):
        self.folder, self.settings, self.initdb, self.port = harness.workspace(), settings, initdb, free_port()
        self.data, self.numbers = self.folder / "pgdata", itertools.count(1)

    def __enter__(self):
        if USER:
            shutil.chown(self.folder, "postgres", "postgres")
        self.server("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", *self.initdb)
        (self.data / "pg_hba.conf").write_text(HBA)
        self.server("pg_ctl", "-D", self.data, "-w", "-l", self.log, "-o",
                    f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB"
                    f" -c log_statement=all {self.settings}", "start")
        return self

    def __exit__(self, *_):
        self.server("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self):
        return self.folder / "log"

    def server(self, program, *args):
        subprocess.run([BINDIR / program, *map(str, args)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       cwd=self.folder, **USER)

    def connect(self, database="postgres"):
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True)

    def execute(self, sql):
        with self.connect() as c:
            c.execute(sql)

    def place(self, rights="CREATEROLE"):
        return Place(self, f"db{next(self.numbers)}", rights)

    def reset(self):
        """Roles belong to the whole server: a test that wants to see them made has to see them go."""
        with self.connect() as c:
            mine = "SELECT datname FROM pg_database WHERE datname LIKE 'db%'"
            for (name,) in c.execute(mine).fetchall():
                c.execute(f"DROP DATABASE {name} WITH (FORCE)")
            roles = "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) OR rolname ~ '^db[0-9]'"
            for (name,) in c.execute(roles, [[*OURS, "anon", "authenticated"]]).fetchall():
                c.execute(f"DROP ROLE {name}")
