"""Checkpoints of LangGraph threads over HTTP: bytes come back, equal values are stored once, who was overtaken is told."""
# SPDX-License-Identifier: Apache-2.0

import base64
import concurrent.futures
import json
import random
import uuid

import httpx
import psycopg
import pytest
from bare import Bare
from harness import Keelson
from hypothesis import given
from hypothesis import strategies as st

BASE = "/v1/checkpoints"


def b64(data):
    return base64.b64encode(data).decode()


def name():
    return f"t-{uuid.uuid4()}"


def body(thread, id, parent=None, values=None, **more):
    """A checkpoint whose channels in `values` (name: (version, bytes or None)) changed."""
    values = {} if values is None else values
    return {"thread_id": thread, "checkpoint_id": id, "parent_checkpoint_id": parent, "type": "json", "checkpoint": b64(b"{}"),
            "channel_versions": {k: v for k, (v, _) in values.items()},
            "channels": {k: {"type": "x", "content": c if c is None else b64(c)} for k, (_, c) in values.items()}} | more


def put(server, *args, http=None, **more):
    return (http or server.http).post(BASE, json=body(*args, **more))


def read(server, thread, http=None, **more):
    return (http or server.http).get(f"{BASE}/tuple", params={"thread_id": thread} | more)


def ids(server, http=None, **params):
    """The identifiers of a list, page by page."""
    found, cursor = [], {}
    while cursor is not None:
        answer = (http or server.http).get(BASE, params=params | cursor)
        assert answer.status_code == 200, answer.text
        found += [i["checkpoint_id"] for i in answer.json()["items"]]
        cursor = {"cursor": answer.json()["next"]} if answer.json()["next"] else None
    return found


def pointers(answer):
    assert answer.status_code == 422, answer.text
    return {e["pointer"]: e["code"] for e in answer.json()["errors"]}


# ---------------------------------------------------------------- bytes

def test_a_checkpoint_comes_back(server):
    t, every = name(), bytes(range(256))
    more = {"checkpoint": b64(every), "metadata": {"step": -1, "n": 1.10}, "metadata_type": "ü/tag", "metadata_bytes": b64(b"\0m"), "run_id": "r"}
    assert put(server, t, "1", values={"a": (1, every), "empty": ("v", None), "nothing": (2, b"")}, **more).status_code == 201
    got = read(server, t).json()
    assert base64.b64decode(got["checkpoint"]) == every and got["metadata_type"] == "ü/tag" and got["metadata_bytes"] == b64(b"\0m")
    assert got["channels"] == {"a": {"version": "1", "type": "x", "content": b64(every)}, "empty": {"version": "v", "type": "x", "content": None},
                               "nothing": {"version": "2", "type": "x", "content": ""}}
    assert got["channel_versions"] == {"a": 1, "empty": "v", "nothing": 2} and got["parent_checkpoint_id"] is None and got["writes"] == []


@given(tag=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
       channel=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60), content=st.binary(max_size=300))
def test_any_tag_any_channel_any_bytes(shared_server, tag, channel, content):
    t, more = name(), {"channels": {channel: {"type": tag, "content": b64(content)}}, "channel_versions": {channel: 1}}
    assert put(shared_server, t, "1", **more).status_code == 201
    assert read(shared_server, t).json()["channels"] == {channel: {"version": "1", "type": tag, "content": b64(content)}}


def test_channels_an_ancestor_wrote_belong_to_it(server):
    t = name()
    put(server, t, "1", values={"a": (1, b"a1"), "b": (1, b"b1")})
    versions = {"a": 2, "b": 1}
    assert put(server, t, "2", "1", values={"a": (2, b"a2")}, channel_versions=versions).status_code == 201
    assert {k: v["content"] for k, v in read(server, t).json()["channels"].items()} == {"a": b64(b"a2"), "b": b64(b"b1")}
    assert {k: v["content"] for k, v in read(server, t, checkpoint_id="1").json()["channels"].items()} == {"a": b64(b"a1"), "b": b64(b"b1")}


