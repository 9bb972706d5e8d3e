"""Behind PgBouncer (F28), prepared statements that are gone or taken (F42), and plans that a change of the schema made stale (F41)."""
# SPDX-License-Identifier: Apache-2.0

import concurrent.futures
import threading

import httpx
import psycopg
import pytest
from bouncer import Bouncer
from conftest import Service, until
from proxy import RST, Proxy
from test_clients import leave, request
from test_refusals import create
from test_server import locked, terminate, waiting

TRANSACTION, SESSION = "transaction", "session"
IGNORED = {"ignore_startup_parameters": "options"}


@pytest.fixture
def pooled(postgres):
    """pooled("transaction", {bouncer settings}, service arguments...): the service behind a PgBouncer of its own."""
    open_ = []

    def make(mode, settings=None, *args, way=None):
        bouncer = Bouncer(postgres, mode, **(settings or {})).__enter__()
        open_.append(bouncer)
        proxy = Proxy(bouncer.port).__enter__() if way else bouncer
        if way:
            open_.append(proxy)
        s = Service(postgres, proxy, *args)
        s.bouncer = bouncer
        open_.append(s)
        return s

    yield make
    complaints = []
    for thing in reversed(open_):
        try:
            thing.close() if isinstance(thing, Service) else thing.__exit__()
        except AssertionError as complaint:
            complaints.append(str(complaint))
    assert not complaints, "\n".join(complaints)


def found(s):
    return [event["kind"] for event in s.keelson.events("pooler-found")]


