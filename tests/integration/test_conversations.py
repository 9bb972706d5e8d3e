"""Messages of a session and its memory: numbered without gaps, repeated without harm, given back exactly."""
# SPDX-License-Identifier: Apache-2.0

import concurrent.futures
import json
import uuid
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def session(server):
    candidate = server.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()["id"]
    interview = server.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "Engines"}).json()["id"]
    return server.http.post("/v1/sessions", json={"interview_id": interview}).json()["id"]


def append(server, session, body, **headers):
    return server.http.post(f"/v1/sessions/{session}/messages", json=body, headers=headers)


def messages(server, session, **params):
    answer = server.http.get(f"/v1/sessions/{session}/messages", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def user(content, **more):
    return {"role": "user", "content": content} | more


# ---- append --------------------------------------------------------------------------------------------------------


def test_one_several_and_wrapped_are_numbered_in_order(server, session):
    assert append(server, session, user("one")).json()["last_seq"] == 1
    assert [m["seq"] for m in append(server, session, [user("two"), user("three")]).json()["items"]] == [2, 3]
    assert append(server, session, {"messages": [user("four")], "expect_last_seq": 3}).json()["last_seq"] == 4
    assert [m["content"] for m in messages(server, session)["items"]] == ["one", "two", "three", "four"]


def test_the_session_follows_but_its_version_does_not_change(server, session):
    before = server.http.get(f"/v1/sessions/{session}")
    append(server, session, [user("a", input_tokens=3), user("b", output_tokens=4)])
    after = server.http.get(f"/v1/sessions/{session}")
    assert (before.headers["ETag"], after.headers["ETag"]) == ('"v1-0"', '"v1-2"')
    assert after.json()["status"] == "active" and after.json()["started_at"]
    assert (after.json()["message_count"], after.json()["token_count"]) == (2, 7)


def test_a_repeated_client_message_id_returns_the_first_result(server, session):
    first = append(server, session, user("hello", client_message_id="m1"))
    again = append(server, session, user("something else", client_message_id="m1"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


def test_a_retry_that_was_half_new_adds_only_what_is_new(server, session):
    append(server, session, user("a", client_message_id="a"))
    both = append(server, session, [user("a", client_message_id="a"), user("b", client_message_id="b")])
    assert both.status_code == 201
    assert [(m["seq"], m["content"]) for m in both.json()["items"]] == [(1, "a"), (2, "b")]


def test_who_has_not_seen_the_newest_is_told_what_was_missed(server, session):
    append(server, session, [user("a"), user("b"), user("c")])
    late = append(server, session, {"messages": [user("late")], "expect_last_seq": 1})
    assert late.status_code == 409 and late.json()["code"] == "stale-seq"
    assert late.json()["last_seq"] == 3 and [m["content"] for m in late.json()["missed"]] == ["b", "c"]
    assert messages(server, session)["last_seq"] == 3


def test_a_retry_with_an_expectation_is_recognised_although_the_conversation_moved_on(server, session):
    body = {"messages": [user("x", client_message_id="x")], "expect_last_seq": 0}
    first = append(server, session, body)
    append(server, session, user("y"))
    assert append(server, session, body).json()["items"] == first.json()["items"]


def test_all_or_nothing(server, session):
    refused = append(server, session, [user("good"), {"role": "nobody", "content": 1, "colour": "red"}, {}])
    assert refused.status_code == 422
    assert {f["pointer"] for f in refused.json()["errors"]} >= {"/1/role", "/1/content", "/1/colour", "/2/role"}
    assert messages(server, session)["items"] == []


@pytest.mark.parametrize("body, pointer", [
    ([], ""),
    ([user("x")] * 101, ""),
    ({"messages": []}, "/messages"),
    ({"messages": "x"}, "/messages"),
    ({"messages": [user("x")], "expect_last_seq": -1}, "/expect_last_seq"),
    ({"messages": [user("x")], "expect_last_seq": "1"}, "/expect_last_seq"),
    ({"messages": [user("x")], "expected": 1}, "/expected"),
    ([user("x", client_message_id="same"), user("y", client_message_id="same")], "/1/client_message_id"),
    (user("x", seq=5), "/seq"),
    (user("x", original="AAAA"), "/original"),
    (user("x", metadata={"big": 10 ** 1200}), "/metadata"),
    ("text", ""),
])
def test_what_is_no_message_is_refused_with_its_place(server, session, body, pointer):
    answer = append(server, session, body)
    assert answer.status_code == 422, answer.text
    assert any(f["pointer"].startswith(pointer) for f in answer.json()["errors"]), answer.text
    assert messages(server, session)["last_seq"] == 0


def test_ended_sessions_take_no_messages(server, session):
    append(server, session, user("a"))
    assert server.http.post(f"/v1/sessions/{session}/transitions", json={"to": "completed"}).status_code == 200
    refused = append(server, session, user("b"))
    assert refused.status_code == 409 and refused.json()["code"] == "session-closed"


def test_trashed_and_unknown_sessions_are_not_there(server, session):
    append(server, session, user("a"))
    server.http.delete(f"/v1/sessions/{session}")
    for gone in (session, str(uuid.uuid4()), "not-a-uuid"):
        assert append(server, gone, user("b")).status_code == 404
        assert server.http.get(f"/v1/sessions/{gone}/messages").status_code == 404
        assert server.http.get(f"/v1/sessions/{gone}/messages/1").status_code == 404
        assert server.http.get(f"/v1/sessions/{gone}/memory").status_code == 404
    server.http.post(f"/v1/sessions/{session}/restore")
    assert messages(server, session)["last_seq"] == 1


def test_idempotency_key_replays_the_append(server, session):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = append(server, session, user("a"), **key)
    again = append(server, session, user("a"), **key)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json() and again.headers["Idempotent-Replayed"] == "true"
    assert append(server, session, user("b"), **key).status_code == 422
    assert messages(server, session)["last_seq"] == 1


def test_many_writers_leave_no_gap_and_no_double(server, session):
    def write(i):
        answer = append(server, session, user(f"w{i}", client_message_id=f"w{i % 40}"))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["items"][0]["seq"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        seqs = list(pool.map(write, range(80)))
    assert sorted(set(seqs)) == list(range(1, 41))
    assert [m["seq"] for m in messages(server, session, limit=200)["items"]] == list(range(1, 41))


def test_of_many_with_the_same_expectation_one_wins(server, session):
    def write(i):
        return append(server, session, {"messages": [user(f"w{i}")], "expect_last_seq": 0}).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(write, range(16)))
    assert sorted(statuses) == [201] + [409] * 15


# ---- windows -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ten(server, session):
    append(server, session, [user(f"{i}") if i % 2 else {"role": "assistant", "content": f"{i}"} for i in range(1, 11)])
    return session


@pytest.mark.parametrize("params, seqs", [
    ({}, range(1, 11)),
    ({"tail": 3}, [8, 9, 10]),
    ({"tail": 200}, range(1, 11)),
    ({"after_seq": 8}, [9, 10]),
    ({"after_seq": 2, "limit": 2}, [3, 4]),
    ({"before_seq": 4}, [1, 2, 3]),
    ({"before_seq": 9, "limit": 2}, [7, 8]),
    ({"after_seq": 2, "before_seq": 5}, [3, 4]),
    ({"role": "assistant", "tail": 2}, [8, 10]),
    ({"role": "tool"}, []),
    ({"after_seq": 10}, []),
])
def test_windows(server, ten, params, seqs):
    assert [m["seq"] for m in messages(server, ten, **params)["items"]] == list(seqs)


def test_cursors_lead_through_everything_both_ways(server, ten):
    for start, way, expected in (({"limit": 3}, "next", list(range(1, 11))), ({"tail": 3}, "prev", list(range(1, 11)))):
        page, seen = messages(server, ten, **start), []
        while True:
            items = [m["seq"] for m in page["items"]]
            seen = seen + items if way == "next" else items + seen
            if page[way] is None:
                break
            page = messages(server, ten, cursor=page[way], limit=3)
        assert seen == expected


@pytest.mark.parametrize("params", [
    {"tail": 0}, {"tail": 201}, {"limit": "x"}, {"after_seq": -1}, {"before_seq": 0}, {"cursor": "zz"}, {"cursor": "a1", "tail": 2},
    {"tail": 1, "limit": 1}, {"role": "nobody"}, {"colour": "red"},
])
def test_a_window_that_cannot_be_is_refused(server, session, params):
    answer = server.http.get(f"/v1/sessions/{session}/messages", params=params)
    assert answer.status_code == 400 and answer.json()["code"] == "invalid-parameter"
    assert next(iter(params)) in answer.json()["detail"]


def test_one_message(server, ten):
    assert server.http.get(f"/v1/sessions/{ten}/messages/7").json()["content"] == "7"
    by_id = messages(server, ten)["items"][6]
    assert server.http.get(f"/v1/messages/{by_id['id']}").json() == by_id
    for seq in ("0", "11", "x", "-1", "9" * 30):
        assert server.http.get(f"/v1/sessions/{ten}/messages/{seq}").status_code == 404


def test_messages_live_in_their_session_only(server, ten):
    message = messages(server, ten)["items"][0]["id"]
    assert server.http.post("/v1/messages", json=user("x")).status_code == 405
    assert server.http.delete(f"/v1/messages/{message}").status_code == 405
    assert server.http.patch(f"/v1/messages/{message}", json={}, headers={"If-Match": "*"}).status_code == 405


# ---- exactness -----------------------------------------------------------------------------------------------------

text = st.text(st.characters(codec=None), max_size=60)          # every code point: U+0000, lone surrogates, the astral planes
numbers = st.one_of(st.integers(-10 ** 30, 10 ** 30), st.floats(allow_nan=False, allow_infinity=False))
documents = st.recursive(st.none() | st.booleans() | numbers | text, lambda inner: st.lists(inner, max_size=4) |
                         st.dictionaries(text, inner, max_size=4), max_leaves=12)


def exact(text):
    """JSON with its numbers as they are written, not as the nearest double."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=text, parts=st.none() | st.lists(st.dictionaries(text, documents, max_size=3), max_size=3), name=st.sampled_from([None, "Zoë"]))
def test_content_comes_back_exactly(server, session, content, parts, name):
    sent = {"role": "assistant", "content": content, "content_parts": parts, "tool_calls": [{"args": {"text": content}}], "name": name}
    answer = server.http.post(f"/v1/sessions/{session}/messages", content=json.dumps(sent), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    read = server.http.get(f"/v1/sessions/{session}/messages?tail=1")
    for got in (exact(answer.text)["items"][0], exact(read.text)["items"][0]):
        assert {k: got[k] for k in sent} == exact(json.dumps(sent))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
                                st.recursive(st.none() | st.booleans() | numbers | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
                                             lambda inner: st.lists(inner, max_size=4), max_leaves=8), max_size=5))
def test_memory_and_metadata_come_back_equal(server, session, document):
    put = server.http.put(f"/v1/sessions/{session}/memory", json=document, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    assert exact(server.http.get(f"/v1/sessions/{session}/memory").text) == exact(json.dumps(document))
    appended = append(server, session, user("x", metadata=document))
    assert exact(appended.text)["items"][0]["metadata"] == exact(json.dumps(document))


@pytest.mark.parametrize("spelling", ["1.10", "100", "9007199254740993", "0.1", "1e2", "-0.50", "12345678901234567890.12345678901234567890"])
def test_numbers_keep_value_and_scale(server, session, spelling):
    body = '{"role":"user","content":"x","metadata":{"n":%s}}' % spelling
    answer = server.http.post(f"/v1/sessions/{session}/messages", content=body, headers={"Content-Type": "application/json"})
    expected = {"1e2": "100"}.get(spelling, spelling)
    assert f'"n": {expected}' in answer.text


# ---- memory --------------------------------------------------------------------------------------------------------


def memory(server, session, method, body, etag=None, kind="application/json", **params):
    headers = {"Content-Type": kind} | ({"If-Match": etag} if etag else {})
    return server.http.request(method, f"/v1/sessions/{session}/memory", content=json.dumps(body), headers=headers, params=params)


def test_memory_is_never_overwritten_unseen(server, session):
    assert server.http.get(f"/v1/sessions/{session}/memory").headers["ETag"] == '"m0"'
    assert memory(server, session, "PUT", {"facts": ["a"]}).headers["ETag"] == '"m1"'
    assert memory(server, session, "PUT", {"facts": []}).status_code == 428
    assert memory(server, session, "PUT", {"facts": []}, '"m0"').status_code == 412
    assert memory(server, session, "PATCH", {"facts": []}).status_code == 428
    assert memory(server, session, "PATCH", {"more": 1, "facts": None}, '"m1"').json() == {"more": 1}
    patch = [{"op": "add", "path": "/list", "value": [1]}, {"op": "test", "path": "/more", "value": 1}]
    assert memory(server, session, "PATCH", patch, '"m2"', "application/json-patch+json").json() == {"more": 1, "list": [1]}
    got = server.http.get(f"/v1/sessions/{session}/memory", headers={"If-None-Match": '"m3"'})
    assert got.status_code == 304
    assert server.http.get(f"/v1/sessions/{session}").json()["version"] == 1


def test_memory_says_how_far_it_reaches(server, ten):
    assert memory(server, ten, "PUT", {"summary": "x"}, through_seq=7).headers["Keelson-Memory-Through-Seq"] == "7"
    assert memory(server, ten, "PUT", {"summary": "y"}, "*", through_seq=11).status_code == 400
    assert server.http.get(f"/v1/sessions/{ten}").json()["memory_through_seq"] == 7


@pytest.mark.parametrize("body", ["[[]]", '"x"', "3", "null", '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"a":1e99999}', '{"a":"%s"}' % ("x" * 300_000)])
def test_what_is_no_memory_is_refused(server, session, body):
    answer = server.http.put(f"/v1/sessions/{session}/memory", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["errors"], answer.text
    assert server.http.get(f"/v1/sessions/{session}/memory").json() == {}


def test_memory_can_be_found_by_what_it_contains(server, session):
    mark = str(uuid.uuid4())
    memory(server, session, "PUT", {"topic": mark, "depth": 2})
    found = server.http.get("/v1/sessions", params={"conversation_memory": 'cs.{"topic":"%s"}' % mark, "fields": "id"})
    assert [s["id"] for s in found.json()["items"]] == [session]