def test_a_version_that_is_given_twice_has_the_later_value(server):
    t = name()
    for id, value in (("1", b"one"), ("2", b"two")):
        assert put(server, t, id, values={"a": (1, value)}).status_code == 201
    assert read(server, t).json()["channels"]["a"]["content"] == b64(b"two")


# ---------------------------------------------------------------- order and lists

def test_the_newest_is_the_greatest_by_code_points(server):
    t = name()
    for id in ("10", "9", "Z", "a", "é", "z"):
        assert put(server, t, id).status_code == 201
    assert ids(server, thread_id=t, limit=2) == ["é", "z", "a", "Z", "9", "10"]
    assert read(server, t).json()["checkpoint_id"] == "é" and read(server, t).json()["newest"] is True
    assert read(server, t, checkpoint_id="z").json()["newest"] is False
    assert ids(server, thread_id=t, before="Z") == ["9", "10"] and ids(server, thread_id=t, checkpoint_id="a") == ["a"]


def test_lists_are_of_a_thread_a_namespace_or_everything(server):
    t, u, mark = name(), name(), str(uuid.uuid4())
    for thread, ns, id in ((t, "", "1"), (t, "child|1", "1"), (u, "", "2"), (u, "child|1", "3")):
        put(server, thread, id, checkpoint_ns=ns, metadata={"mark": mark})
    mine = json.dumps({"mark": mark})
    assert ids(server, metadata=mine, limit=1) == ["3", "2", "1", "1"]
    assert ids(server, metadata=mine, checkpoint_ns="") == ["2", "1"]
    assert ids(server, thread_id=t, checkpoint_ns="child|1") == ["1"]
    assert read(server, t).json()["checkpoint_ns"] == "" and read(server, t, checkpoint_ns="other").status_code == 404


def test_metadata_is_compared_whole_and_by_value(server):
    t = name()
    put(server, t, "1", metadata={"source": "loop", "n": 1, "o": {"a": 1, "b": 2}, "l": [1, 2]})
    put(server, t, "2", metadata={"source": "input", "z": None})
    for wanted, found in (({}, ["2", "1"]), ({"source": "loop"}, ["1"]), ({"n": 1.0}, ["1"]), ({"o": {"a": 1}}, []), ({"o": {"b": 2, "a": 1}}, ["1"]),
                          ({"l": [2]}, []), ({"source": "loop", "n": 2}, []), ({"z": None}, ["2", "1"]), ({"'": "\\\" or 1=1"}, [])):
        assert ids(server, thread_id=t, metadata=json.dumps(wanted)) == found, wanted


def test_a_page_ends_where_an_answer_would_be_too_large(server):
    t, big = name(), random.Random(1).randbytes(5 << 20)
    for i in range(4):
        values = {"a": (i, big[i:])}
        assert put(server, t, str(i), values=values).status_code == 201
    first = server.http.get(BASE, params={"thread_id": t}).json()
    assert len(first["items"]) == 1 and first["next"]
    assert ids(server, thread_id=t) == ["3", "2", "1", "0"]


# ---------------------------------------------------------------- writers

def test_who_was_overtaken_is_refused_and_stores_nothing(server):
    t = name()
    assert put(server, t, "1", expect_newest=True).status_code == 201
    assert put(server, t, "2", "1", expect_newest=True).status_code == 201
    for id, parent in (("3", "1"), ("3", None), ("3", "no"), ("1x", "2")):
        answer = put(server, t, id, parent, values={"a": (1, b"lost")}, expect_newest=True)
        assert answer.status_code == 409 and answer.json()["code"] == "stale-checkpoint", answer.text
        assert answer.json()["newest_checkpoint_id"] == "2" and answer.json()["retryable"] is False
    assert ids(server, thread_id=t) == ["2", "1"]
    assert put(server, t, "2", "1", expect_newest=True).status_code == 200             # its answer was lost: the same again
    assert put(server, t, "2", "1", checkpoint=b64(b"{ }"), expect_newest=True).status_code == 409      # not the same: of another writer
    assert put(server, t, "4", "1").status_code == 201                                 # a branch on purpose
    assert put(server, t, "5", "2", expect_newest=True).json()["newest_checkpoint_id"] == "4"
    assert put(server, t, "5", "2", expect_newest=True, checkpoint_ns="other").json()["newest_checkpoint_id"] is None


