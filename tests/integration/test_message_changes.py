"""A message after it was appended: extended while it streams, replaced, redacted, given up."""
# SPDX-License-Identifier: Apache-2.0

import random
import uuid

import pytest

from test_conversations import append, messages, session, user      # noqa: F401  (session is a fixture)


def one(server, session, seq):
    return server.http.get(f"/v1/sessions/{session}/messages/{seq}").json()


def extend(server, session, seq, body, **headers):
    return server.http.patch(f"/v1/sessions/{session}/messages/{seq}", json=body, headers=headers)


def act(server, session, seq, what, body, **headers):
    return server.http.post(f"/v1/sessions/{session}/messages/{seq}/{what}", json=body, headers=headers)


def events(server, session):
    return int(server.http.get(f"/v1/sessions/{session}").headers["ETag"].strip('"').split("-")[1])


@pytest.fixture
def streaming(server, session):                                     # noqa: F811
    append(server, session, {"role": "assistant", "content": "", "status": "streaming"})
    return session


# ---- extending -----------------------------------------------------------------------------------------------------


def test_a_message_is_written_piece_by_piece(server, streaming):
    said = "Zürich, 東京 and 🦜: three characters that are more than one byte."
    at = 0
    while at < len(said):
        piece = said[at:at + random.randint(1, 9)]
        answer = extend(server, streaming, 1, {"content_append": piece, "content_at": at})
        assert answer.status_code == 200, answer.text
        at += len(piece)
        assert answer.json()["content"] == said[:at] and answer.json()["status"] == "streaming"
    done = extend(server, streaming, 1, {"status": "complete", "output_tokens": 12, "metadata": {"model": "x"}})
    assert done.status_code == 200
    assert {k: done.json()[k] for k in ("content", "status", "output_tokens", "metadata")} == {
        "content": said, "status": "complete", "output_tokens": 12, "metadata": {"model": "x"}}
    assert one(server, streaming, 1) == done.json()
    assert server.http.get(f"/v1/sessions/{streaming}").json()["token_count"] == 12


def test_a_piece_that_is_sent_again_is_stored_once(server, streaming):
    for _ in range(3):
        assert extend(server, streaming, 1, {"content_append": "Hello", "content_at": 0}).json()["content"] == "Hello"
    last = {"content_append": " there", "content_at": 5, "status": "complete"}
    first, again = extend(server, streaming, 1, last), extend(server, streaming, 1, last)
    assert (first.status_code, again.status_code) == (200, 200) and first.json() == again.json()
    assert first.json()["content"] == "Hello there"


def test_each_change_is_an_event_and_what_changes_nothing_is_none(server, streaming):
    before = events(server, streaming)
    extend(server, streaming, 1, {"content_append": "a", "content_at": 0})
    assert (events(server, streaming), one(server, streaming, 1)["event_no"]) == (before + 1, before + 1)
    extend(server, streaming, 1, {"content_append": "a", "content_at": 0})
    extend(server, streaming, 1, {"status": "streaming"})
    assert events(server, streaming) == before + 1


def test_a_piece_elsewhere_is_refused_with_the_length(server, streaming):
    extend(server, streaming, 1, {"content_append": "Hello", "content_at": 0})
    for at, piece in ((6, "x"), (4, "x"), (0, "Hallo"), (3, "lo and more")):
        answer = extend(server, streaming, 1, {"content_append": piece, "content_at": at})
        assert (answer.status_code, answer.json()["code"], answer.json()["content_length"]) == (409, "conflict", 5)
    assert one(server, streaming, 1)["content"] == "Hello"


def test_what_is_complete_is_history(server, streaming):
    extend(server, streaming, 1, {"content": "done", "status": "complete"})
    for body in ({"content": "other"}, {"status": "streaming"}, {"content_append": "!", "content_at": 4}):
        answer = extend(server, streaming, 1, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), body
        assert "supersede" in answer.json()["detail"]
    assert one(server, streaming, 1)["content"] == "done"


