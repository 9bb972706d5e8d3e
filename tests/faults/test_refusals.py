"""A server that is there and says no (F35 to F44): each no has its status, its SQLSTATE, and does not cost the connection more than it must."""
# SPDX-License-Identifier: Apache-2.0

import pytest
from conftest import until
from test_server import locked, terminate, waiting


def test_f35_a_statement_that_takes_too_long(fault, together):
    s = fault("--query-timeout", "200ms", "--lock-timeout", "5s")
    s.list()
    lock = locked(s)
    answer = s.list()
    assert (answer.status_code, answer.json()["sqlstate"]) == (504, "57014"), answer.text
    lock.close()
    assert s.list().status_code == 200
    assert s.metric("keelson_pool_closes_total", reason="timeout") == 0      # the connection is kept


def test_f38_a_lock_that_does_not_come(fault, together):
    s = fault("--lock-timeout", "100ms", "--pool-size", "4", "--pool-overflow", "2")
    id = s.create().json()["id"]
    lock = locked(s)
    answers = together(*[s.create] * 3, *[lambda: s.read(id)] * 3)
    assert {(a.status_code, a.json()["code"], a.json()["sqlstate"]) for a in answers} == {(409, "busy", "55P03")}
    assert all(a.json()["retryable"] for a in answers)
    assert s.healthy()
    lock.close()
    assert s.create().status_code == 201


def test_f38_health_does_not_wait_for_a_pool_that_is_full(fault, together):
    s = fault("--pool-size", "4", "--pool-overflow", "0", "--pool-lanes", "1", "--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    answers = together(*[s.list] * 6, wait=False)
    until(lambda: waiting(s, 2))
    probes = s.metric("keelson_pool_acquire_seconds_count", **{"class": "control"})
    until(lambda: s.metric("keelson_pool_acquire_seconds_count", **{"class": "control"}) > probes, 15)
    assert s.healthy()
    lock.close()
    assert {a.result(20).status_code for a in answers} == {200}


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"], ids=["f39-deadlock", "f40-serialization"])
def test_f39_f40_conflicts_are_tried_again(fault, sqlstate):
    s = fault()
    create(s, f"RAISE EXCEPTION USING ERRCODE = '{sqlstate}'", times=2)
    answer = s.create("conflict")
    assert answer.status_code == 201, answer.text
    assert s.metric("keelson_db_retries_total") >= 2
    create(s, f"RAISE EXCEPTION USING ERRCODE = '{sqlstate}'", times=100)
    answer = s.create("conflict")
    assert (answer.status_code, answer.json()["sqlstate"]) == (409, sqlstate)


def create(s, statement, times):
    """Let the next inserts of a candidate named conflict run into something; counted outside of transactions, in a sequence."""
    s.server.execute_there(f"""
        DROP TRIGGER IF EXISTS conflict ON keelson.candidates;
        DROP SEQUENCE IF EXISTS public.conflicts CASCADE;
        CREATE SEQUENCE public.conflicts; GRANT ALL ON SEQUENCE public.conflicts TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC;
        CREATE OR REPLACE FUNCTION public.conflict() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF nextval('public.conflicts') <= {times} THEN {statement}; END IF; RETURN new; END $$;
        CREATE TRIGGER conflict BEFORE INSERT ON keelson.candidates FOR EACH ROW WHEN (new.full_name = 'conflict')
            EXECUTE FUNCTION public.conflict()""")


@pytest.fixture(autouse=True)
def no_conflicts(request):
    yield
    if "postgres" in request.fixturenames or "fault" in request.fixturenames:
        request.getfixturevalue("postgres").execute_there("DROP TRIGGER IF EXISTS conflict ON keelson.candidates")


def test_f41_f42_ddl_and_discarded_statements_are_invisible(fault):
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    session = s.session()
    s.append(session, "a")
    id = s.create().json()["id"]
    for ddl in ("ALTER TABLE keelson.candidates ADD COLUMN f41 text", "ALTER TABLE keelson.candidates DROP COLUMN f41",
                "ALTER TABLE keelson.interview_messages ADD COLUMN f41 text", "ALTER TABLE keelson.interview_messages DROP COLUMN f41"):
        s.server.execute_there(ddl)
        assert s.read(id).status_code == 200
        assert s.create().status_code == 201
        assert s.append(session, ddl).status_code == 201


def test_f43_a_backend_out_of_memory(fault):
    s = fault()
    create(s, "RAISE EXCEPTION USING ERRCODE = '53200'", times=1)
    answer = s.create("conflict")
    assert (answer.status_code, answer.json()["sqlstate"]) == (503, "53200")
    assert s.create("conflict").status_code == 201


def test_f33_a_disk_that_is_full(fault):
    s = fault()
    create(s, "RAISE EXCEPTION USING ERRCODE = '53100'", times=1)
    answer = s.create("conflict")
    assert (answer.status_code, answer.json()["sqlstate"]) == (507, "53100")


def test_f44_a_right_that_was_taken_away(fault):
    s = fault()
    s.create()
    s.server.execute_there("REVOKE INSERT ON keelson.candidates FROM keelson_api")
    try:
        answer = s.create()
        assert (answer.status_code, answer.json()["sqlstate"]) == (403, "42501")
        assert s.list().status_code == 200
    finally:
        s.server.execute_there("GRANT INSERT ON keelson.candidates TO keelson_api")
    assert s.create().status_code == 201


def test_f36_a_transaction_that_the_server_ended(fault, together):
    """The service never idles in one; so the server's hand is played by a terminate between two steps of a keyed write.  Its end was
    never sent and its client would repeat it under the same key: so does the service."""
    s = fault()
    nonce = s.nonce()
    s.create(**{"Idempotency-Key": nonce})
    lock = locked(s, "idempotency_keys")
    answer, = together(lambda: s.create(nonce, **{"Idempotency-Key": nonce + "2"}), wait=False)
    until(lambda: waiting(s))
    terminate(s, "wait_event_type = 'Lock'")
    lock.close()
    assert answer.result(10).status_code == 201
    assert s.there(nonce) == 1