def test_an_older_epoch_is_refused(server):
    t = name()
    assert put(server, t, "1", writer_epoch=2).status_code == 201
    for epoch in (0, 1):
        assert put(server, t, "2", "1", writer_epoch=epoch).json()["code"] == "stale-checkpoint"
    assert put(server, t, "2", "1", writer_epoch=2).status_code == 201 and put(server, t, "3", "2", writer_epoch=3).status_code == 201


@pytest.mark.parametrize("begun", [False, True])
def test_of_writers_at_once_one_goes_first(server, begun):
    t, parent = name(), "0" if begun else None
    if begun:
        put(server, t, "0")

    def work(i):
        with httpx.Client(base_url=server.url, timeout=30) as http:
            return put(server, t, f"1{i}", parent, values={"a": (f"v{i}", b"same")}, http=http, expect_newest=True).status_code
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(16)))
    assert sorted(answers) == [201] + 15 * [409]
    assert len(ids(server, thread_id=t)) == 1 + begun


def test_chains_of_writers_at_once_lose_nothing(server):
    """Every writer appends to what it has read; in the end the value has everything that was acknowledged."""
    t = name()

    def work(w):
        done = []
        with httpx.Client(base_url=server.url, timeout=30) as http:
            while len(done) < 5:
                now = read(server, t, http=http)
                before = base64.b64decode(now.json()["channels"]["a"]["content"]) if now.status_code == 200 else b""
                parent = now.json()["checkpoint_id"] if now.status_code == 200 else None
                mark, count = f"{w}.{len(done)};".encode(), before.count(b";")
                answer = put(server, t, f"{count:06}", parent, values={"a": (f"{count}.{w}", before + mark)}, http=http, expect_newest=True)
                assert answer.status_code in (201, 409), answer.text
                done += [mark.decode()] if answer.status_code == 201 else []
        return done
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        marks = [m for done in pool.map(work, range(6)) for m in done]
    assert len(marks) == 30
    final = base64.b64decode(read(server, t).json()["channels"]["a"]["content"]).decode()
    assert sorted(final.strip(";").split(";")) == sorted(m.strip(";") for m in marks)


# ---------------------------------------------------------------- pending writes

def write(server, thread, id, task, *writes, **more):
    answer = server.http.post(f"{BASE}/writes", json={"thread_id": thread, "checkpoint_id": id, "task_id": task,
                                                      "writes": [{"channel": c, "type": "x", "content": b64(v)} for c, v in writes]} | more)
    assert answer.status_code == 204, answer.text


def test_writes_are_ordered_and_the_first_stays(server):
    t = name()
    write(server, t, "1", "k2", ("a", b"1"), ("b", b"\0"), task_path="p2")             # before its checkpoint
    put(server, t, "1")
    write(server, t, "1", "k1", ("a", b"1"), task_path="p2")
    write(server, t, "1", "k3", ("a", b"1"), task_path="p1")
    write(server, t, "1", "k3", ("z", b"2"), task_path="p9")
    got = [(w["task_path"], w["task_id"], w["idx"], w["channel"], w["content"]) for w in read(server, t).json()["writes"]]
    assert got == [("p1", "k3", 0, "a", b64(b"1")), ("p2", "k1", 0, "a", b64(b"1")), ("p2", "k2", 0, "a", b64(b"1")), ("p2", "k2", 1, "b", b64(b"\0"))]


def test_special_channels_have_places_and_replace(server):
    t = name()
    put(server, t, "1")
    write(server, t, "1", "k", ("__error__", b"1"), ("__interrupt__", b"1"), ("__resume__", b"1"), ("__scheduled__", b"1"))
    write(server, t, "1", "k", ("__resume__", b"2"))
    write(server, t, "1", "k", ("__error__", b"3"), ("a", b"3"))                       # not all are special: none replaces
    got = {w["channel"]: (w["idx"], w["content"]) for w in read(server, t).json()["writes"]}
    assert got == {"__error__": (-1, b64(b"1")), "__scheduled__": (-2, b64(b"1")), "__interrupt__": (-3, b64(b"1")), "__resume__": (-4, b64(b"2")),
                   "a": (1, b64(b"3"))}