def test_a_json_patch_does_the_same(server, streaming):
    answer = server.http.patch(f"/v1/sessions/{streaming}/messages/1", headers={"Content-Type": "application/json-patch+json"},
                               content=b'[{"op":"replace","path":"/content","value":"whole"},{"op":"replace","path":"/status","value":"error"}]')
    assert (answer.status_code, answer.json()["content"], answer.json()["status"]) == (200, "whole", "error")


@pytest.mark.parametrize("body, pointer", [
    ({"content_append": "x"}, "/content_at"),
    ({"content_at": 0}, "/content_append"),
    ({"content_append": 7, "content_at": 0}, "/content_append"),
    ({"content_append": "x", "content_at": -1}, "/content_at"),
    ({"content_append": "x", "content_at": 0.5}, "/content_at"),
    ({"content_append": "x", "content_at": 0, "content": "y"}, "/content"),
    ({"content_append": "a\0b", "content_at": 0}, "/content_append"),
    ({"content_append": "x", "content_at": 0, "status": "x"}, "/status"),
    ({"status": "finished"}, "/status"),
    ({"role": "user"}, "/role"),
    ({"seq": 9}, "/seq"),
    ({"supersedes": 1}, "/supersedes"),
    ({"contents": "x"}, "/contents"),
    ([], ""),
])
def test_a_bad_change_names_its_member_and_changes_nothing(server, streaming, body, pointer):
    before = one(server, streaming, 1)
    answer = extend(server, streaming, 1, body)
    assert answer.status_code == 422, answer.text
    assert pointer in [e["pointer"] for e in answer.json()["errors"]]
    assert one(server, streaming, 1) == before


def test_exact_bytes_are_not_extended(server, session):             # noqa: F811
    append(server, session, {"role": "assistant", "content": "a\0b", "status": "streaming"})
    assert extend(server, session, 1, {"content_append": "c", "content_at": 3}).status_code == 409
    assert one(server, session, 1)["content"] == "a\0b"


# ---- replacing -----------------------------------------------------------------------------------------------------


def test_a_replacement_goes_to_the_end_and_both_know_it(server, session):       # noqa: F811
    append(server, session, [user("forty"), user("two")])
    answer = act(server, session, 1, "supersede", user("fourteen"))
    assert (answer.status_code, answer.json()["last_seq"]) == (201, 3)
    new, old = one(server, session, 3), one(server, session, 1)
    assert answer.json()["items"] == [new]
    assert (new["supersedes"], new["superseded_by"], old["superseded_by"], old["content"]) == (1, None, 3, "forty")
    assert new["event_no"] < old["event_no"] == events(server, session)


def test_a_message_is_replaced_once(server, session):               # noqa: F811
    append(server, session, user("a"))
    act(server, session, 1, "supersede", user("b"))
    answer = act(server, session, 1, "supersede", user("c"))
    assert (answer.status_code, answer.json()["code"], answer.json()["superseded_by"]) == (409, "conflict", 2)
    assert act(server, session, 2, "supersede", user("c")).json()["items"][0]["supersedes"] == 2
    assert messages(server, session)["last_seq"] == 3


