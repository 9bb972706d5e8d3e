"""Clients that leave, that are many, that are slow, and what happens to the process itself (F29, F50 to F52, F54, F55, F57)."""
# SPDX-License-Identifier: Apache-2.0

import os
import resource
import signal
import socket
import threading
import time

import pytest
from conftest import LONG, leave, until
from test_server import locked, waiting

LEAVERS = 2000 if LONG else 60


def request(s, path, method="GET"):
    return (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {s.server.key}\r\n\r\n").encode()


def test_f50_whoever_leaves_is_not_worked_for(fault):
    s = fault("--pool-size", "4", "--pool-overflow", "2", "--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    sock = s.keelson.connect()
    sock.sendall(request(s, "/v1/candidates"))
    pid, = until(lambda: waiting(s))
    began = time.monotonic()
    leave(sock)
    until(lambda: pid not in s.server.pids("wait_event_type = 'Lock'"))
    assert time.monotonic() - began < 0.1 * s.slack() + 0.1
    lock.close()


def test_f50_f51_a_cancel_never_hits_the_next(fault, together):
    """Many leave at any moment while others ask for something of their own: each of these gets its own answer."""
    s = fault("--pool-size", "4", "--pool-overflow", "2", "--pool-lanes", "1")
    ids = {(n := s.nonce()): s.create(n).json()["id"] for _ in range(8)}
    stop, wrong = threading.Event(), []

    def stay(name, id):
        asked = 0
        while not stop.is_set() or asked < 10:
            answer = s.read(id)
            asked += 1
            if answer.status_code != 200 or answer.json()["full_name"] != name:
                wrong.append(answer.text)

    def go():
        for _ in range(LEAVERS):
            sock = s.keelson.connect()
            sock.sendall(request(s, "/v1/candidates?limit=200"))
            leave(sock)

    staying = together(*[lambda n=n, i=i: stay(n, i) for n, i in ids.items()], wait=False)
    together(*[go] * 8)
    stop.set()
    [f.result(30) for f in staying]
    assert not wrong, wrong[:3]
    assert s.metric("keelson_cancels_total", outcome="sent") > 0


def test_f52_a_slow_reader_holds_no_connection(fault):
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    session = s.session()
    s.http.post(f"/v1/sessions/{session}/messages", json=[{"role": "user", "content": "x" * 300000} for _ in range(20)])
    socks = []
    for _ in range(6):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", s.keelson.port))
        sock.sendall(request(s, f"/v1/sessions/{session}/messages?limit=100"))
        socks.append(sock)
    until(lambda: s.metric("keelson_http_connections") >= 6)
    until(lambda: s.metric("keelson_pool_connections", state="in_use") == 0)
    assert s.create().status_code == 201
    for sock in socks:
        leave(sock)


def test_f54_a_herd_is_served_in_order_and_without_more_connections_than_needed(fault, together):
    s = fault("--pool-size", "10", "--pool-overflow", "20")
    s.list()
    before = s.metric("keelson_pool_connects_total", outcome="ok")
    answers = together(*[lambda: [s.create().status_code for _ in range(3)]] * (300 if LONG else 100))
    assert {code for codes in answers for code in codes} == {201}
    assert s.metric("keelson_pool_connects_total", outcome="ok") - before <= 30
    assert s.metric("keelson_pool_acquires_total", outcome="timeout") == 0


def test_f54_overflow_opens_is_used_and_closes_again(fault, together):
    s = fault("--pool-size", "4", "--pool-overflow", "6", "--pool-idle", "1s", "--pool-lanes", "2", "--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    answers = together(*[s.list] * 40, wait=False)
    until(lambda: waiting(s, 7))                            # 10, less two lanes and the one for control
    lock.close()
    assert {a.result(20).status_code for a in answers} == {200}
    until(lambda: s.open_connections() <= 4)
    assert s.metric("keelson_pool_closes_total", reason="overflow") >= 6


def test_f29_no_descriptors_left(fault):
    s = fault()
    s.list()
    soft, hard = resource.prlimit(s.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(s.pid, resource.RLIMIT_NOFILE, (s.fds() + 4, hard))
    socks = []
    try:
        for _ in range(12):
            socks.append(s.keelson.connect(2))
        before = s.metric_cpu()
        began = time.monotonic()
        until(lambda: time.monotonic() - began > 0.5)
        assert s.metric_cpu() - before < 0.25, "it spins"
        assert s.keelson.running()
    finally:
        resource.prlimit(s.pid, resource.RLIMIT_NOFILE, (soft, hard))
        for sock in socks:
            sock.close()
    until(lambda: s.list().status_code == 200)


def test_f55_sigterm_lets_finish_what_is_under_way(fault, together):
    s = fault("--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    nonce = s.nonce()
    answer, = together(lambda: s.create(nonce), wait=False)
    until(lambda: waiting(s))
    s.keelson.process.send_signal(signal.SIGTERM)
    s.keelson.wait_log("event=draining")
    lock.close()
    assert answer.result(10).status_code == 201
    assert s.keelson.wait_exit() == 0
    assert s.there(nonce) == 1
    until(lambda: s.server.pids() == [], 2)                 # each was told, none merely left


def test_f55_a_second_sigterm_hastens(fault, together):
    s = fault("--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    together(s.create, wait=False)
    until(lambda: waiting(s))
    s.keelson.process.send_signal(signal.SIGTERM)
    s.keelson.wait_log("event=draining")
    s.keelson.process.send_signal(signal.SIGTERM)
    assert s.keelson.wait_exit(5) == 0
    lock.close()


@pytest.mark.skipif(not LONG, reason="the sleep itself takes its time")
def test_f57_asleep_for_a_minute(fault):
    sleep(fault, 60)


def test_f57_asleep_while_the_server_closed_everything(fault):
    sleep(fault, 1)


def sleep(fault, seconds):
    s = fault()
    s.list()
    os.kill(s.pid, signal.SIGSTOP)
    s.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keelson_api'")
    until(lambda: not s.server.pids())
    time.sleep(seconds if seconds > 1 else 0)
    os.kill(s.pid, signal.SIGCONT)
    answer = s.list()
    assert answer.status_code == 200, answer.text
    s.recovered()
    assert s.metric("keelson_pool_acquires_total", outcome="timeout") == 0
