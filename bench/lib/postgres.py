"""A throwaway PostgreSQL: unix socket only, durable (fsync and commits on), removed at the end."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import machine

DATABASE = "keelson"


class Postgres:
    """shared_buffers is 1 GB as in the published figures, or an eighth of the memory where that is less."""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="keelson-bench-"))
        self.bin = machine.postgres_bindir()
        self.process: subprocess.Popen | None = None
        self.superuser = "postgres"

    def start(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres", "postgres")
        self._initdb()
        self._run()
        self.sql(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", "postgres")

    def _initdb(self) -> None:
        subprocess.run([self.bin / "initdb", "-D", self.dir / "data", "-U", self.superuser, "-A", "trust", "-E", "UTF8",
                        "--locale=C", "--data-checksums", "--no-instructions"],
                       check=True, stdout=subprocess.DEVNULL, **machine.as_postgres())
        buffers = min(1024, machine.memory_bytes() // 8 // 2**20)
        with open(self.dir / "data/postgresql.auto.conf", "a", encoding="ascii") as conf:
            conf.write(f"shared_buffers = {buffers}MB\nlisten_addresses = ''\nunix_socket_directories = '{self.dir}'\n"
                       "max_connections = 200\nmax_wal_size = 8GB\ncheckpoint_timeout = 30min\njit = off\n"
                       "log_min_messages = fatal\n")

    def _run(self) -> None:
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen([self.bin / "postgres", "-D", self.dir / "data"], stdout=log, stderr=log,
                                            **machine.as_postgres())
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            ready = subprocess.run([self.bin / "pg_isready", "-q", "-h", self.dir], check=False)
            if ready.returncode == 0:
                return
            if self.process and self.process.poll() is not None:
                raise machine.Unable("PostgreSQL did not start:\n" + (self.dir / "log").read_text()[-2000:])
            time.sleep(0.05)
        raise machine.Unable("PostgreSQL did not get ready within 30 s")

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(2)     # SIGINT is the fast shutdown
            self.process.wait(60)
            self.process = None

    def restart(self) -> None:
        self._run()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def url(self, user: str, password: str = "", scheme: str = "postgresql") -> str:
        login = f"{user}:{password}" if password else user
        return f"{scheme}://{login}@/{DATABASE}?host={self.dir}"

    def sql(self, text: str, database: str = DATABASE) -> str:
        done = subprocess.run([self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.dir, "-U", self.superuser,
                               "-d", database, "-f", "-"], input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise machine.Unable("psql: " + done.stderr.strip())
        return done.stdout.strip()