# ---------------------------------------------------------------- values are shared; removal

def database(k):
    """The server the program runs, as its superuser."""
    place = (k.data_dir / "postmaster.pid").read_text().splitlines()[4]
    return psycopg.connect(host=place, user="keelson_super", dbname="keelson", autocommit=True)


def blobs(server):
    with database(server) as db:
        return db.execute("SELECT count(*), coalesce(sum(octet_length(content)), 0)::int8 FROM keelson.checkpoint_blobs").fetchone()


def test_an_unchanged_value_is_stored_once(keelson):
    k, value = keelson(), random.Random(2).randbytes(100_000)
    for t in ("t", "u"):
        for i in range(10):                                                            # a new version of the same bytes, every time
            assert put(k, t, str(i), values={"a": (i, value)}).status_code == 201
    assert blobs(k) == (1, 100_000)
    assert k.http.post(f"{BASE}/copy", json={"from": "t", "to": "w"}).json() == {"checkpoints": 10}
    assert blobs(k) == (1, 100_000)
    for left, t in enumerate(("u", "t")):
        assert k.http.delete(BASE, params={"thread_id": t}).status_code == 204
        assert blobs(k)[0] == 1
    assert len(ids(k, thread_id="w")) == 10 and read(k, "w").json()["channels"]["a"]["content"] == b64(value)
    assert k.http.delete(BASE, params={"thread_id": "w"}).status_code == 204
    assert blobs(k) == (0, 0)
    with database(k) as db:
        for table in ("checkpoints", "checkpoint_channels", "checkpoint_writes"):
            assert db.execute(f"SELECT count(*) FROM keelson.{table}").fetchone() == (0,)


def test_deleting_takes_one_thread_with_all_namespaces(server):
    t, u = name(), name()
    for thread in (t, u):
        for ns in ("", "child"):
            put(server, thread, "1", values={"a": (1, thread.encode())}, checkpoint_ns=ns)
            write(server, thread, "1", "k", ("a", b"1"), checkpoint_ns=ns)
    assert server.http.delete(BASE, params={"thread_id": t}).status_code == 204
    assert ids(server, thread_id=t) == [] and len(ids(server, thread_id=u)) == 2
    got = read(server, u, checkpoint_ns="child").json()
    assert got["writes"] and got["channels"]["a"]["content"] == b64(u.encode())
    assert server.http.delete(BASE, params={"thread_id": t}).status_code == 204        # again: nothing to do


def prune(server, **body):
    return server.http.post(f"{BASE}/prune", json=body)


def test_pruning_keeps_the_newest_of_each_namespace_whole(server):
    t = name()
    for ns in ("", "child"):
        put(server, t, "1", values={"a": (1, b"a"), "b": (1, b"b")}, checkpoint_ns=ns)
        put(server, t, "2", "1", values={"a": (2, b"A")}, channel_versions={"a": 2, "b": 1}, checkpoint_ns=ns)
        write(server, t, "1", "k", ("a", b"1"), checkpoint_ns=ns)
        write(server, t, "2", "k", ("a", b"2"), checkpoint_ns=ns)
    assert prune(server, thread_ids=[t]).json() == {"checkpoints": 2}
    for ns in ("", "child"):
        assert ids(server, thread_id=t, checkpoint_ns=ns) == ["2"]
        got = read(server, t, checkpoint_ns=ns).json()
        assert {k: v["content"] for k, v in got["channels"].items()} == {"a": b64(b"A"), "b": b64(b"b")} and len(got["writes"]) == 1
    assert prune(server, thread_ids=[t], strategy="delete").json() == {"checkpoints": 2} and ids(server, thread_id=t) == []


