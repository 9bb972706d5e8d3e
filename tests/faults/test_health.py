"""Health names the cause (F30, F34, F46 and the classes of the write probe), ready says stuck and not busy, leaks are reported (F36)."""
# SPDX-License-Identifier: Apache-2.0

import socket
import threading

import httpx
import pytest
from conftest import until
from proxy import CLIENT, STALL
from test_refusals import create as refuse
from test_server import locked

QUICK = ("--health-every", "1s")


def health(s):
    return httpx.get(f"{s.keelson.url}/health", timeout=10).json()


def check(s, name):
    return health(s)["checks"][name][0]


def write_class(s):
    return check(s, "database:write").get("class")


# ---- what the write probe met ----------------------------------------------------------------------------------------


def test_f30_a_database_that_can_only_be_read_is_degraded_and_ready(broken, fault):
    s = fault(*QUICK, server=broken)
    id = s.create().json()["id"]
    broken.alter("SET default_transaction_read_only = on")
    until(lambda: write_class(s) == "read_only")
    said = health(s)
    assert said["status"] == "warn" and s.http.get("/health").status_code == 200 and s.ready()
    assert said["checks"]["database:read"][0]["status"] == "pass"
    assert said["checks"]["database:write"][0]["affectedEndpoints"] == [f"{m} /v1/{{+path}}" for m in ("POST", "PUT", "PATCH", "DELETE")]
    assert (s.create().status_code, s.read(id).status_code) == (503, 200)
    assert s.metric("keelson_health_status", check="db_write") == 0
    broken.alter("RESET default_transaction_read_only")
    until(lambda: health(s)["status"] == "pass")


def test_f46_a_commit_that_waits_for_a_standby_is_told_from_a_database_that_does_not_answer(broken, fault):
    s = fault(*QUICK, server=broken)
    id = s.create().json()["id"]
    broken.alter("SET synchronous_standby_names = 'nobody'")
    try:
        until(lambda: write_class(s) == "commit_wait")
        said = check(s, "database:write")
        assert said["status"] == "fail" and "synchronous_standby_names" in said["output"]
        assert s.http.get("/health").status_code == 503
        assert check(s, "database:read")["status"] == "pass" and s.read(id).status_code == 200 and s.ready()
    finally:
        broken.alter("RESET synchronous_standby_names")
    until(s.healthy)


@pytest.mark.parametrize("sqlstate, kind", [("53100", "disk_full"), ("53400", "quota"), ("42501", "error")])
def test_a_refusal_has_its_class(broken, fault, sqlstate, kind):
    s = fault(*QUICK, server=broken)
    broken.prepared.server.connect(broken.prepared.name).execute(f"""
        CREATE FUNCTION keelson.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON keelson.health_probe FOR EACH ROW EXECUTE FUNCTION keelson.refuse()""")
    until(lambda: write_class(s) == kind)
    assert s.metric("keelson_health_status", check="db_write") == 0
    broken.execute_there("DROP TRIGGER refuse ON keelson.health_probe; DROP FUNCTION keelson.refuse()")
    until(s.healthy)


def test_a_locked_probe_table_is_a_lock(fault):
    s = fault(*QUICK)
    lock = s.server.connect(s.server.prepared.name)
    s.locks.append(lock)
    lock.execute("BEGIN")
    lock.execute("LOCK TABLE keelson.health_probe IN SHARE MODE")       # may be read
    until(lambda: write_class(s) == "lock")
    assert check(s, "database:read")["status"] == "pass" and s.ready()
    lock.close()
    until(s.healthy)


def test_a_password_that_was_changed_and_a_server_that_is_away(broken, fault):
    s = fault(*QUICK, server=broken)
    password = broken.prepared.env()["DATABASE_URL"].split(":")[2].split("@")[0]
    broken.execute("ALTER ROLE keelson_api PASSWORD 'another'")
    s.proxy.reset_all()
    until(lambda: write_class(s) == "auth")
    broken.execute(f"ALTER ROLE keelson_api PASSWORD '{password}'")
    until(s.healthy)
    broken.control("stop", "-m", "immediate")
    until(lambda: write_class(s) == "unreachable")
    assert s.http.get("/health").status_code == 503 and not s.ready()
    assert check(s, "database:write")["affectedEndpoints"] == ["/v1/{+path}"]
    assert s.http.get("/health/live").status_code == 200
    broken.control("start")
    until(s.healthy)


def test_a_full_disk_that_a_request_met_is_shown_although_the_probe_finds_room(fault):
    s = fault(*QUICK)
    refuse(s, "RAISE EXCEPTION USING ERRCODE = '53100'", times=1)
    assert s.create("conflict").status_code == 507
    said = check(s, "database:disk")
    assert (said["status"], said["class"]) == ("warn", "disk_full")
    assert s.metric("keelson_health_status", check="disk") == 0.5
    assert s.healthy()


