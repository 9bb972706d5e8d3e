"""The process itself: its clock jumps, memory and threads are refused, nobody takes its log (F57, F58)."""
# SPDX-License-Identifier: Apache-2.0

import os
import signal
import subprocess
import threading

import harness
import httpx
import pytest
from bare import free_port
from compiled import Shim
from conftest import LONG, METRIC, Mount, leave, until
from test_server import locked, waiting

HOUR = 3600


# ---- the clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, -1], ids=["forwards", "backwards"])
def test_f57_a_clock_that_jumps_an_hour_changes_nothing(fault, together, hours):
    shim = Shim()
    s = fault("--pool-size", "4", "--pool-overflow", "2", "--pool-recycle", "30m", "--pool-idle", "10m", "--lock-timeout", "30s",
              "--query-timeout", "30s", env=shim.env)
    nonce, session = s.nonce(), s.session()
    first = s.create(nonce, **{"Idempotency-Key": nonce})
    lock = locked(s)
    held, queued = together(s.list, s.list, wait=False)
    until(lambda: waiting(s, 2))
    closed = s.metric("keelson_pool_closes_total")
    shim.jump(hours * HOUR)
    assert s.append(session, "while others wait").status_code == 201
    lock.close()
    assert held.result(10).status_code == queued.result(10).status_code == 200
    again = s.create(nonce, **{"Idempotency-Key": nonce})
    assert again.status_code == 201 and again.json() == first.json()
    assert s.create().json()["id"] > first.json()["id"]                # identifiers go on growing
    if LONG:
        probes = s.metric("keelson_pool_acquire_seconds_count", **{"class": "control"})
        until(lambda: s.metric("keelson_pool_acquire_seconds_count", **{"class": "control"}) > probes, 15)
    assert s.healthy() and s.ready()
    assert 0 <= s.http.get("/health").json()["checks"]["database:write"][0]["age_ms"] < 60000
    assert s.metric("keelson_pool_closes_total") == closed, "nothing has aged"
    assert s.metric("keelson_pool_acquires_total", outcome="timeout") == 0
    negative = [line for *line, value in METRIC.findall(httpx.get(f"{s.keelson.url}/metrics").text) if float(value) < 0]
    assert not negative
    assert not s.keelson.events("slow-request"), "no duration is an hour"


# ---- memory --------------------------------------------------------------------------------------------------------


class Mortal:
    """The program with the preloaded library, and a supervisor that starts it again."""

    def __init__(self, server):
        self.shim = Shim()
        self.key = server.key
        self.keelson = harness.Keelson("--pool-size", "2", "--pool-overflow", "1", "--pool-lanes", "1",
                                       env={"DATABASE_URL": server.prepared.env()["DATABASE_URL"]} | self.shim.env)

    def __enter__(self):
        self.keelson.start()
        return self

    def __exit__(self, *_):
        self.shim.fail_allocation(0)
        self.keelson.close()

    def create(self, name):
        """The answer, or None when there was none."""
        try:
            return httpx.post(f"{self.keelson.url}/v1/candidates", json={"full_name": name}, timeout=30,
                              headers={"Authorization": f"Bearer {self.key}"})
        except httpx.TransportError:
            return None

    def ended(self):
        """Has it said why, in its own words, and ended?  Nothing else may have ended it."""
        status = self.keelson.wait_exit()
        words = self.keelson.tail()
        assert status == -signal.SIGABRT, f"{status}\n{words}"
        assert "out of memory" in words, words
        return status


def test_f58_no_memory_ends_the_program_with_a_word_and_loses_nothing(postgres):
    """The n-th allocation of a request fails.  Whatever had been answered before is there; the next start is as ever."""
    said, deaths = {}, 0
    with Mortal(postgres) as m:
        m.create("warm")
        for n in range(1, 200, 1) if LONG else (1, 2, 3, 5, 8, 12, 17, 23, 30):
            name, before = f"f58-{os.getpid()}-{n}", m.shim.failed
            m.shim.fail_allocation(n)
            said[name] = m.create(name)
            m.shim.fail_allocation(0)
            if m.shim.failed == before:
                continue
            if said[name] is None:
                m.ended()
                deaths += 1
                m.keelson.start()
        until(lambda: m.create("afterwards").status_code == 201)
    assert deaths > 0, "no allocation of a request was met"
    for name, answer in said.items():
        there = postgres.sql("SELECT count(*) FROM keelson.candidates WHERE full_name = %s", name)[0][0]
        if answer is not None:
            assert there == (answer.status_code == 201) or answer.json()["code"] == "outcome-unknown", answer.text
        assert there <= 1


@pytest.mark.parametrize("n", [1, 10, 100, 1000, 3000] + ([30, 300, 500, 2000, 5000] if LONG else []))
def test_f58_no_memory_at_the_start(postgres, n):
    m = Mortal(postgres)
    m.shim.fail_allocation(n)
    try:
        m.keelson.launch()
        try:
            m.keelson.wait_log("event=listening")
        except AssertionError:
            assert m.keelson.wait_exit() in (-signal.SIGABRT, 3), m.keelson.tail()
            assert m.keelson.tail(), "it says why"
    finally:
        m.__exit__()