def test_what_runs_wrote_can_be_removed(server):
    t, run, other = name(), name(), name()
    put(server, t, "1", values={"a": (1, b"a"), "b": (1, b"b")}, run_id=other)
    put(server, t, "2", "1", values={"a": (2, b"A")}, channel_versions={"a": 2, "b": 1}, run_id=run)
    assert prune(server, run_ids=[run, "none"]).json() == {"checkpoints": 1}
    assert ids(server, thread_id=t) == ["1"] and set(read(server, t).json()["channels"]) == {"a", "b"}


def test_a_copy_is_whole_and_does_not_mix(server):
    t, u = name(), name()
    put(server, t, "1", values={"a": (1, b"a")})
    put(server, t, "2", "1", channel_versions={"a": 1}, checkpoint_ns="child")
    write(server, t, "1", "k", ("a", b"1"))
    copy = {"from": t, "to": u}
    assert server.http.post(f"{BASE}/copy", json=copy).status_code == 201
    a, b = read(server, t).json(), read(server, u).json()
    assert b["thread_id"] == u and {k: v for k, v in a.items() if k not in ("thread_id", "created_at")} == {
        k: v for k, v in b.items() if k not in ("thread_id", "created_at")}
    assert server.http.post(f"{BASE}/copy", json=copy).json()["code"] == "conflict"
    assert server.http.post(f"{BASE}/copy", json={"from": name(), "to": name()}).status_code == 404


