"""Fixtures of the fault tests: a PostgreSQL as an operator has one, the fault proxy before it, the service behind the proxy, and a
witness that counts the service's connections as the server sees them.

    postgres    one server for the tests of a worker
    broken      one of this test's own, to be stopped, killed and frozen
    fault       f = fault("--pool-size", "4"): the service through a proxy of its own.  At the test's end everything must be as
                before: no connection above the cap at any sample, nothing lent or waiting, no descriptor lost, clean exit
"""
# SPDX-License-Identifier: Apache-2.0

import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import httpx
import psycopg
import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
import harness  # noqa: E402
from bare import Bare  # noqa: E402
from proxy import Proxy  # noqa: E402

LONG = bool(os.environ.get("KEELSON_LONG"))
ROLE = "keelson_api"
SETTINGS = "-c max_connections=60 -c log_min_messages=fatal"
METRIC = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def until(what, seconds=10, every=0.01):
    """The first true value of what(); polling is for what has no event: the server's and the service's own views."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(every)
    return value


def leave(sock):
    """With a reset, as whoever is killed leaves."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Mount:
    """A small disk in a mount namespace of its own, which a process that does nothing else keeps and takes with it when it ends."""

    def __init__(self, size):
        self.size, self.place = size, harness.workspace()

    @staticmethod
    def possible():
        return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode == 0

    def __enter__(self):
        # It becomes PostgreSQL's user, who may then look at the namespace too.
        inside = f"mount -t tmpfs -o size={self.size},mode=1777 none {self.place} && echo made && " \
                 "exec setpriv --reuid=postgres --regid=postgres --clear-groups cat"
        self.keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"made\n"
        self.path = Path(f"/proc/{self.keeper.pid}/root{self.place}")
        self.keeper.stdin.write(b"ready\n")
        self.keeper.stdin.flush()
        assert self.keeper.stdout.readline() == b"ready\n"             # it is cat by now
        return self

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait(10)
        self.keeper.stdout.close()
        self.place.rmdir()

    def fill(self, leave=0):
        """Until nothing more goes in, but for `leave` bytes."""
        left = os.statvfs(self.path)
        with (self.path / "ballast").open("wb") as f:
            os.posix_fallocate(f.fileno(), 0, max(left.f_bavail * left.f_bsize - leave, 1))

    def free(self):
        (self.path / "ballast").unlink()


class Witness(threading.Thread):
    """What the server sees every 10 ms.  While it does not answer there is nothing to see."""

    def __init__(self, server, database):
        super().__init__(daemon=True)
        self.server, self.database = server, database
        self.most, self.samples, self.over, self.cap = 0, 0, [], 1 << 30
        self.ended = threading.Event()
        self.start()

    def run(self):
        connection = None
        while not self.ended.wait(0.01):
            try:
                connection = connection or self.server.connect(self.database)
                n = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [ROLE]).fetchone()[0]
            except psycopg.Error:
                connection = None
                continue
            self.samples += 1
            self.most = max(self.most, n)
            if n > self.cap:
                self.over.append(n)
        if connection:
            connection.close()

    def close(self):
        self.ended.set()
        self.join(10)


class Server(Bare):
    """With everything a fault needs to reach it."""

    def __init__(self, settings="", initdb=()):
        super().__init__(f"{SETTINGS} {settings}", initdb)

    def __enter__(self):
        super().__enter__()
        self.prepared = self.place()
        self.prepared.init()
        self.key = self.prepared.env()["KEELSON_API_KEY"]
        return self

    def pids(self, condition="true"):
        return [pid for (pid,) in self.prepared.query(
            f"SELECT pid FROM pg_stat_activity WHERE usename = '{ROLE}' AND {condition} ORDER BY backend_start".replace("%", "%%"))]

    def sql(self, text, *args):
        return self.prepared.query(text, *args)

    def execute_there(self, text):
        with self.connect(self.prepared.name) as c:
            c.execute(text)

    def alter(self, setting):
        """A setting of the whole server, with a reload; every session has it when this returns."""
        self.execute(f"ALTER SYSTEM {setting}")
        self.execute("SELECT pg_reload_conf()")

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def alive(self):
        """Processes that belong to this server's data."""
        return harness.processes(self.data)

    def starts(self):
        """Does it start again?  Not while something of the old one still holds its shared memory."""
        try:
            self.control("start")
        except subprocess.CalledProcessError:
            return False
        return True

    def control(self, *args):
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB {self.settings}"
        self.server("pg_ctl", "-D", self.data, "-w", "-l", self.log, *(["-o", options] if "start" in args else []), *args)


