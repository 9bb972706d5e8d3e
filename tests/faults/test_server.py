"""The server dies, restarts, refuses (F1 to F14): what is lost is told, nothing is handed out dead, and it is over when it is over."""
# SPDX-License-Identifier: Apache-2.0

import os
import signal
import time

import pytest
from conftest import until


def locked(service, table="candidates"):
    """Whoever reads or writes that table waits until the returned connection is closed."""
    c = service.server.connect(service.server.prepared.name)
    service.locks.append(c)
    c.execute("BEGIN")
    c.execute(f"LOCK TABLE keelson.{table} IN ACCESS EXCLUSIVE MODE")
    return c


def waiting(service, n=1):
    """The processes that wait for a lock, when there are n."""
    pids = service.server.pids("wait_event_type = 'Lock'")
    return pids if len(pids) >= n else None


def terminate(service, condition="true"):
    return service.server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keelson_api' AND {condition}".replace("%", "%%"))


def test_f1_idle_connections_that_died_are_never_lent(fault):
    s = fault("--pool-size", "4", "--pool-overflow", "4")
    for _ in range(5):
        assert s.list().status_code == 200
        assert terminate(s)
        assert [s.list().status_code for _ in range(3)] == [200] * 3
        assert s.create().status_code == 201
    assert s.metric("keelson_pool_closes_total", reason="lost") >= 5


def test_f2_a_read_that_lost_its_connection_is_repeated_unseen(fault, together):
    s = fault()
    id = s.create().json()["id"]
    lock = locked(s)
    answer, = together(lambda: s.read(id), wait=False)
    until(lambda: waiting(s))
    terminate(s, "wait_event_type = 'Lock'")
    until(lambda: s.metric("keelson_db_retries_total") >= 1)
    lock.close()
    assert answer.result(10).status_code == 200


def test_f3_f4_a_write_that_was_killed_before_its_end_says_so(fault, together):
    s = fault()
    nonce = s.nonce()
    s.create()
    lock = locked(s)
    answer, = together(lambda: s.create(nonce), wait=False)
    until(lambda: waiting(s))
    terminate(s, "wait_event_type = 'Lock'")
    said = answer.result(10)
    assert said.status_code == 503 and said.json()["code"] == "database-unavailable" and said.headers["Retry-After"]
    assert said.json()["retryable"]
    lock.close()
    assert s.there(nonce) == 0
    assert s.create(nonce).status_code == 201
    assert s.there(nonce) == 1


def test_f3_f4_a_keyed_write_that_was_killed_is_done_again_unseen(fault, together):
    """Its key makes repeating safe, so the client need not do it."""
    s = fault()
    nonce = s.nonce()
    s.create()
    lock = locked(s)
    answer, = together(lambda: s.create(nonce, **{"Idempotency-Key": nonce}), wait=False)
    until(lambda: waiting(s))
    terminate(s, "wait_event_type = 'Lock'")
    until(lambda: waiting(s))
    lock.close()
    assert answer.result(10).status_code == 201
    assert s.there(nonce) == 1 and s.metric("keelson_db_retries_total") >= 1
    assert s.create(nonce, **{"Idempotency-Key": nonce}).status_code == 201
    assert s.there(nonce) == 1


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_f6_f7_a_restart_is_over_when_it_is_over(broken, fault, mode):
    s = fault("--pool-size", "6", server=broken)
    broken.control("restart", "-m", mode)
    s.recovered()
    assert s.metric("keelson_pool_connections", state="connecting") <= 2


def test_f7_the_crash_of_one_backend_takes_all(broken, fault):
    s = fault(server=broken)
    os.kill(broken.pids()[0], signal.SIGKILL)
    until(lambda: s.create().status_code == 201, 10)
    assert s.metric("keelson_pool_closes_total", reason="lost") >= 1


def test_f8_f12_a_server_that_is_away_is_refused_at_once(broken, fault):
    s = fault(server=broken)
    broken.control("stop", "-m", "fast")
    until(lambda: s.list().status_code == 503)
    before, began = os.times(), time.monotonic()
    took = []
    for _ in range(100):
        at = time.monotonic()
        answer = s.list()
        took.append(time.monotonic() - at)
        assert answer.status_code == 503 and answer.headers["Retry-After"] and answer.json()["retryable"]
    assert sorted(took)[50] < 0.005 * s.slack()
    assert s.metric("keelson_pool_connections", state="connecting") <= 2
    assert not s.ready()
    assert s.http.get("/health/live").status_code == 200
    attempts, began = s.proxy.accepted, time.monotonic()
    until(lambda: time.monotonic() - began > 1)                # how many attempts in a second: backing off, but not asleep
    assert 1 <= s.proxy.accepted - attempts <= 20
    assert len(s.keelson.events("database-down")) == 1
    broken.control("start")
    s.recovered()
    assert len(s.keelson.events("database-up")) == 1
    until(s.ready)