def test_removal_and_writers_of_the_same_values_do_not_collide(server):
    t = name()
    shared = b"shared by all " + t.encode()

    def writer(w):
        with httpx.Client(base_url=server.url, timeout=30) as http:
            return [put(server, f"{t}-{w}-{i}", "1", values={"a": (1, shared)}, http=http).status_code for i in range(20)]

    def remover(w):
        with httpx.Client(base_url=server.url, timeout=30) as http:
            return [http.delete(BASE, params={"thread_id": f"{t}-{w}-{i}"}).status_code for i in range(20)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        work = [pool.submit(f, w) for w in range(3) for f in (writer, remover)]
        answers = {s for f in work for s in f.result()}
    assert answers <= {201, 204}
    for w in range(3):
        for i in range(20):
            got = read(server, f"{t}-{w}-{i}")
            assert got.status_code == 404 or got.json()["channels"]["a"]["content"] == b64(shared)


# ---------------------------------------------------------------- bad input

@pytest.mark.parametrize("change, fault", [
    ({"thread_id": None}, {"/thread_id": "type"}),
    ({"thread_id": ""}, {"/thread_id": "too-short"}),
    ({"thread_id": 7}, {"/thread_id": "type"}),
    ({"thread_id": "x" * 513}, {"/thread_id": "too-large"}),
    ({"thread_id": "a\0b"}, {"/thread_id": "unstorable"}),
    ({"checkpoint_id": None}, {"/checkpoint_id": "type"}),
    ({"checkpoint": "%%"}, {"/checkpoint": "format.base64"}),
    ({"checkpoint": {}}, {"/checkpoint": "type"}),
    ({"channels": {"b": {"content": ""}}}, {"/channels/b": "reference"}),
    ({"channels": {"a": {"content": "?"}, "b": 3}, "channel_versions": {"a": True, "b/c": {}}},
     {"/channels/a/content": "format.base64", "/channels/b": "type", "/channel_versions/a": "type", "/channel_versions/b~1c": "type"}),
    ({"metadata": []}, {"/metadata": "type"}),
    ({"metadata": {"a": {"b": "\ud800"}}}, {"/metadata/a/b": "unstorable"}),
    ({"expect_newest": "yes", "nonsense": 1}, {"/expect_newest": "type", "/nonsense": "unknown"}),
])
def test_a_checkpoint_that_is_none_is_refused_with_its_faults(server, change, fault):
    t = name()
    answer = server.http.post(BASE, content=json.dumps(body(t, "1", values={"a": (1, b"")}) | change), headers={"Content-Type": "application/json"})
    assert pointers(answer) == fault
    assert ids(server, thread_id=t) == []


def test_a_checkpoint_without_thread_is_refused(server):
    assert pointers(server.http.post(BASE, json={"checkpoint": ""})) == {"/thread_id": "required", "/checkpoint_id": "required"}


def test_writes_that_are_none_are_refused_whole(server):
    t = name()
    put(server, t, "1")
    good, bad = {"channel": "a", "type": "x", "content": ""}, {"channel": "", "content": "?"}
    whole = {"thread_id": t, "checkpoint_id": "1", "task_id": "k", "writes": [good, bad]}
    assert pointers(server.http.post(f"{BASE}/writes", json=whole)) == {"/writes/1/channel": "too-short", "/writes/1/content": "format.base64"}
    assert pointers(server.http.post(f"{BASE}/writes", json={"writes": []})) == {
        "/thread_id": "required", "/checkpoint_id": "required", "/task_id": "required", "/writes": "count"}
    assert read(server, t).json()["writes"] == []


@pytest.mark.parametrize("method, path, params, word", [
    ("GET", "/tuple", {}, "thread_id"), ("GET", "/tuple", {"thread_id": "t", "x": "1"}, "x"), ("GET", "", {"limit": "0"}, "limit"),
    ("GET", "", {"limit": "201"}, "limit"), ("GET", "", {"cursor": "x"}, "cursor"), ("GET", "", {"metadata": "[]"}, "metadata"),
    ("GET", "", {"metadata": '{"a":"\\u0000"}'}, "metadata"), ("GET", "", {"before": "x" * 257}, "before"),
    ("DELETE", "", {}, "thread_id"), ("DELETE", "", {"thread_id": "x" * 513}, "thread_id"),
])
def test_questions_that_are_wrong_name_what(server, method, path, params, word):
    answer = server.http.request(method, BASE + path, params=params)
    assert answer.status_code == 400 and word in answer.json()["detail"], answer.text


def test_prune_wants_to_know_what(server):
    assert pointers(prune(server)) == {"/thread_ids": "required"}
    assert pointers(prune(server, thread_ids=["", 1], strategy="all")) == {"/strategy": "enum", "/thread_ids/0": "too-short", "/thread_ids/1": "type"}


def test_paths_take_their_methods_only(server):
    for method, path, allowed in (("PATCH", "", "GET, HEAD, POST, DELETE"), ("DELETE", "/tuple", "GET, HEAD"), ("GET", "/writes", "POST")):
        answer = server.http.request(method, BASE + path)
        assert answer.status_code == 405 and answer.headers["Allow"] == allowed, (path, answer.text)


# ---------------------------------------------------------------- whose they are

def test_organizations_and_scopes_are_kept_apart():
    with Bare() as pg:
        place = pg.place()
        place.init()
        for org in ("one", "two"):
            assert place.run("org", "create", org).returncode == 0
        keys = {"one": place.key("--org", "one"), "two": place.key("--org", "two"),
                "reader": place.key("--org", "one", "--scopes", "checkpoints:read")}
        with Keelson(folder=place.folder, env={"DATABASE_URL": place.env()["DATABASE_URL"]}) as k:
            http = {w: httpx.Client(base_url=k.url, headers={"Authorization": f"Bearer {key}"}) for w, key in keys.items()}
            for who in ("one", "two"):
                assert put(k, "t", "1", values={"a": (1, who.encode()), "same": (1, b"same")}, http=http[who], expect_newest=True).status_code == 201
            assert read(k, "t", http=http["two"]).json()["channels"]["a"]["content"] == b64(b"two")
            assert http["two"].delete(BASE, params={"thread_id": "t"}).status_code == 204
            assert read(k, "t", http=http["two"]).status_code == 404 and ids(k, http=http["two"]) == []
            assert read(k, "t", http=http["reader"]).json()["channels"]["same"]["content"] == b64(b"same")
            refused = put(k, "t", "2", "1", http=http["reader"])
            assert refused.status_code == 403 and "checkpoints:write" in refused.json()["detail"]
            assert http["reader"].delete(BASE, params={"thread_id": "t"}).status_code == 403