class Service:
    """The program behind the proxy, and the requests the tests make."""

    def __init__(self, server, proxy, *args, env=None, url=None):
        self.server, self.proxy, self.locks = server, proxy, []
        own = server.prepared.env()["DATABASE_URL"]
        self.url = url or own.replace(f":{server.port}/", f":{proxy.port}/")
        size = int(self._argument(args, "--pool-size", 10))
        self.cap = size + int(self._argument(args, "--pool-overflow", 20))
        self.keelson = harness.Keelson(*args, env={"DATABASE_URL": self.url} | (env or {}))
        self.witness = Witness(server, server.prepared.name)
        self.witness.cap = self.cap
        self.keelson.start()
        self.http = httpx.Client(base_url=self.keelson.url, timeout=60, headers={"Authorization": f"Bearer {server.key}"},
                                 limits=httpx.Limits(max_connections=400))
        self.pid = self.keelson.process.pid
        until(self.healthy)
        self.descriptors = self.fds() - self.open_connections()

    @staticmethod
    def _argument(args, name, default):
        return args[args.index(name) + 1] if name in args else default

    # -- requests --------------------------------------------------------------------------------------

    def nonce(self):
        return f"nonce-{uuid.uuid4().hex[:12]}"

    def create(self, name=None, **headers):
        return self.http.post("/v1/candidates", json={"full_name": name or self.nonce()}, headers=headers)

    def read(self, id):
        return self.http.get(f"/v1/candidates/{id}")

    def list(self):
        return self.http.get("/v1/candidates", params={"limit": 1})

    def session(self):
        candidate = self.create().json()["id"]
        interview = self.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "t"}).json()["id"]
        return self.http.post("/v1/sessions", json={"interview_id": interview}).json()["id"]

    def append(self, session, text):
        return self.http.post(f"/v1/sessions/{session}/messages", json={"role": "user", "content": text})

    def there(self, name):
        """How many candidates of that name the database holds."""
        return self.server.sql("SELECT count(*) FROM keelson.candidates WHERE full_name = %s", name)[0][0]

    def messages_there(self, text):
        return self.server.sql("SELECT count(*) FROM keelson.interview_messages WHERE content::text LIKE %s", f"%{text}%")[0][0]

    # -- what it says of itself --------------------------------------------------------------------------

    def metric(self, name, **labels):
        wanted = {f'{k}="{v}"' for k, v in labels.items()}
        text = httpx.get(f"{self.keelson.url}/metrics", timeout=10).text
        found = [float(v) for n, l, v in METRIC.findall(text) if n == name and wanted <= set((l or "").split(","))]
        found = found or [0.0]
        return sum(found)

    def metric_cpu(self):
        """CPU seconds of the process, asked of the kernel: there may be no descriptor to ask itself."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_connections(self):
        return sum(self.metric("keelson_pool_connections", state=s) for s in ("idle", "in_use", "connecting", "closing"))

    def ready(self):
        return httpx.get(f"{self.keelson.url}/health/ready").status_code == 200

    def healthy(self):
        return httpx.get(f"{self.keelson.url}/health").json()["checks"]["database:write"][0]["status"] == "pass"

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def recovered(self, seconds=1.0):
        """The first success, and that it came in time after the fault's end."""
        began = time.monotonic()
        until(lambda: self.create().status_code == 201, max(seconds * 5, 5))
        took = time.monotonic() - began
        assert took <= seconds * self.slack(), f"recovery took {took:.2f} s"

    @staticmethod
    def slack():
        """Sanitizers and a shared machine: the promise is for the program as released."""
        return 1 if "asan" not in str(harness.BIN) else 3

    def quiet(self):
        return self.metric("keelson_pool_connections", state="in_use") == 0 and self.metric("keelson_pool_waiters") == 0 and \
            self.metric("keelson_pool_connections", state="closing") == 0

    # -- the end -----------------------------------------------------------------------------------------

    def check(self):
        until(self.quiet, 15)
        clients = self.metric("keelson_http_connections")
        until(lambda: self.fds() - self.open_connections() <= self.descriptors + clients, 5)
        assert not self.witness.over, f"connections above the cap of {self.cap}: {self.witness.over[:10]}"
        assert self.witness.samples > 0
        assert self.metric("keelson_pool_cap_violations_total") == 0

    def close(self, check=True):
        for lock in self.locks:             # of a test that failed
            lock.close()
        try:
            if check and self.keelson.running():
                self.check()
        finally:
            self.witness.close()
            self.http.close()
            try:
                self.keelson.close()
            finally:
                if os.environ.get("KEELSON_TAIL"):          # what the program said, with pytest -s
                    print(self.keelson.tail(), file=sys.stderr)


@pytest.fixture(scope="session")
def postgres():
    with Server() as s:
        yield s


@pytest.fixture
def broken():
    with Server() as s:
        yield s


@pytest.fixture
def stack():
    """For what a test makes itself; when it comes before `fault`, it outlives the services."""
    with contextlib.ExitStack() as made:
        yield made


@pytest.fixture
def fault(request):
    made = []

    def make(*args, server=None, **options):
        proxy = Proxy((server or request.getfixturevalue("postgres")).port)
        proxy.__enter__()
        made.append((proxy, None))
        service = Service(server or request.getfixturevalue("postgres"), proxy, *args, **options)
        made[-1] = (proxy, service)
        return service

    yield make
    complaints = []
    for proxy, service in made:
        proxy.restore()
        try:
            if service:
                service.close()
        except AssertionError as complaint:
            complaints.append(str(complaint))
        proxy.__exit__()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def together():
    """together(f, f, ...): each in a thread of its own at once; their results in order."""
    from concurrent.futures import ThreadPoolExecutor

    pools = []

    def run(*functions, wait=True):
        pools.append(ThreadPoolExecutor(len(functions)))
        futures = [pools[-1].submit(f) for f in functions]
        return [f.result(60) for f in futures] if wait else futures

    yield run
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