def test_f34_near_the_quota_nothing_new_is_written_and_deleting_goes_on(fault):
    s = fault()
    id = s.create().json()["id"]
    size = s.server.sql("SELECT pg_database_size(current_database())")[0][0]
    s = fault("--health-every", "300ms", "--storage-quota", str(size * 2))
    assert check(s, "database:storage")["status"] == "pass"
    s.server.execute_there("CREATE TABLE public.filling AS SELECT repeat('x', 1000) FROM generate_series(1, %d)" % (size * 0.72 / 1060))
    until(lambda: check(s, "database:storage")["status"] == "warn")
    assert s.create().status_code == 201
    s.server.execute_there("INSERT INTO public.filling SELECT repeat('x', 1000) FROM generate_series(1, %d)" % (size * 0.25 / 1060))
    try:
        until(lambda: check(s, "database:storage")["status"] == "fail")
        answer = s.create()
        assert (answer.status_code, answer.json()["code"]) == (507, "storage-full"), answer.text
        assert s.read(id).status_code == 200
        deleted = s.http.delete(f"/v1/candidates/{id}", headers={"If-Match": "*"})
        assert deleted.status_code in (200, 204), deleted.text
        said = health(s)
        assert said["status"] == "warn" and s.ready()
        storage = said["checks"]["database:storage"][0]
        assert storage["quota"] == size * 2 and storage["observedValue"] > size and "time_to_full_s" in storage
        assert not any(e.startswith("DELETE") for e in storage["affectedEndpoints"])
    finally:
        s.server.execute_there("DROP TABLE public.filling")
    until(lambda: check(s, "database:storage")["status"] == "pass")
    assert s.create().status_code == 201


# ---- the pool --------------------------------------------------------------------------------------------------------


def test_the_pool_is_shown_by_name_and_a_hundred_requests_leave_it_as_it_was(fault):
    s = fault()
    id = s.create().json()["id"]
    s.list()
    before = check(s, "pool:connections")
    assert {"size", "checked_out", "overflow", "waiting"} <= set(before)
    for _ in range(100):
        assert s.read(id).status_code == s.list().status_code == 200
    after = check(s, "pool:connections")
    assert [after[k] for k in ("size", "open", "checked_out", "overflow", "waiting")] == [10, before["open"], 0, 0, 0]


def test_asking_for_health_costs_the_database_nothing(fault):
    s = fault("--health-every", "1m")
    until(lambda: s.metric("keelson_pool_connections", state="in_use") == 0)
    probes = s.metric("keelson_health_probe_seconds_count", check="db_write")
    assert all(httpx.get(f"{s.keelson.url}/health").status_code == 200 for _ in range(50))
    assert s.metric("keelson_health_probe_seconds_count", check="db_write") == probes


def test_busy_is_ready_and_stuck_is_not(fault, together):
    s = fault("--health-every", "300ms", "--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1", "--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    ended = threading.Event()

    def busy():
        while not ended.is_set():
            assert s.list().status_code == 200

    load = together(*[busy] * 8, wait=False)
    until(lambda: s.metric("keelson_pool_waiters", **{"class": "exclusive"}) > 0)
    probes = s.metric("keelson_health_probe_seconds_count", check="db_read")
    until(lambda: not s.ready() or s.metric("keelson_health_probe_seconds_count", check="db_read") > probes + 4, 20)
    assert s.ready()
    ended.set()
    [f.result(20) for f in load]
    lock = locked(s)
    answers = together(*[s.list] * 4, lambda: s.create(), wait=False)
    until(lambda: not s.ready())
    assert "stuck" in s.http.get("/health/ready").text
    lock.close()
    assert {a.result(20).status_code for a in answers} <= {200, 201}
    until(s.ready)


# ---- leaks -----------------------------------------------------------------------------------------------------------


def test_work_that_holds_on_is_reported_with_what_its_backend_does(fault, together):
    s = fault("--pool-leak-after", "200ms", "--query-timeout", "30s", "--lock-timeout", "30s")
    s.list()
    lock = locked(s)
    answer, = together(s.list, wait=False)
    until(lambda: s.keelson.events("leak-suspected"))
    said, = s.keelson.events("leak-suspected")
    assert (said["route"], said["class"], said["state"], said["wait"]) == ("/v1/{r}", "exclusive", "active", "Lock")
    assert said["blocked_by"] == str(lock.info.backend_pid) and int(said["age_ms"]) >= 200 and int(said["query_age_ms"]) > 0
    assert s.metric("keelson_pool_leaks_suspected") == 1
    lock.close()
    assert answer.result(20).headers["Request-Id"] == said["request_id"]
    until(lambda: s.metric("keelson_pool_leaks_suspected") == 0)
    retracted, = s.keelson.events("leak-retracted")
    assert retracted["request_id"] == said["request_id"]
    assert s.metric("keelson_pool_leaks_total", resolution="returned_late") == 1
    assert s.metric("keelson_pool_leaks_total", resolution="reclaimed") == 0


def test_f36_a_transaction_that_sits_idle_without_a_client_is_reclaimed(fault):
    """The message that goes on with a keyed write is held up on the network; then its client leaves."""
    s = fault("--pool-leak-after", "300ms", "--query-timeout", "30s", "--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    s.create(**{"Idempotency-Key": s.nonce()})
    nonce = s.nonce()
    stalled = s.proxy.on(CLIENT, nonce.encode(), STALL, skip=1)
    with socket.create_connection(("127.0.0.1", s.keelson.port)) as c:
        body = f'{{"full_name":"{nonce}"}}'
        c.sendall((f"POST /v1/candidates HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {s.server.key}\r\nContent-Type: application/json\r\n"
                   f"Idempotency-Key: {nonce}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        assert stalled.hit.wait(10)
        until(lambda: s.server.pids("state = 'idle in transaction'"))
        until(lambda: s.keelson.events("leak-suspected"))
        assert not s.keelson.events("leak-reclaimed")               # its client still waits
    until(lambda: s.keelson.events("leak-reclaimed"))
    until(lambda: not s.server.pids("state = 'idle in transaction'"))
    stalled.lift()
    assert s.metric("keelson_pool_leaks_total", resolution="reclaimed") == 1
    assert s.metric("keelson_pool_closes_total", reason="leak") == 1
    assert s.there(nonce) == 0
    assert s.create().status_code == 201