def test_a_repeated_replacement_answers_with_the_first(server, session):        # noqa: F811
    append(server, session, user("a", client_message_id="first"))
    body = user("b", client_message_id="second")
    first, again = act(server, session, 1, "supersede", body), act(server, session, 1, "supersede", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["items"], first.json()["last_seq"]) == (again.json()["items"], again.json()["last_seq"])
    assert act(server, session, 2, "supersede", user("c", client_message_id="first")).status_code == 409
    keyed = [act(server, session, 2, "supersede", user("c"), **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert keyed[0].json() == keyed[1].json() and [k.status_code for k in keyed] == [201, 201]


def test_only_supersede_says_what_is_replaced(server, session):     # noqa: F811
    append(server, session, user("a"))
    answer = append(server, session, user("b", supersedes=1))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/supersedes")
    assert act(server, session, 1, "supersede", [user("b")]).status_code == 422
    assert messages(server, session)["last_seq"] == 1


def test_a_closed_session_takes_no_replacement(server, session):    # noqa: F811
    append(server, session, user("a"))
    assert server.http.post(f"/v1/sessions/{session}/transitions", json={"to": "completed"}).status_code == 200
    answer = act(server, session, 1, "supersede", user("b"))
    assert (answer.status_code, answer.json()["code"]) == (409, "session-closed")
    assert one(server, session, 1)["superseded_by"] is None


# ---- redacting -----------------------------------------------------------------------------------------------------


SECRET = "my number is 555-0199"


def test_redaction_takes_everything_said_and_keeps_the_place(server, session):  # noqa: F811
    append(server, session, {"role": "assistant", "name": "Ada", "content": SECRET, "content_parts": [{"type": "text", "text": SECRET}],
                             "tool_calls": [{"id": "c", "name": "f", "args": {"x": SECRET}}], "metadata": {"x": SECRET}})
    append(server, session, user("\0" + SECRET))
    for seq in (1, 2):
        answer = act(server, session, seq, "redact", {"reason": "asked for"})
        assert answer.status_code == 200, answer.text
        left = one(server, session, seq)
        assert left == answer.json() and left["redacted_at"] and left["redaction_reason"] == "asked for"
        assert (left["content"], left["content_parts"], left["tool_calls"], left["name"], left["metadata"]) == (None, None, None, None, {})
    assert SECRET not in server.http.get(f"/v1/sessions/{session}/messages").text
    again = act(server, session, 1, "redact", {"reason": "another reason"})
    assert again.json() == one(server, session, 1) and again.json()["redaction_reason"] == "asked for"


def test_a_stored_answer_does_not_keep_what_was_redacted(server, session):      # noqa: F811
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert SECRET in append(server, session, user(SECRET), **key).text
    act(server, session, 1, "redact", {"reason": "asked for"})
    again = append(server, session, user(SECRET), **key)
    assert (again.status_code, again.json()["code"]) == (410, "gone") and SECRET not in again.text
    assert messages(server, session)["last_seq"] == 1


def test_what_is_redacted_while_it_streams_stays_so(server, streaming):
    act(server, streaming, 1, "redact", {"reason": "asked for"})
    assert one(server, streaming, 1)["status"] == "incomplete"
    assert extend(server, streaming, 1, {"content_append": "more", "content_at": 0}).status_code == 409


@pytest.mark.parametrize("body, pointer", [({}, "/reason"), ({"reason": "  "}, "/reason"), ({"reason": 1}, "/reason"), ({"reason": "x" * 2001}, "/reason"),
                                           ({"reason": "x", "why": "y"}, "/why"), ([], "")])
def test_a_redaction_needs_its_reason(server, streaming, body, pointer):
    answer = act(server, streaming, 1, "redact", body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("what, body", [("redact", {"reason": "x"}), ("supersede", user("x"))])
@pytest.mark.parametrize("seq", ["2", "0", "x", "99999999999999999999"])
def test_a_message_that_is_not_there(server, streaming, what, body, seq):
    assert act(server, streaming, seq, what, body).status_code == 404
    assert act(server, uuid.uuid4(), 1, what, body).status_code == 404
    assert extend(server, streaming, seq, {"content": "x"}).status_code == 404


# ---- giving up -----------------------------------------------------------------------------------------------------


def test_who_stops_in_the_middle_is_found(keelson):
    k = keelson(env={"KEELSON_STREAMING_TIMEOUT": "1s"})
    candidate = k.http.post("/v1/candidates", json={"full_name": "Ada Lovelace"}).json()["id"]
    interview = k.http.post("/v1/interviews", json={"candidate_id": candidate, "title": "Engines"}).json()["id"]
    place = k.http.post("/v1/sessions", json={"interview_id": interview}).json()["id"]
    append(k, place, [user("before"), {"role": "assistant", "content": "I was about to", "status": "streaming"}])
    before = events(k, place)
    k.wait_log("event=messages-abandoned", 20)
    given_up = one(k, place, 2)
    assert (given_up["status"], given_up["content"], given_up["event_no"]) == ("incomplete", "I was about to", before + 1)
    assert one(k, place, 1)["status"] == "complete" and events(k, place) == before + 1
    assert extend(k, place, 2, {"content_append": " say", "content_at": 14}).status_code == 409