def test_f9_a_dead_postmaster_with_living_backends(broken, fault):
    s = fault(server=broken)
    os.kill(broken.postmaster(), signal.SIGKILL)
    until(lambda: s.create().status_code == 503)
    until(lambda: not any(broken.alive()), 10)
    until(broken.starts, 10)
    s.recovered()


def test_f11_fewer_connections_than_configured(fault, together):
    s = fault("--pool-size", "10", "--pool-overflow", "10", "--pool-lanes", "2")
    s.server.execute("ALTER ROLE keelson_api CONNECTION LIMIT 6")
    lock = locked(s)
    try:
        answers = together(*[s.list] * 12, wait=False)
        until(lambda: s.metric("keelson_pool_effective_max") <= 6)
        until(lambda: s.metric("keelson_pool_waiters", **{"class": "exclusive"}) > 0)
        lock.close()
        assert {a.result(20).status_code for a in answers} == {200}
        assert s.witness.most <= 6
        assert s.metric("keelson_pool_connects_total", outcome="too_many") <= 6
    finally:
        s.server.execute("ALTER ROLE keelson_api CONNECTION LIMIT -1")
    before = s.metric("keelson_pool_effective_max")
    until(lambda: s.metric("keelson_pool_effective_max") > before)


def test_f13_a_changed_password_leaves_what_is_connected_and_is_not_hammered(broken, fault):
    s = fault("--pool-lanes", "1", server=broken)
    password = broken.prepared.env()["DATABASE_URL"].split(":")[2].split("@")[0]
    s.list()
    broken.execute("ALTER ROLE keelson_api PASSWORD 'another'")
    terminate(s, "application_name LIKE 'keelson control%'")
    until(lambda: s.metric("keelson_pool_connects_total", outcome="auth") >= 1)
    assert s.list().status_code == 200
    attempts = s.metric("keelson_pool_connects_total", outcome="auth")
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 1)
    assert s.metric("keelson_pool_connects_total", outcome="auth") - attempts <= 8
    broken.execute(f"ALTER ROLE keelson_api PASSWORD '{password}'")
    until(lambda: len(broken.pids("application_name LIKE 'keelson control%'")) == 1)


def test_f14_a_dropped_database_is_a_state_not_a_storm(broken, fault):
    s = fault(server=broken)
    s.witness.close()
    broken.execute(f"DROP DATABASE {broken.prepared.name} WITH (FORCE)")
    until(lambda: s.list().status_code == 503)
    assert broken.prepared.name not in s.list().text           # clients are not told where the database is
    until(lambda: not s.ready())
    assert "does not exist" in s.http.get("/health").text       # operators are told why
    attempts, began = s.proxy.accepted, time.monotonic()
    until(lambda: time.monotonic() - began > 1)
    assert s.proxy.accepted - attempts <= 20


def test_f15_a_frozen_backend_keeps_its_place(fault, together):
    s = fault("--pool-size", "4", "--pool-overflow", "0", "--pool-lanes", "1", "--query-timeout", "500ms", "--lock-timeout", "400ms")
    s.list()
    lock = locked(s)
    answer, = together(s.list, wait=False)
    pid, = until(lambda: waiting(s))
    os.kill(pid, signal.SIGSTOP)
    try:
        lock.close()
        assert answer.result(20).status_code == 504
        assert s.metric("keelson_pool_connections", state="closing") == 1
        assert all(a.status_code == 200 for a in together(*[s.list] * 8))       # the others go on
        assert pid in s.server.pids()
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: s.metric("keelson_pool_connections", state="closing") == 0)
    assert pid not in s.server.pids()


def test_f16_a_frozen_postmaster_leaves_what_is_connected(broken, fault):
    s = fault("--connect-timeout", "300ms", "--pool-lanes", "1", server=broken)
    s.list()
    os.kill(broken.postmaster(), signal.SIGSTOP)
    try:
        assert s.list().status_code == 200
        s.proxy.reset_all()
        until(lambda: s.metric("keelson_pool_connects_total", outcome="timeout") >= 2)
        assert s.list().status_code == 503
    finally:
        os.kill(broken.postmaster(), signal.SIGCONT)
    s.recovered(2)


def test_f30_a_server_that_becomes_read_only_is_read_and_says_so(broken, fault):
    s = fault(server=broken)
    id = s.create().json()["id"]
    broken.alter("SET default_transaction_read_only = on")
    answer = until(lambda: (a := s.create()).status_code != 201 and a)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-read-only")
    assert s.read(id).status_code == 200
    until(lambda: not s.healthy())
    broken.alter("RESET default_transaction_read_only")
    s.recovered()
    until(s.healthy)


def test_f37_a_server_that_closes_what_is_idle(fault):
    s = fault()
    try:
        s.server.execute("ALTER ROLE keelson_api SET idle_session_timeout = '200ms'")
        s.proxy.reset_all()
        for _ in range(5):
            assert s.list().status_code == 200
            lost = s.metric("keelson_pool_closes_total", reason="lost")
            until(lambda: s.metric("keelson_pool_closes_total", reason="lost") > lost)
    finally:
        s.server.execute("ALTER ROLE keelson_api RESET idle_session_timeout")
        s.proxy.reset_all()
