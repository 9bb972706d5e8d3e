"""Resources over HTTP: pages that neither lose nor repeat, versions, the trash, lifecycles, repeated requests, files."""
# SPDX-License-Identifier: Apache-2.0

import collections
import concurrent.futures
import functools
import hashlib
import json
import random
import uuid
from decimal import Decimal

import httpx
import psycopg
import pytest

MERGE = {"Content-Type": "application/merge-patch+json"}
PATCH = {"Content-Type": "application/json-patch+json"}


def create(server, resource, body, **headers):
    answer = server.http.post(f"/v1/{resource}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def candidate(server):
    return create(server, "candidates", {"full_name": "Ada Lovelace"})["id"]


def patch(server, path, body, match="*", kind=MERGE):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = dict(kind, **({"If-Match": match} if match else {}))
    return server.http.patch(path, content=content, headers=headers)


def pointers(answer):
    return {e["pointer"]: e["code"] for e in answer.json()["errors"]}


def at_once(server, work, workers=8, rounds=10):
    """work(client, worker, round) in parallel, each worker on a connection of its own."""
    def run(worker):
        with httpx.Client(base_url=server.url, timeout=30) as client:
            return [work(client, worker, i) for i in range(rounds)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [answer for answers in pool.map(run, range(workers)) for answer in answers]


# ---------------------------------------------------------------- creating and reading

def test_what_was_created_is_read_back(server):
    body = b'{"full_name":"\\u00c4da \\"x\\"","email":"Ada@Example.org","tags":["b","a"],"metadata":{"n":1.10,"big":9007199254740993,"z":null}}'
    answer = server.http.post("/v1/candidates", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201 and answer.headers["ETag"] == '"v1"'
    again = server.http.get(answer.headers["Location"])
    assert again.content == answer.content and again.headers["ETag"] == '"v1"'
    made = json.loads(again.text, parse_float=Decimal)
    assert made["full_name"] == 'Äda "x"' and made["tags"] == ["b", "a"] and made["status"] == "new"
    assert str(made["metadata"]["n"]) == "1.10" and made["metadata"]["big"] == 9007199254740993 and made["metadata"]["z"] is None
    assert server.http.get(answer.headers["Location"], headers={"If-None-Match": '"v1"'}).status_code == 304
    assert server.http.post("/v1/candidates", json={"full_name": "B", "email": "ada@EXAMPLE.org"}).json()["errors"] == [
        {"pointer": "/email", "code": "taken", "message": "is already taken"}]


def test_an_array_is_created_whole_or_not_at_all(server, candidate):
    made = create(server, "resumes", [{"candidate_id": candidate}] * 3)["items"]
    assert [r["version_no"] for r in made] == [1, 2, 3]
    assert [r["is_current"] for r in made] == [False, False, True]
    bad = server.http.post("/v1/resumes", json=[{"candidate_id": candidate}, {"candidate_id": str(uuid.uuid4())}])
    assert bad.status_code == 422 and pointers(bad) == {"/1/candidate_id": "reference"}
    assert len(server.http.get(f"/v1/candidates/{candidate}/resumes").json()["items"]) == 3


def test_numbers_under_concurrency_have_no_gaps(server, candidate):
    answers = at_once(server, lambda c, w, i: c.post("/v1/resumes", json={"candidate_id": candidate}))
    assert {a.status_code for a in answers} == {201}
    listed = server.http.get(f"/v1/candidates/{candidate}/resumes", params={"limit": 200}).json()["items"]
    assert sorted(r["version_no"] for r in listed) == list(range(1, len(answers) + 1))
    assert sum(r["is_current"] for r in listed) == 1


def test_parts_travel_with_their_owner(server, candidate):
    interview = create(server, "interviews", {"candidate_id": candidate, "title": "t"})["id"]
    scores = [{"criterion": "depth", "score": 4.5, "evidence_seq": [3, 1]}, {"criterion": "clarity", "score": 3}]
    made = create(server, "assessments", {"interview_id": interview, "assessor_kind": "human", "scores": scores})
    assert [s["criterion"] for s in made["scores"]] == ["clarity", "depth"] and made["scores"][1]["evidence_seq"] == [3, 1]
    path = f"/v1/assessments/{made['id']}"
    answer = patch(server, path, [{"op": "add", "path": "/scores/-", "value": {"criterion": "zeal", "score": 1}}], kind=PATCH)
    assert [s["criterion"] for s in answer.json()["scores"]] == ["clarity", "depth", "zeal"] and answer.json()["version"] == 2
    assert patch(server, path, {"scores": [{"criterion": "a", "score": 6}]}).status_code == 422
    twice = patch(server, path, {"scores": [{"criterion": "a", "score": 1}] * 2})
    assert twice.status_code == 409 and pointers(twice) == {"/scores": "taken"}
    assert len(server.http.get(path).json()["scores"]) == 3


# ---------------------------------------------------------------- lists

@pytest.fixture(scope="module")
def listed(shared_server):
    """A population with ties and nulls, found by its source."""
    rng, source = random.Random(7), f"list-{uuid.uuid4()}"
    bodies = [{"full_name": f"P{rng.randrange(40):02}", "source": source, "country": rng.choice([None, "AT", "DE", "US"]),
               "tags": rng.sample("abc", rng.randrange(4)), "metadata": {"source": source, "k": rng.randrange(3)}} for _ in range(90)]
    return source, create(shared_server, "candidates", bodies)["items"]


def walk(server, params):
    """All pages forward, and the same pages backward."""
    pages, query = [], dict(params)
    while True:
        page = server.http.get("/v1/candidates", params=query).json()
        pages.append([c["id"] for c in page["items"]])
        if not page["next"]:
            break
        query = dict(params, cursor=page["next"])
    back, cursor = [pages[-1]], page["prev"]
    while cursor:
        page = server.http.get("/v1/candidates", params=dict(params, cursor=cursor)).json()
        back.insert(0, [c["id"] for c in page["items"]])
        cursor = page["prev"]
    assert back == pages
    return [c for page in pages for c in page]


def expected(rows, order):
    def compare(x, y):
        for name, down in order:
            a, b = x[name], y[name]
            if a == b:
                continue
            up = 1 if a is None else -1 if b is None else (a > b) - (a < b)      # null is last
            return -up if down else up
        return 0
    return [r["id"] for r in sorted(rows, key=functools.cmp_to_key(compare))]


ORDERS = [
    ("", [("created_at", False), ("id", False)]),
    ("id.desc", [("id", True)]),
    ("country", [("country", False), ("id", False)]),
    ("country.desc", [("country", True), ("id", True)]),
    ("country,full_name.desc", [("country", False), ("full_name", True), ("id", True)]),
    ("full_name.desc,country", [("full_name", True), ("country", False), ("id", False)]),
]


@pytest.mark.parametrize("order, by", ORDERS)
@pytest.mark.parametrize("limit", [7, 90, 200])
def test_pages_neither_lose_nor_repeat(server, listed, order, by, limit):
    source, rows = listed
    for filters in ({"source": f"eq.{source}"}, {"metadata": f'cs.{{"source":"{source}"}}'}):
        params = dict(filters, limit=limit, **({"order": order} if order else {}))
        assert walk(server, params) == expected(rows, by)


FILTERS = [
    ({"country": "eq.AT"}, lambda c: c["country"] == "AT"),
    ({"country": "ne.AT"}, lambda c: c["country"] != "AT"),
    ({"country": "in.(AT,DE)"}, lambda c: c["country"] in ("AT", "DE")),
    ({"country": "is.null"}, lambda c: c["country"] is None),
    ({"country": "is.not_null"}, lambda c: c["country"] is not None),
    ({"full_name": "like.P1*"}, lambda c: c["full_name"].startswith("P1")),
    ({"full_name": "gte.P20"}, lambda c: c["full_name"] >= "P20"),
    ({"full_name": "gt.P20", "country": "eq.US"}, lambda c: c["full_name"] > "P20" and c["country"] == "US"),
    ({"tags": "cs.a,b"}, lambda c: {"a", "b"} <= set(c["tags"])),
    ({"tags": 'cs.["c"]'}, lambda c: "c" in c["tags"]),
    ({"metadata": 'cs.{"k":2}'}, lambda c: c["metadata"]["k"] == 2),
    ({"metadata": 'cs.{"k":2}', "tags": "cs.a"}, lambda c: c["metadata"]["k"] == 2 and "a" in c["tags"]),
]


@pytest.mark.parametrize("filters, holds", FILTERS)
def test_filters_choose_exactly(server, listed, filters, holds):
    source, rows = listed
    page = server.http.get("/v1/candidates", params=dict(filters, source=f"eq.{source}", limit=200, count="exact", fields="id")).json()
    wanted = {r["id"] for r in rows if holds(r)}
    assert {c["id"] for c in page["items"]} == wanted and page["count"] == len(wanted)
    assert all(list(c) == ["id"] for c in page["items"])


def test_a_cursor_of_another_order_is_refused(server, listed):
    cursor = server.http.get("/v1/candidates", params={"limit": 1}).json()["next"]
    answer = server.http.get("/v1/candidates", params={"order": "full_name", "cursor": cursor})
    assert answer.status_code == 400 and "cursor" in answer.json()["detail"]


# ---------------------------------------------------------------- changing

def test_versions_guard_changes(server, candidate):
    path = f"/v1/candidates/{candidate}"
    assert patch(server, path, {"headline": "x"}, match=None).status_code == 428
    stale = patch(server, path, {"headline": "x"}, match='"v9"')
    assert stale.status_code == 412 and stale.json()["current_version"] == 1
    assert patch(server, path, {"headline": "x"}, match='"v1"').headers["ETag"] == '"v2"'
    assert patch(server, path, {"headline": "x"}).headers["ETag"] == '"v2"', "nothing changed"
    assert patch(server, path, {"phone": None}).headers["ETag"] == '"v2"', "null was null"
    assert patch(server, path, {"headline": None}).json()["headline"] is None
    assert patch(server, path, b'{"metadata":{"a":{"b":1}}}').status_code == 200
    assert patch(server, path, b'{"metadata":{"a":{"b":null,"c":1.10}}}').text.count('{"c": 1.10}') == 1


def test_no_update_is_lost(server):
    path = "/v1/candidates/" + create(server, "candidates", {"full_name": "counter", "metadata": {"n": 0}})["id"]

    def increment(client, *_):
        while True:
            seen = client.get(path)
            body = json.dumps({"metadata": {"n": seen.json()["metadata"]["n"] + 1}})
            answer = client.patch(path, content=body, headers=dict(MERGE, **{"If-Match": seen.headers["ETag"]}))
            if answer.status_code == 200:
                return answer
            assert answer.status_code == 412, answer.text

    at_once(server, increment, workers=6, rounds=5)
    now = server.http.get(path)
    assert now.json()["metadata"]["n"] == 30 and now.headers["ETag"] == '"v31"'


def test_a_patch_says_everything_that_is_wrong(server, candidate):
    answer = patch(server, f"/v1/candidates/{candidate}", {"id": "x", "status": "hired", "full_name": None, "foo": 1, "email": "x"})
    assert answer.status_code == 422
    assert pointers(answer) == {"/id": "read-only", "/status": "read-only", "/full_name": "null", "/foo": "unknown", "/email": "format.email"}


def test_the_current_one_gives_way(server, candidate):
    first, second = create(server, "resumes", [{"candidate_id": candidate}] * 2)["items"]
    assert second["is_current"]
    assert patch(server, f"/v1/resumes/{first['id']}", {"is_current": True}).json()["is_current"]
    assert not server.http.get(f"/v1/resumes/{second['id']}").json()["is_current"]


def test_transitions(server, candidate):
    path = f"/v1/candidates/{candidate}/transitions"
    illegal = server.http.post(path, json={"to": "hired"})
    assert illegal.status_code == 409 and illegal.json()["allowed"] == ["interviewing", "rejected", "screening", "withdrawn"]
    assert server.http.post(path, json={"to": "screening"}, headers={"If-Match": '"v9"'}).status_code == 412
    moved = server.http.post(path, json={"to": "screening", "reason": "looks good"}).json()
    assert (moved["status"], moved["status_reason"], moved["version"]) == ("screening", "looks good", 2)
    assert server.http.post(f"/v1/candidates/{uuid.uuid4()}/transitions", json={"to": "hired"}).status_code == 404


def test_some_transitions_need_a_reason(server, candidate):
    interview = create(server, "interviews", {"candidate_id": candidate, "title": "t"})["id"]
    path = "/v1/assessments/" + create(server, "assessments", {"interview_id": interview, "assessor_kind": "ai", "status": "submitted"})["id"]
    refused = server.http.post(path + "/transitions", json={"to": "overridden"})
    assert refused.status_code == 422 and pointers(refused) == {"/reason": "required"}
    done = server.http.post(path + "/transitions", json={"to": "overridden", "reason": "wrong rubric"}).json()
    assert done["submitted_at"] and done["decided_at"]


# ---------------------------------------------------------------- the trash

@pytest.fixture
def family(server, candidate):
    """A candidate with everything below."""
    interview = create(server, "interviews", {"candidate_id": candidate, "title": "t"})["id"]
    session = create(server, "sessions", {"interview_id": interview})["id"]
    server.http.post(f"/v1/sessions/{session}/messages", json={"role": "user", "content": "hello"}).raise_for_status()
    return {"candidates": candidate, "interviews": interview, "sessions": session,
            "resumes": create(server, "resumes", {"candidate_id": candidate})["id"],
            "assessments": create(server, "assessments", {"interview_id": interview, "session_id": session, "assessor_kind": "ai"})["id"]}


def statuses(server, family):
    return {server.http.get(f"/v1/{r}/{i}").status_code for r, i in family.items()}


def test_the_trash_takes_and_gives_back_everything_below(server, family):
    path = f"/v1/candidates/{family['candidates']}"
    assert server.http.delete(path, headers={"If-Match": '"v9"'}).status_code == 412
    assert server.http.delete(path).status_code == 204
    assert statuses(server, family) == {404}
    assert server.http.get(f"/v1/interviews/{family['interviews']}/messages").status_code == 404
    assert server.http.get(path, params={"include": "trash"}).json()["purge_after"]
    assert server.http.post("/v1/interviews", json={"candidate_id": family["candidates"], "title": "t"}).json()["code"] == "parent-in-trash"
    assert server.http.post(f"/v1/interviews/{family['interviews']}/restore").json()["code"] == "parent-in-trash"
    assert server.http.post(path + "/restore").json()["deleted_at"] is None
    assert statuses(server, family) == {200}
    assert server.http.post(path + "/restore").json()["code"] == "conflict"


def test_what_was_trashed_before_stays_there(server, family):
    assert server.http.delete(f"/v1/assessments/{family['assessments']}").status_code == 204
    assert server.http.delete(f"/v1/candidates/{family['candidates']}").status_code == 204
    assert server.http.post(f"/v1/candidates/{family['candidates']}/restore").status_code == 200
    assert server.http.get(f"/v1/assessments/{family['assessments']}").status_code == 404
    assert server.http.get(f"/v1/sessions/{family['sessions']}").status_code == 200


def test_restore_onto_a_taken_place(server, candidate):
    email = f"{uuid.uuid4()}@example.org"
    first = create(server, "candidates", {"full_name": "A", "email": email})["id"]
    server.http.delete(f"/v1/candidates/{first}").raise_for_status()
    create(server, "candidates", {"full_name": "B", "email": email})
    taken = server.http.post(f"/v1/candidates/{first}/restore")
    assert taken.status_code == 409 and pointers(taken) == {"/email": "taken"}

    resume = create(server, "resumes", {"candidate_id": candidate})["id"]
    server.http.delete(f"/v1/resumes/{resume}").raise_for_status()
    create(server, "resumes", {"candidate_id": candidate})
    assert server.http.post(f"/v1/resumes/{resume}/restore").json()["is_current"] is False


def test_nothing_lives_below_what_is_in_the_trash(server, candidate):
    interview = create(server, "interviews", {"candidate_id": candidate, "title": "t"})["id"]
    resume = create(server, "resumes", {"candidate_id": candidate})["id"]
    acts = [
        lambda c: c.delete(f"/v1/candidates/{candidate}"),
        lambda c: c.post(f"/v1/candidates/{candidate}/restore"),
        lambda c: c.post("/v1/interviews", json={"candidate_id": candidate, "title": "x"}),
        lambda c: c.post("/v1/resumes", json={"candidate_id": candidate}),
        lambda c: c.delete(f"/v1/interviews/{interview}"),
        lambda c: c.post(f"/v1/interviews/{interview}/restore"),
        lambda c: c.patch(f"/v1/resumes/{resume}", content=b'{"is_current":true}', headers=dict(MERGE, **{"If-Match": "*"})),
    ]
    answers = at_once(server, lambda c, w, i: random.Random(w * 1000 + i).choice(acts)(c), workers=6, rounds=20)
    assert {a.status_code for a in answers} <= {200, 201, 204, 404, 409}
    server.http.delete(f"/v1/candidates/{candidate}")
    for resource in ("interviews", "resumes"):
        assert server.http.get(f"/v1/{resource}", params={"candidate_id": f"eq.{candidate}"}).json()["items"] == []


# ---------------------------------------------------------------- repeated requests

def test_a_repeated_request_gets_the_first_answer(server):
    key, body = {"Idempotency-Key": str(uuid.uuid4())}, {"full_name": "once"}
    first = server.http.post("/v1/candidates", json=body, headers=key)
    again = server.http.post("/v1/candidates", json=body, headers=key)
    assert again.content == first.content and again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    other = server.http.post("/v1/candidates", json={"full_name": "twice"}, headers=key)
    assert other.status_code == 422 and other.json()["code"] == "idempotency-mismatch"


def test_a_refused_request_may_be_tried_again(server, candidate):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    server.http.delete(f"/v1/candidates/{candidate}").raise_for_status()
    assert server.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "t"}, headers=key).status_code == 409
    server.http.post(f"/v1/candidates/{candidate}/restore").raise_for_status()
    assert server.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "t"}, headers=key).status_code == 201


