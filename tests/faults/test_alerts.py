"""A real fault makes each rule fire, and its end makes it clear; durations are shortened with alerts.scale."""
# SPDX-License-Identifier: Apache-2.0

import httpx
from conftest import until
from proxy import SERVER
from test_server import locked

SCALE = 200                 # five minutes are one and a half seconds


def firing(s):
    return {a["alert"] for a in httpx.get(f"{s.keelson.url}/health").json()["alerts"]}


def fires(s, *names):
    until(lambda: firing(s) >= set(names), 30)
    assert all(s.metric("keelson_alert_active", alert=name) == 1 for name in names)


def clears(s, *names):
    until(lambda: not firing(s) & set(names), 30)
    until(lambda: all(s.metric("keelson_alert_active", alert=name) == 0 for name in names), 5)
    assert {e["alert"] for e in s.keelson.events("alert-cleared")} >= set(names)


def test_a_locked_table_saturates_the_pool_and_is_named(fault, together):
    """KeelsonPoolSaturated, KeelsonPoolWaitersStanding, KeelsonLeakSuspected while it lasts; KeelsonSlowQueries when it is over."""
    s = fault("--alerts-scale", str(SCALE), "--pool-size", "4", "--pool-overflow", "0", "--pool-lanes", "1", "--pool-leak-after", "200ms",
              "--query-timeout", "30s", "--lock-timeout", "30s")
    s.list()
    assert not firing(s)
    lock = locked(s)
    answers = together(*[s.list] * 6, wait=False)
    fires(s, "KeelsonPoolSaturated", "KeelsonPoolWaitersStanding", "KeelsonLeakSuspected")
    lock.close()
    assert {a.result(20).status_code for a in answers} == {200}
    fires(s, "KeelsonSlowQueries")
    clears(s, "KeelsonPoolSaturated", "KeelsonPoolWaitersStanding", "KeelsonLeakSuspected", "KeelsonSlowQueries")


def test_waiting_in_vain(fault, together):
    """KeelsonAcquireTimeouts."""
    s = fault("--alerts-scale", str(SCALE), "--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1", "--pool-timeout", "400ms")
    s.list()
    lock = locked(s)
    answers = together(*[s.list] * 3, wait=False)
    fires(s, "KeelsonAcquireTimeouts")
    lock.close()
    assert 503 in {a.result(20).status_code for a in answers}
    clears(s, "KeelsonAcquireTimeouts")


def test_a_database_that_takes_no_writes(broken, fault):
    """KeelsonWriteProbeFailing."""
    s = fault("--alerts-scale", "20", "--health-every", "1s", server=broken)
    broken.alter("SET default_transaction_read_only = on")
    fires(s, "KeelsonWriteProbeFailing")
    broken.alter("RESET default_transaction_read_only")
    clears(s, "KeelsonWriteProbeFailing")


def test_a_migration_that_fails(fault, postgres):
    """KeelsonMigrationFailed: until it was repaired, and a while longer."""
    s = fault("--alerts-scale", str(SCALE), "--health-every", "200ms")
    place = postgres.prepared
    folder = place.folder / "migrations"
    folder.mkdir(exist_ok=True)
    up, down = folder / "0001_alert.up.sql", folder / "0001_alert.down.sql"
    up.write_text("SELECT 1 / 0;\n")
    down.write_text("SELECT 1;\n")
    assert place.run("migrate", "up").returncode != 0
    fires(s, "KeelsonMigrationFailed")
    assert s.http.get("/health").json()["checks"]["database:migrations"][0]["status"] == "warn"
    up.write_text("SELECT 1;\n")
    done = place.run("migrate", "up")
    assert done.returncode == 0, done.stderr
    try:
        clears(s, "KeelsonMigrationFailed")
    finally:
        place.run("migrate", "down")


def test_a_quota_that_fills(fault):
    """KeelsonStorageFillsSoon."""
    s = fault()
    used = s.metric("keelson_storage_used_bytes") or s.server.sql("SELECT pg_database_size(current_database())")[0][0]
    s = fault("--alerts-scale", "1000", "--health-every", "200ms", "--storage-quota", str(int(used / 0.85)))
    fires(s, "KeelsonStorageFillsSoon")
    assert s.create().status_code == 201, "a warning stops nobody"


def test_an_outcome_that_stays_unknown(broken, fault):
    """KeelsonCommitUnknown: the service is cut off from its database at a commit and has nobody to ask."""
    s = fault("--alerts-scale", str(SCALE), "--pool-timeout", "2s", server=broken)
    nonce = s.nonce()
    s.proxy.on(SERVER, nonce.encode(), s.proxy.vanish, kind=b"Z")
    assert s.create(nonce).json()["code"] == "outcome-unknown"
    fires(s, "KeelsonCommitUnknown")
    s.proxy.restore()
    clears(s, "KeelsonCommitUnknown")
