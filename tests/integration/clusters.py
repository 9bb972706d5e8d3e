"""Programs with a private PostgreSQL, for tests that kill them: see cluster_driver.c."""
# SPDX-License-Identifier: Apache-2.0

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from harness import BIN, SANITIZER, SANITIZER_OPTIONS, await_exit, processes, workspace

DRIVER = Path(os.environ.get("CLUSTER_DRIVER", BIN.parent / "tests/unit/pg/cluster-driver"))
ROOT = os.geteuid() == 0
USERS = ["root", "nobody"] if ROOT else [None]


class Program:
    """One running cluster_driver."""

    def __init__(self, place, *args, env=None):
        self.process = subprocess.Popen(
            place.command(*args), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place.folder,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(place.tmp), **SANITIZER_OPTIONS, **(env or {})}, start_new_session=True)
        place.programs.append(self)

    def ready(self):
        line = self.process.stdout.readline()
        assert line.startswith("ready "), line + self.process.stderr.read()
        self.facts = dict(pair.split("=", 1) for pair in line.split()[1:])
        self.postmaster = int(self.facts["postmaster"])
        return self

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    @property
    def guardian(self):
        return int(Path(f"/proc/{self.postmaster}/stat").read_text().rpartition(")")[2].split()[1])

    def connect(self, user="keelson_owner", database="keelson"):
        return psycopg.connect(host=self.facts["socket"], user=user, dbname=database, autocommit=True)

    def query(self, sql, **who):
        with self.connect(**who) as c:
            return c.execute(sql).fetchall()

    def run(self, *statements, **who):
        with self.connect(**who) as c:
            for sql in statements:
                c.execute(sql)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Let it close; (status, stderr)."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        complaint = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert not SANITIZER.search(complaint), complaint
        return self.process.wait(60), complaint


class Place:
    """A folder with a data directory, and who works there."""

    template = {}           # by user: a made data directory, because making one takes longer than most tests

    def __init__(self, user):
        self.user, self.programs = user, []
        self.folder = workspace()
        self.data, self.tmp = self.folder / "data", self.folder / "tmp"
        self.tmp.mkdir()
        self.tmp.chmod(0o1777)
        self.driver = shutil.copy(DRIVER, self.folder / "driver")
        self.plain = user not in (None, "root")
        if self.plain:
            shutil.chown(self.folder, user)

    def command(self, *args):
        become = ["setpriv", f"--reuid={self.user}", f"--regid={pwd.getpwnam(self.user).pw_gid}", "--clear-groups"] if self.plain else []
        return [*become, self.driver, *map(str, args)]

    def launch(self, how="open", *args, **options):
        return Program(self, how, *(args or ([self.data] if how in ("open", "shared") else [])), **options)

    def open(self, *args, **options):
        return self.launch(*args, **options).ready()

    def made(self):
        """With a data directory that has been used before."""
        if self.user not in self.template:
            with Place(self.user) as first:
                first.open().end()
                self.template[self.user] = keep = workspace() / "data"
                subprocess.run(["cp", "-a", first.data, keep], check=True)
        subprocess.run(["cp", "-a", self.template[self.user], self.data], check=True)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def refused(self, *args, **options):
        status, complaint = self.launch(*args, **options).end()
        assert status != 0
        return status, complaint

    def postmasters(self, data=None):
        """Server processes of the data directory whose parent is no server process of it."""
        servers = {pid for pid, line in processes(data or self.data).items() if "postgres" in line and "guard" not in line and "driver" not in line}
        return [pid for pid in servers if parent(pid) not in servers | {0}]

    def close(self):
        for program in self.programs:
            if program.process.poll() is None:
                program.kill()
        left = await_exit([pid for pid in processes(self.folder) if pid != os.getpid()], 60)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        sockets = [Path(file.read_text().strip()) for file in self.folder.rglob("keelson.socket")]
        for directory in sockets:
            shutil.rmtree(directory, ignore_errors=True)    # a killed program leaves it, for the next start
        shutil.rmtree(self.folder)
        assert not left, "processes were left"


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def kill(pid, signo=signal.SIGKILL):
    try:
        os.kill(pid, signo)
    except ProcessLookupError:
        pass


def gone(pids, seconds=30):
    return not await_exit(pids, seconds)