def works(s, http=None):
    """A candidate, an interview, its session, messages, memory, lists: what the service is for."""
    http = http or s.http
    name = s.nonce()
    candidate = http.post("/v1/candidates", json={"full_name": name}, headers={"Idempotency-Key": name}).json()["id"]
    again = http.post("/v1/candidates", json={"full_name": name}, headers={"Idempotency-Key": name})
    assert again.json()["id"] == candidate, again.text
    interview = http.post("/v1/interviews", json={"candidate_id": candidate, "title": "t"}).json()["id"]
    session = http.post("/v1/sessions", json={"interview_id": interview}).json()["id"]
    for i in range(3):
        answer = http.post(f"/v1/sessions/{session}/messages", json={"role": "user", "content": f"{name} {i}"})
        assert answer.status_code == 201, answer.text
    messages = http.get(f"/v1/sessions/{session}/messages").json()
    assert [m["content"] for m in messages["items"]] == [f"{name} {i}" for i in range(3)], messages
    memory = http.get(f"/v1/sessions/{session}/memory")
    answer = http.put(f"/v1/sessions/{session}/memory", json={"n": name}, headers={"If-Match": memory.headers["etag"]})
    assert answer.status_code in (200, 204), answer.text
    assert http.get(f"/v1/sessions/{session}/memory").json() == {"n": name}
    listed = http.get(f"/v1/candidates/{candidate}/interviews").json()["items"]
    assert [i["id"] for i in listed] == [interview]
    assert http.get(f"/v1/candidates/{candidate}").json()["full_name"] == name
    answer = http.patch(f"/v1/candidates/{candidate}", json={"full_name": name + "!"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    assert http.delete(f"/v1/candidates/{candidate}").status_code in (204, 409)


@pytest.mark.parametrize("settings", [{}, IGNORED, {"server_round_robin": 1}], ids=["refused", "ignored", "by-turns"])
@pytest.mark.parametrize("mode", [TRANSACTION, SESSION])
def test_f28_everything_works(pooled, together, mode, settings):
    s = pooled(mode, settings | {"default_pool_size": 30}, "--pool-lanes", "2")
    assert found(s) == [mode]
    works(s)
    together(*[lambda: works(s)] * 8)
    assert (s.metric("keelson_prepared_statements") > 0) == (mode == SESSION)
    assert s.metric("keelson_pool_pooler", kind=mode) == 1


def test_f28_fewer_backends_than_connections(pooled, together):
    s = pooled(TRANSACTION, {"default_pool_size": 2}, "--pool-size", "10")
    together(*[lambda: works(s)] * 10)
    assert s.witness.most <= 3          # the keeper of none: the witness counts what the server sees
    assert s.open_connections() > 2


def test_f28_nothing_leaks_into_the_sessions_of_others(pooled, together):
    s = pooled(TRANSACTION, {"default_pool_size": 2})
    together(*[lambda: works(s)] * 4)
    asked = "search_path", "timezone", "intervalstyle", "statement_timeout", "lock_timeout", "plan_cache_mode", "idle_in_transaction_session_timeout"
    values = ", ".join(f"current_setting('{name}')" for name in asked)
    direct = s.server.sql(f"SELECT {values}")[0]
    with psycopg.connect(s.bouncer.url(s.url), autocommit=True, prepare_threshold=None) as one, \
            psycopg.connect(s.bouncer.url(s.url), autocommit=True, prepare_threshold=None) as two:
        for c in (one, two):
            c.execute("BEGIN")          # both at once: each of the two backends is looked at
        for c in (one, two):
            row = c.execute(f"SELECT {values}").fetchone()
            assert row[2:] == direct[2:] and row[0] == direct[0], row
            assert c.execute("SELECT current_setting('keelson.org_id', true)").fetchone()[0] in (None, "")
            assert c.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
            assert c.execute("SELECT count(*) FROM keelson.candidates").fetchone() == (0,)


def test_f28_the_settings_are_there_in_every_transaction(pooled):
    s = pooled(TRANSACTION, {}, "--query-timeout", "300ms", "--lock-timeout", "100ms")
    name = s.nonce()
    lock = locked(s)
    answer = s.create(name)
    assert (answer.status_code, answer.json()["sqlstate"]) == (409, "55P03"), answer.text
    lock.close()
    s.server.execute_there("ALTER ROLE keelson_api SET timezone = 'Asia/Tokyo'; ALTER ROLE keelson_api SET search_path = public")
    try:
        s.bouncer.console("RECONNECT")
        create(s, "PERFORM pg_catalog.pg_sleep(5)", times=1)
        answer = s.create("conflict")
        assert (answer.status_code, answer.json()["sqlstate"]) == (504, "57014"), answer.text
        create(s, "RAISE EXCEPTION USING ERRCODE = CASE WHEN current_setting('timezone') = 'UTC' AND current_setting('search_path') IN ('', '\"\"')"
                  " AND current_setting('plan_cache_mode') = 'force_generic_plan' THEN '53200' ELSE '53100' END", times=1)
        assert s.create("conflict").json()["sqlstate"] == "53200"
    finally:
        s.server.execute_there("ALTER ROLE keelson_api RESET ALL; DROP TRIGGER conflict ON keelson.candidates")


def test_f28_organizations_stay_apart(pooled, together):
    """Two backends for everybody, by turns: each sees its own, whatever came before on it."""
    s = pooled(TRANSACTION, {"default_pool_size": 2})
    place = s.server.prepared
    place.run("org", "create", "Other")
    keys = [s.server.key, place.key("--org", "other", "--scopes", "*")]
    clients = [httpx.Client(base_url=s.keelson.url, timeout=60, headers={"Authorization": f"Bearer {key}"}) for key in keys]
    own, wrong = [[], []], []

    def turn(i):
        for _ in range(15):
            answer = clients[i].post("/v1/candidates", json={"full_name": s.nonce()})
            own[i].append(answer.json()["id"])
            other = own[1 - i][-1:] or own[i][:0]
            wrong.extend(id for id in other if clients[i].get(f"/v1/candidates/{id}").status_code != 404)
            wrong.extend(id for id in own[i][-1:] if clients[i].get(f"/v1/candidates/{id}").status_code != 200)

    together(*[lambda i=i: turn(i) for i in (0, 1) * 4])
    assert not wrong
    seen = [{c["id"] for c in client.get("/v1/candidates", params={"limit": 200}).json()["items"]} for client in clients]
    assert seen[1] == set(own[1]) and not seen[0] & seen[1]
    for client in clients:
        client.close()


def test_f28_whoever_leaves_is_not_worked_for(pooled):
    s = pooled(TRANSACTION, {}, "--lock-timeout", "30s", "--query-timeout", "30s")
    s.list()
    lock = locked(s)
    sock = s.keelson.connect()
    sock.sendall(request(s, "/v1/candidates"))
    pid, = until(lambda: waiting(s))
    leave(sock)
    until(lambda: pid not in s.server.pids("wait_event_type = 'Lock'"))
    lock.close()
    assert s.list().status_code == 200


def test_f28_backends_that_died_under_the_pooler(pooled):
    s = pooled(TRANSACTION)
    for _ in range(3):
        assert s.list().status_code == 200
        terminate(s)
        assert [s.list().status_code for _ in range(3)] == [200] * 3
        until(lambda: s.create().status_code == 201)


def test_f28_f5_a_write_whose_answer_was_lost(pooled, together):
    """Backends cannot be watched from here: what is found is told, and what is not found is not called failed."""
    s = pooled(TRANSACTION, {}, way=True)
    for skip, there in ((None, 0), (0, 1)):
        name = s.nonce()
        if skip is None:            # lost before the pooler has it
            fault = s.proxy.on("client", name.encode(), RST)
        else:
            fault = s.proxy.after(name.encode(), RST, skip=1)
        answer = s.create(name)
        assert fault.hit.is_set()
        assert s.there(name) == there
        if there:
            assert answer.status_code == 201, answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown"), answer.text


def test_f28_a_backend_that_ended_before_the_write(pooled, together):
    s = pooled(TRANSACTION, {}, "--lock-timeout", "30s", "--query-timeout", "30s")
    name = s.nonce()
    lock = locked(s)
    answer, = together(lambda: s.create(name), wait=False)
    until(lambda: waiting(s))
    terminate(s, "wait_event_type = 'Lock'")
    lock.close()
    answer = answer.result(20)
    assert answer.status_code == 503 and s.there(name) == 0, answer.text


@pytest.mark.parametrize("command", [["migrate", "up"], ["migrate", "current"], ["key", "list"], ["org", "create", "X"], ["init", "--force"]], ids=" ".join)
def test_f28_what_needs_a_session_is_refused(postgres, command):
    with Bouncer(postgres, TRANSACTION) as b:
        place = postgres.prepared
        done = place.run(*command, env={"KEELSON_OWNER_URL": b.url(place.url())})
    assert done.returncode == 2 and "transaction pooler" in done.stderr and "session-mode" in done.stderr, done.stderr
    assert place.query("SELECT count(*) FROM keelson.organizations WHERE slug = 'x'") == [(0,)]


def test_f28_what_needs_a_session_works_through_one(postgres):
    with Bouncer(postgres, SESSION) as b:
        place = postgres.prepared
        for command in (["migrate", "up"], ["migrate", "current"], ["key", "list"], ["org", "list"]):
            done = place.run(*command, env={"KEELSON_OWNER_URL": b.url(place.url())})
            assert done.returncode == 0, done.stderr


def test_f28_f42_a_pooler_that_changes_its_mode(pooled, together):
    """It was in session mode, and statements were prepared; then each transaction has another backend."""
    s = pooled(SESSION, {"default_pool_size": 30}, "--pool-lanes", "2")
    works(s)
    assert found(s) == [SESSION] and s.metric("keelson_prepared_statements") > 0
    s.bouncer.change(pool_mode=TRANSACTION)
    until(lambda: together(*[lambda: works(s)] * 4) and found(s) == [SESSION, TRANSACTION], 20)
    works(s)
    until(lambda: s.metric("keelson_prepared_statements") == 0)         # with the last connection of before


def test_f28_a_pooler_that_was_not_there_before(postgres, pooled):
    """The address leads to PgBouncer after the service has started."""
    with Proxy(postgres.port) as proxy, Bouncer(postgres, TRANSACTION) as b:
        s = Service(postgres, proxy)
        try:
            works(s)
            assert found(s) == []
            proxy.call(lambda: setattr(proxy, "server_port", b.port))
            proxy.reset_all()
            until(lambda: s.create().status_code == 201)
            assert found(s) == [TRANSACTION]
            works(s)
        finally:
            s.close()


# ---- prepared statements, without a pooler -------------------------------------------------------------------------------------

def test_f42_statements_that_are_gone(fault):
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    connects = s.metric("keelson_pool_connects_total", outcome="ok")
    create(s, "EXECUTE 'DEALLOCATE ALL'", times=3)
    assert [s.create("conflict").status_code for _ in range(12)] == [201] * 12
    assert s.metric("keelson_prepared_reprepares_total", reason="26000") > 0
    assert s.metric("keelson_pool_connects_total", outcome="ok") - connects <= 2        # nobody was sent away for it


def test_f42_a_name_that_is_taken(fault):
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    create(s, "EXECUTE 'PREPARE health_write AS SELECT 1'; EXECUTE 'PREPARE begin AS SELECT 1'; EXECUTE 'PREPARE commit AS SELECT 1'", times=1)
    assert s.create("conflict").status_code == 201
    names = [s.nonce() for _ in range(12)]
    assert [s.create(name, **{"Idempotency-Key": name}).status_code for name in names] == [201] * 12
    assert s.metric("keelson_prepared_reprepares_total", reason="42P05") > 0


def test_f41_outside_of_a_transaction_nobody_notices(fault, together):
    """Columns come and go while everybody reads and writes; what is told is what is there."""
    s = fault("--pool-size", "6", "--pool-overflow", "0", "--pool-lanes", "2")
    id = s.create("before").json()["id"]
    stop, answers = threading.Event(), []

    def ask():
        while not stop.is_set():
            answers.extend((s.read(id), s.create(), s.list()))

    asking = together(*[ask] * 3, wait=False)
    for _ in range(10):
        s.server.execute_there("ALTER TABLE keelson.candidates ADD COLUMN f41 text")
        s.server.execute_there("ALTER TABLE keelson.candidates DROP COLUMN f41")
    stop.set()
    concurrent.futures.wait(asking)
    assert {a.status_code for a in answers} <= {200, 201}, [a.text for a in answers if a.status_code > 201][:3]


def test_f41_types_are_those_of_the_answer(fault):
    """Nothing is kept of what a statement was once said to return: a column of another type is read as it is now."""
    s = fault("--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    id = s.create("typed").json()["id"]
    assert s.read(id).json()["full_name"] == "typed"
    s.server.execute_there("ALTER TABLE keelson.candidates ALTER COLUMN source TYPE varchar(500)")
    try:
        assert s.read(id).json()["full_name"] == "typed"
        assert "typed" in [c["full_name"] for c in s.http.get("/v1/candidates", params={"limit": 200}).json()["items"]]
        assert s.metric("keelson_prepared_reprepares_total", reason="0A000") > 0
    finally:
        s.server.execute_there("ALTER TABLE keelson.candidates ALTER COLUMN source TYPE text")


def test_f41_inside_a_transaction_it_is_planned_anew(fault, together):
    """A keyed write has looked at its key; then the table it writes to changes.  Nothing was committed, so all of it is done again."""
    s = fault("--lock-timeout", "20s", "--query-timeout", "20s", "--pool-size", "3", "--pool-overflow", "0", "--pool-lanes", "1")
    for _ in range(4):                                                          # everywhere there is a plan
        together(*[lambda: s.create(**{"Idempotency-Key": s.nonce()})] * 2)
    name, lock = s.nonce(), locked(s, "idempotency_keys")
    answer, = together(lambda: s.create(name, **{"Idempotency-Key": name}), wait=False)
    until(lambda: waiting(s))
    s.server.execute_there("ALTER TABLE keelson.candidates ALTER COLUMN source TYPE varchar(500)")
    try:
        lock.close()
        answer = answer.result(20)
        assert (answer.status_code, s.there(name)) == (201, 1), answer.text
        assert s.metric("keelson_prepared_reprepares_total", reason="0A000") > 0
        assert s.create(name, **{"Idempotency-Key": name}).json()["id"] == answer.json()["id"]
    finally:
        s.server.execute_there("ALTER TABLE keelson.candidates ALTER COLUMN source TYPE text")