def test_f58_an_oversized_request_is_refused_not_died_of(fault):
    s = fault()
    answer = s.http.post("/v1/candidates", content=b'{"full_name": "' + b"x" * (64 << 20) + b'"}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert s.create().status_code == 201


# ---- threads -------------------------------------------------------------------------------------------------------


def test_f58_no_thread_for_a_cancel_costs_only_time(fault):
    """Without one the statement goes on until its time is up; then its connection is closed, and everybody is served."""
    shim = Shim()
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1", "--query-timeout", "1s", "--lock-timeout", "30s", env=shim.env)
    s.list()
    lock = locked(s)
    shim.fail_threads(True)
    sock = s.keelson.connect()
    sock.sendall(f"GET /v1/candidates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s.server.key}\r\n\r\n".encode())
    pid, = until(lambda: waiting(s))
    leave(sock)
    until(lambda: shim.failed)
    assert pid in s.server.pids(), "nobody has cancelled it"
    until(lambda: pid not in s.server.pids("wait_event_type = 'Lock'"))
    lock.close()
    shim.fail_threads(False)
    assert s.list().status_code == 200
    assert s.keelson.running()


# ---- the log -------------------------------------------------------------------------------------------------------


class Mute(harness.Keelson):
    """Its standard error is what the test gives it; so it is not read, and the program is found at a known port."""

    def __init__(self, server, stderr, close=()):
        self.stderr, self.shut = stderr, close
        self.number = free_port()
        super().__init__(env={"DATABASE_URL": server.prepared.env()["DATABASE_URL"]})

    def launch(self):
        fds = "".join(f" {fd}>&-" for fd in self.shut)
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@"{fds}', "sh", str(harness.BIN), "serve", "--listen", f"127.0.0.1:{self.number}", "--data-dir", str(self.data_dir),
             "--log-level", "debug"],
            cwd=self.folder, env=harness.environment(self.folder, self.env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.stderr,
            start_new_session=True)
        self.sessions.append(self.process.pid)
        self.reader = threading.Thread(target=lambda: None)
        self.reader.start()
        return self

    def start(self):
        self.launch()
        self.addr = f"127.0.0.1:{self.number}"
        self.http.base_url = self.url
        until(self.answers, harness.START_SECONDS)
        return self

    def answers(self):
        assert self.running(), "it has ended"
        try:
            return self.http.get("/health/startup").status_code == 200
        except httpx.TransportError:
            return False

    def dropped(self):
        return next(float(value) for name, _, value in METRIC.findall(self.http.get("/metrics").text) if name == "keelson_log_dropped_total")


def lose(k, server):
    """Something to speak of: every connection is lost; served all the same."""
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keelson_api'")
    until(lambda: k.http.get("/v1/candidates?limit=1", headers={"Authorization": f"Bearer {server.key}"}).status_code == 200)


def test_f58_a_closed_log_is_dropped_and_counted(broken):
    """Nobody reads the pipe any more."""
    reading, writing = os.pipe()
    with Mute(broken, writing) as k:
        os.close(writing)
        os.close(reading)
        before = k.dropped()
        broken.control("restart", "-m", "fast")                 # "database-down", "database-up"
        until(lambda: k.dropped() > before)
        lose(k, broken)
        assert k.stop() == 0


def test_f58_a_log_that_nobody_takes_costs_lines_and_no_time(broken):
    """The pipe is full and its reader asleep."""
    reading, writing = os.pipe()
    with Mute(broken, writing) as k:
        os.set_blocking(writing, False)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        os.set_blocking(writing, True)
        before = k.dropped()
        broken.control("restart", "-m", "fast")
        until(lambda: k.dropped() > before)
        lose(k, broken)
        assert k.stop() == 0
    os.close(reading)
    os.close(writing)


@pytest.mark.skipif(not Mount.possible(), reason="needs root and a mount namespace")
def test_f58_a_log_on_a_full_disk(broken):
    """Lines are dropped while there is no room, and written again when there is."""
    with Mount("64k") as disk:
        log = disk.path / "log"
        with log.open("ab") as stderr, Mute(broken, stderr) as k:
            disk.fill()
            with log.open("ab") as rest:                        # of the page that the file has already
                rest.write(b"-" * (4095 - log.stat().st_size % 4096) + b"\n")
            before = k.dropped()
            broken.control("restart", "-m", "fast")
            until(lambda: k.dropped() > before)
            lose(k, broken)
            disk.free()
            assert k.stop() == 0
            assert "event=stopped" in log.read_text(errors="replace").splitlines()[-1]


def test_f58_closed_standard_descriptors_are_not_anybody_elses(broken):
    """Started without any of the three: what is opened next must not become the log."""
    with Mute(broken, subprocess.DEVNULL, close=(0, 1, 2)) as k:
        kinds = [os.readlink(f"/proc/{k.process.pid}/fd/{fd}") for fd in (0, 1, 2)]
        assert kinds == ["/dev/null"] * 3
        before = k.dropped()
        broken.control("restart", "-m", "fast")
        until(lambda: k.dropped() > before)
        lose(k, broken)
