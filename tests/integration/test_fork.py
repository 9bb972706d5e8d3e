"""A session is continued in another way: a new one begins with the history of the first."""
# SPDX-License-Identifier: Apache-2.0

import concurrent.futures
import json
import uuid

import pytest

from test_conversations import append, messages, session, user      # noqa: F401  (session is a fixture)

OWN = ("id", "session_id", "event_no", "superseded_by")


def fork(server, session, body=None, **headers):         # noqa: F811
    return server.http.post(f"/v1/sessions/{session}/fork", json={} if body is None else body, headers=headers)


def alike(message):
    return {k: v for k, v in message.items() if k not in OWN}


@pytest.fixture
def spoken(server, session):         # noqa: F811
    body = [user("a\0b", client_message_id="m1", input_tokens=3), {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "x": "\ud800"}], "output_tokens": 4},
            {"role": "tool", "tool_call_id": "c", "content": "1", "metadata": {"n": 1.10}}, {"role": "assistant", "content": "th", "status": "streaming"}]
    answer = server.http.post(f"/v1/sessions/{session}/messages", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    server.http.post(f"/v1/sessions/{session}/messages/3/supersede", json={"role": "tool", "tool_call_id": "c", "content": "2"})
    return session


def test_the_history_is_copied_up_to_a_message(server, spoken):
    made = fork(server, spoken, {"through_seq": 3})
    assert made.status_code == 201, made.text
    new, old = made.json(), server.http.get(f"/v1/sessions/{spoken}").json()
    assert made.headers["Location"] == f"/v1/sessions/{new['id']}" and made.headers["ETag"] == '"v1-3"'
    assert (new["interview_id"], new["attempt"], new["status"]) == (old["interview_id"], old["attempt"] + 1, "active")
    assert (new["last_seq"], new["message_count"], new["token_count"]) == (3, 3, 7)
    assert spoken in new["status_reason"]
    copies, firsts = messages(server, new["id"])["items"], messages(server, spoken)["items"]
    assert [alike(m) for m in copies] == [alike(m) for m in firsts[:3]]
    assert not {m["id"] for m in copies} & {m["id"] for m in firsts} and all(uuid.UUID(m["id"]).version == 7 for m in copies)
    assert [m["superseded_by"] for m in copies] == [None] * 3, "what replaced it was not copied"
    assert server.http.get(f"/v1/sessions/{spoken}").json() == old


def test_all_of_it_and_on_from_there(server, spoken):
    new = fork(server, spoken).json()["id"]
    copies = messages(server, new)["items"]
    assert [(m["seq"], m["status"], m["superseded_by"]) for m in copies[2:]] == [(3, "complete", 5), (4, "incomplete", None), (5, "complete", None)]
    assert append(server, new, user("on")).json()["last_seq"] == 6 and messages(server, spoken)["last_seq"] == 5
    server.http.post(f"/v1/sessions/{new}/messages/1/redact", json={"reason": "asked"})
    assert messages(server, spoken)["items"][0]["content"] == "a\0b"


@pytest.mark.parametrize("covers, through, comes", [(2, 3, True), (3, 2, False), (None, 3, False), (None, None, True)])
def test_the_memory_says_nothing_of_what_came_later(server, spoken, covers, through, comes):
    server.http.put(f"/v1/sessions/{spoken}/memory", json={"summary": "x"}, params={} if covers is None else {"through_seq": covers})
    new = fork(server, spoken, {} if through is None else {"through_seq": through}).json()["id"]
    assert server.http.get(f"/v1/sessions/{new}/memory").json() == ({"summary": "x"} if comes else {})


def test_nothing_may_be_copied(server, spoken):
    new = fork(server, spoken, {"through_seq": 0}).json()
    assert (new["status"], new["last_seq"]) == ("created", 0) and messages(server, new["id"])["items"] == []


def test_repeated_under_a_key_it_is_made_once(server, spoken):
    first, again = (fork(server, spoken, {"through_seq": 1}, **{"Idempotency-Key": f"fork-{spoken}"}) for _ in range(2))
    assert first.json() == again.json() and again.headers["Idempotent-Replayed"] == "true"


def test_forks_at_once_are_numbered(server, spoken):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: fork(server, spoken), range(6)))
    assert sorted(m.json()["attempt"] for m in made) == list(range(2, 8))


@pytest.mark.parametrize("body, pointer", [({"through_seq": 6}, "/through_seq"), ({"through_seq": -1}, "/through_seq"), ({"through_seq": "1"}, "/through_seq"),
                                           ({"until": 1}, "/until"), ([], "")])
def test_what_cannot_be_is_refused(server, spoken, body, pointer):
    refused = fork(server, spoken, body)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == pointer


def test_what_is_not_there_cannot_be_forked(server, spoken):
    assert fork(server, uuid.uuid4()).status_code == 404
    server.http.delete(f"/v1/sessions/{spoken}")
    assert fork(server, spoken).status_code == 404
