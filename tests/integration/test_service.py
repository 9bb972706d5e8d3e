"""The service about itself: health that tells the truth, metrics that add up, an end that loses nothing."""
# SPDX-License-Identifier: Apache-2.0

import contextlib
import os
import re
import signal
import socket
import threading
import time

import psycopg
import pytest

SAMPLE = re.compile(r'^([a-z_]+)(\{.*\})? (\S+)$')


def metrics(server):
    """{(name, labels): value}; fails on a line that is neither sample nor comment."""
    samples = {}
    for line in server.http.get("/metrics").text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            samples[name, labels or ""] = float(value)
    return samples


def total(samples, name, *labels):
    return sum(v for (n, l), v in samples.items() if n == name and all(x in l for x in labels))


def superuser(k):
    return psycopg.connect(host=(k.data_dir / "postmaster.pid").read_text().splitlines()[4], user="keelson_super", dbname="keelson", autocommit=True)


# ---- health --------------------------------------------------------------------------------------------------------


def test_all_is_well(server):
    until(server, "/health/ready", 200)
    for path in ("/health", "/health/live", "/health/ready", "/health/startup"):
        answer = server.http.get(path)
        assert answer.status_code == 200 and answer.json()["status"] == "pass", answer.text
        assert answer.headers["Content-Type"] == "application/health+json"
    checks = server.http.get("/health").json()["checks"]
    assert set(checks) == {"database:write", "database:read", "pool:connections", "database:storage", "database:disk", "database:migrations"}
    assert all(c["status"] == "pass" and "time" in c and "age_ms" in c for entries in checks.values() for c in entries)


def until(k, path, status):
    """Ask until it answers so; the harness bounds the wait."""
    end = time.monotonic() + 30
    while (answer := k.http.get(path)).status_code != status:
        assert time.monotonic() < end, answer.text
        time.sleep(0.05)
    return answer.json()


def test_a_database_that_refuses_to_write_is_no_healthy_one(keelson):
    k = keelson()
    with superuser(k) as db:
        db.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        db.execute("SELECT pg_reload_conf()")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keelson_api'")
        refused = k.http.post("/v1/candidates", json={"full_name": "x"})
        assert refused.status_code == 503, refused.text
        def read_only():                # for a moment, when every connection was ended, nothing can be reached at all
            sick = k.http.get("/health").json()
            return sick["status"] == "warn" and sick["checks"]["database:write"][0]["class"] == "read_only" and sick["checks"]["database:write"][0]

        while not (write := read_only()):
            time.sleep(0.05)
        assert write["status"] == "fail"
        assert all(e.startswith(("POST", "PUT", "PATCH", "DELETE")) for e in write["affectedEndpoints"])
        assert k.http.get("/health").status_code == k.http.get("/health/ready").status_code == 200       # for reading
        assert k.http.get("/health/live").status_code == 200
        assert k.http.get("/v1/candidates").status_code == 200          # reading goes on
        db.execute("ALTER SYSTEM RESET default_transaction_read_only")
        db.execute("SELECT pg_reload_conf()")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keelson_api'")
        while k.http.get("/health").json()["status"] != "pass":
            time.sleep(0.05)
    assert k.http.post("/v1/candidates", json={"full_name": "x"}).status_code == 201


# ---- metrics -------------------------------------------------------------------------------------------------------


def test_metrics_are_well_formed_and_there_from_the_start(server):
    text = server.http.get("/metrics").text
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helped = re.findall(r"^# HELP (\S+) ", text, re.M)
    assert sorted(helped) == sorted(set(helped)) and set(helped) == set(typed)
    for (name, labels), value in metrics(server).items():
        family = re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in typed else name
        assert family in typed, name
        assert typed[family] != "counter" or name.endswith("_total"), name
        assert value >= 0 and not re.search(r"_(ms|us|percent|mb)$", name)
    for name in ("keelson_pool_connections", "keelson_pool_acquires_total", "keelson_http_requests_total", "keelson_health_status"):
        assert any(n == name for n, _ in metrics(server)), name


def test_requests_are_counted_where_they_were_answered(keelson):
    k = keelson()
    before = metrics(k)
    for _ in range(3):
        k.http.get("/v1/candidates")
    k.http.get("/v1/candidates?x=1")
    after = metrics(k)
    name, route = "keelson_http_requests_total", 'route="/v1/{r}",method="GET"'
    assert total(after, name, route, 'code="200"') - total(before, name, route, 'code="200"') == 3
    assert total(after, name, route, 'code="400"') == 1
    assert total(after, "keelson_http_request_seconds_count", route) == 4
    assert total(after, "keelson_pool_connections") <= total(after, "keelson_pool_connections_max")


# ---- the end -------------------------------------------------------------------------------------------------------


def test_what_is_under_way_finishes_and_nothing_new_begins(keelson):
    k = keelson()
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada"}).json()["id"]
    with superuser(k) as db:
        with db.transaction():
            db.execute("SELECT 1 FROM keelson.candidates WHERE id = %s FOR UPDATE", (candidate,))
            answers = []
            patch = threading.Thread(target=lambda: answers.append(
                k.http.patch(f"/v1/candidates/{candidate}", json={"phone": "1"}, headers={"If-Match": "*"})))
            patch.start()
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'keelson_api'"
            with superuser(k) as other:
                while other.execute(waiting).fetchone()[0] == 0:
                    pass
            k.process.send_signal(signal.SIGTERM)
            k.wait_log("event=draining")
            with pytest.raises(OSError):
                with socket.create_connection(("127.0.0.1", k.port), 5) as s:
                    s.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if b"503" in s.recv(1000):
                        raise OSError("refused politely")
        patch.join()
    assert answers[0].status_code == 200 and answers[0].json()["phone"] == "1"
    assert k.wait_exit() == 0


def test_a_second_signal_hastens(keelson):
    k = keelson()
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada"}).json()["id"]
    with contextlib.suppress(psycopg.errors.AdminShutdown), superuser(k) as db, db.transaction():
        db.execute("SELECT 1 FROM keelson.candidates WHERE id = %s FOR UPDATE", (candidate,))
        with socket.create_connection(("127.0.0.1", k.port)) as s:
            s.sendall(f"DELETE /v1/candidates/{candidate} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            k.process.send_signal(signal.SIGTERM)
            k.wait_log("event=draining")
            os.kill(k.process.pid, signal.SIGINT)
            assert k.wait_exit() == 0


def test_a_client_that_goes_away_leaves_nothing_running(keelson):
    k = keelson()
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada"}).json()["id"]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'keelson_api'"
    with superuser(k) as db, superuser(k) as watcher, db.transaction():
        db.execute("SELECT 1 FROM keelson.candidates WHERE id = %s FOR UPDATE", (candidate,))
        with socket.create_connection(("127.0.0.1", k.port)) as s:
            s.sendall(f"DELETE /v1/candidates/{candidate} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            while watcher.execute(waiting).fetchone()[0] == 0:
                pass
        while watcher.execute(waiting).fetchone()[0] > 0:       # the lock is still held: only the cancel can end it
            pass
    assert total(metrics(k), "keelson_cancels_total") == 1
    assert k.http.get(f"/v1/candidates/{candidate}").status_code == 200
