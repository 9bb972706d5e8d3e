"""Rows that are not a rate: refusing, bytes of WAL, cost of a late turn, start."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import data
import load
import machine
import servers
from postgres import DATABASE, Postgres
from setup import Access

QUESTION = ("You said that the queue was longer than its deadline. How did you notice it, and what did you change first? "
            "Please be as concrete as you can.")
ANSWER = ("I noticed it because the answers that arrived were all late by the same amount. That told me the queue was full and "
          "stable, not growing, so more machines would only have moved the problem. The first change was to refuse work that "
          "could not be finished in time, and to say so at once. The second was to measure the wait at the head of the queue "
          "instead of its length. After that the clients stopped asking twice, and half of the load was simply gone. "
          "If I did it again, I would begin with the measurement, because we argued for two days about a number that nobody "
          "had looked at, and the graph ended the argument in a minute.")


PLACE_FOUND = 0.5   # seconds without an answer: the request was not refused but waits


@dataclass
class World:
    pg: Postgres
    access: Access
    scale: data.Scale
    dir: Path
    keelson: servers.Server
    peer: servers.Server


@dataclass
class Finding:
    values: list[tuple[str, float, list[float]]]      # what exactly, the median, every round
    detail: str


class Client:
    """One keep-alive connection, one request at a time."""

    def __init__(self, target: load.Target, timeout: float = 60) -> None:
        self.target = target
        self.connection = http.client.HTTPConnection(target.url.removeprefix("http://"), timeout=timeout)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.target.key:
            headers["Authorization"] = "Bearer " + self.target.key
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def must(self, method: str, path: str, body: object = None) -> dict:
        status, answer = self.call(method, path, body)
        if status >= 300:
            raise machine.Unable(f"{method} {path}: {status} {answer}")
        return answer

    def new_session(self) -> str:
        candidate = self.must("POST", "/v1/candidates", {"full_name": "Candidate of the benchmark"})
        interview = self.must("POST", "/v1/interviews", {"candidate_id": candidate["id"], "title": "Interview of the benchmark"})
        return self.must("POST", "/v1/sessions", {"interview_id": interview["id"]})["id"]

    def turn(self, session: str) -> None:
        path = f"/v1/sessions/{session}/messages"
        self.must("POST", path, {"role": "assistant", "content": QUESTION})
        self.must("POST", path, {"role": "user", "content": ANSWER})


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def refusing(w: World, rounds: int) -> Finding:
    """A Keelson of its own with a short queue, which fewer clients fill; otherwise as it ships."""
    server = servers.keelson(w.access.database_url, w.access.key, w.dir, KEELSON_POOL_QUEUE="50")
    try:
        saturated = [_refusing_saturated(w.pg, server.target) for _ in range(rounds)]
    finally:
        server.stop()
    down = [_refusing_down(w) for _ in range(rounds)]
    return Finding([(" when saturated", median(saturated), saturated), (" when the database is down", median(down), down)],
                   "p99 of the 503 answers")


def _refusing_saturated(pg: Postgres, target: load.Target, probes: int = 1000) -> float:
    """Every connection waits for a locked table and the queue is full: how long does one more request take to be refused?"""
    holder = subprocess.Popen([pg.bin / "psql", "-XAtq", "-h", pg.dir, "-U", pg.superuser, "-d", DATABASE],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN;\nLOCK TABLE keelson.candidates IN ACCESS EXCLUSIVE MODE;\nSELECT 1;\n")
    holder.stdin.flush()
    holder.stdout.readline()
    stop = threading.Event()
    fillers = [_filler(target, stop) for _ in range(120)]
    try:
        time.sleep(1)
        return _refusals(target, probes, "POST", "/v1/candidates", {"full_name": "One too many"})
    finally:
        stop.set()
        holder.communicate("ROLLBACK;\n")
        for thread in fillers:
            thread.join(30)


def _refusals(target: load.Target, probes: int, method: str, path: str, body: object) -> float:
    """p99 in milliseconds of one request after the other being refused.  One that found a place in the queue waits, and is given up."""
    client, times = Client(target, PLACE_FOUND), []
    for _ in range(probes):
        begun = time.perf_counter()
        try:
            status, _ = client.call(method, path, body)
        except TimeoutError:
            client.connection.close()
            client = Client(target, PLACE_FOUND)
            continue
        if status == 503:
            times.append((time.perf_counter() - begun) * 1000)
    if len(times) < probes / 2:
        raise machine.Unable(f"refusing: only {len(times)} of {probes} requests were refused")
    return percentile(times, 0.99)


def _filler(target: load.Target, stop: threading.Event) -> threading.Thread:
    def fill() -> None:
        client = Client(target)
        while not stop.is_set():
            try:
                if client.call("POST", "/v1/candidates", {"full_name": "Waiting"})[0] == 503:
                    stop.wait(0.05)
            except (OSError, http.client.HTTPException):
                client = Client(target)
    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    return thread


def _refusing_down(w: World, probes: int = 1000) -> float:
    w.pg.stop()
    try:
        return _refusals(w.keelson.target, probes, "GET", f"/v1/messages/{data.message_id(0)}", None)
    finally:
        w.pg.restart()
        _until_ready(w)


def _until_ready(w: World, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while servers.request(w.keelson.target, "GET", "/health/ready")[0] != 200:
        if time.monotonic() > until:
            raise machine.Unable(f"Keelson is not ready {seconds:g} s after its database came back")
        time.sleep(0.05)


def wal(w: World, rounds: int) -> Finding:
    """A message a request, 100 questions and answers; the first session warms the pages and is not counted."""
    client, ratios = Client(w.keelson.target), []
    size = len((QUESTION + ANSWER).encode()) * 100
    for n in range(rounds + 1):
        session = client.new_session()
        before = w.pg.sql("SELECT pg_current_wal_insert_lsn()")
        for _ in range(100):
            client.turn(session)
        ratios.append(float(w.pg.sql(f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{before}')")) / size)
    return Finding([("", median(ratios[1:]), ratios[1:])], f"{size:,} bytes of text in 200 messages, no checkpoint in between")


def turn(w: World, rounds: int) -> Finding:
    """Append question and answer, read the last 20: in a session of 20 messages and in one of 2,000, alternately."""
    client, ratios, times = Client(w.keelson.target), [], ([], [])
    for _ in range(rounds):
        late = client.new_session()
        for _ in range(20):
            client.must("POST", f"/v1/sessions/{late}/messages", [{"role": "user", "content": ANSWER}] * 98)
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(20):
            early = client.new_session()
            client.must("POST", f"/v1/sessions/{early}/messages", [{"role": "user", "content": ANSWER}] * 18)
            for _ in range(2):
                for session, into in ((early, taken[0]), (late, taken[1])):
                    into.append(_turn_seconds(client, session))
        ratios.append(median(taken[1]) / median(taken[0]))
        times[0].append(median(taken[0]))
        times[1].append(median(taken[1]))
    return Finding([("", median(ratios), ratios)],
                   f"turn 10 {median(times[0]) * 1000:.2f} ms, turn 1,000 {median(times[1]) * 1000:.2f} ms")


def _turn_seconds(client: Client, session: str) -> float:
    begun = time.perf_counter()
    client.turn(session)
    client.must("GET", f"/v1/sessions/{session}/messages?tail=20")
    return time.perf_counter() - begun


def start(w: World, rounds: int) -> Finding:
    """Only the start: the data directory exists, the last stop was clean."""
    dir = Path(tempfile.mkdtemp(prefix="keelson-bench-start-"))
    dir.chmod(0o755)
    try:
        servers.keelson_embedded(dir / "data", dir).stop()
        times = []
        for _ in range(max(rounds, 3)):
            server = servers.keelson_embedded(dir / "data", dir)
            times.append(server.ready_after)
            server.stop()
    finally:
        shutil.rmtree(dir, ignore_errors=True)
    return Finding([("", median(times), times)], "from exec to 200 on /health/ready")