def test_repeated_at_once_it_happens_once(server):
    keys = [str(uuid.uuid4()) for _ in range(5)]
    answers = at_once(server, lambda c, w, i: (i, c.post("/v1/candidates", json={"full_name": "race"}, headers={"Idempotency-Key": keys[i]})),
                      rounds=len(keys))
    made = collections.defaultdict(set)
    for i, answer in answers:
        assert answer.status_code == 201 or answer.json()["code"] == "idempotency-in-flight", answer.text
        if answer.status_code == 201:
            made[i].add(answer.json()["id"])
    assert [len(made[i]) for i in range(len(keys))] == [1] * len(keys)


# ---------------------------------------------------------------- files

def test_a_file_comes_back_byte_for_byte(server, candidate):
    resume = create(server, "resumes", {"candidate_id": candidate})["id"]
    path, content = f"/v1/resumes/{resume}/file", bytes(range(256)) * 5000
    assert server.http.get(path).status_code == 404
    put = server.http.put(path, content=content, params={"name": "Lebenslauf ü.pdf"}, headers={"Content-Type": "application/pdf"})
    assert put.status_code == 201 and put.json()["file_bytes"] == len(content) and put.json()["version"] == 2
    again = server.http.put(path, content=content, params={"name": "Lebenslauf ü.pdf"}, headers={"Content-Type": "application/pdf"})
    assert again.status_code == 200 and again.json()["version"] == 2
    got = server.http.get(path)
    assert got.content == content and got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Lebenslauf%20%C3%BC.pdf")
    assert got.headers["ETag"].strip('"') == hashlib.sha256(content).hexdigest()
    assert server.http.get(path, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


RANGES = [("bytes=0-0", slice(0, 1)), ("bytes=2-5", slice(2, 6)), ("bytes=7-", slice(7, None)), ("bytes=-3", slice(-3, None)),
          ("bytes=-99", slice(None)), ("bytes=3-99", slice(3, None))]


def test_ranges(server, candidate):
    path, content = f"/v1/resumes/{create(server, 'resumes', {'candidate_id': candidate})['id']}/file", b"0123456789"
    server.http.put(path, content=content, headers={"Content-Type": "text/plain"}).raise_for_status()
    for header, part in RANGES:
        answer = server.http.get(path, headers={"Range": header})
        assert answer.status_code == 206 and answer.content == content[part], header
        assert answer.headers["Content-Range"].endswith("/10")
    assert server.http.get(path, headers={"Range": "bytes=10-"}).status_code == 416
    assert server.http.get(path, headers={"Range": "bytes=0-1,4-5"}).content == content


def test_keys_that_are_over_go_away_by_themselves(keelson):
    k = keelson()
    with psycopg.connect(host=(k.data_dir / "postmaster.pid").read_text().splitlines()[4], user="keelson_super", dbname="keelson",
                         autocommit=True) as db:
        for i in range(5):
            create(k, "candidates", {"full_name": f"{i}"}, **{"Idempotency-Key": f"old-{i}"})
        db.execute("UPDATE keelson.idempotency_keys SET expires_at = now() - interval '2 hours'")
        create(k, "candidates", {"full_name": "new"}, **{"Idempotency-Key": "new"})
        assert [key for key, in db.execute("SELECT key FROM keelson.idempotency_keys")] == ["new"]
