"""A client that sends its whole conversation as one array at every turn: what is new is appended, history is neither rewritten nor shortened."""
# SPDX-License-Identifier: Apache-2.0

import concurrent.futures
import json
import uuid

import pytest
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, ChatMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage, messages_from_dict, messages_to_dict

from test_conversations import append, messages, session      # noqa: F401  (session is a fixture)
from test_dialects import AI_SDK, OPENAI

JSON = {"Content-Type": "application/json"}
CONVERSATION = [
    SystemMessage("You are an interviewer."),
    HumanMessage([{"type": "text", "text": "Look \u2014 \U0001f99c"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}], id="m1"),
    AIMessage("", tool_calls=[{"id": "c1", "name": "get_rubric", "args": {"skill": "C", "n": 1.50}, "type": "tool_call"}],
              usage_metadata={"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}, response_metadata={"model_name": "m", "logprobs": None}),
    ToolMessage("{\"ok\":true}", tool_call_id="c1", name="get_rubric", artifact={"raw": 1}, status="error"),
    AIMessage("a\0b"),
    ChatMessage("note", role="panel-lead"),
    FunctionMessage("42", name="answer"),
]


def put(server, session, array, etag=None, **params):         # noqa: F811
    """ASCII on the wire: lone surrogates are sent as escapes."""
    headers = JSON | ({"If-Match": etag} if etag else {})
    return server.http.put(f"/v1/sessions/{session}/memory", content=json.dumps(array).encode(), headers=headers, params=params)


def get(server, session, **params):         # noqa: F811
    answer = server.http.get(f"/v1/sessions/{session}/memory", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def human(content, **data):
    return {"type": "human", "data": {"content": content, "additional_kwargs": {}, "response_metadata": {}} | data}


def ai(content, **data):
    return {"type": "ai", "data": {"content": content, "additional_kwargs": {}, "response_metadata": {}, "tool_calls": [], "invalid_tool_calls": []} | data}


# ---- the loop ------------------------------------------------------------------------------------------------------


class BufferMemory:
    """What ConversationBufferMemory does with a store that knows load and save: all of it, every time."""

    def __init__(self, server, session):         # noqa: F811
        self.server, self.session = server, session

    def load(self):
        return messages_from_dict(get(self.server, self.session) or [])

    def save(self, history):
        answer = put(self.server, self.session, messages_to_dict(history))
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_a_buffer_memory_grows_row_by_row(server, session):         # noqa: F811
    memory = BufferMemory(server, session)
    for turn in range(1, 6):
        history = memory.load()
        history += [HumanMessage(f"question {turn}"), AIMessage(f"answer {turn}", id=f"run-{turn}")]
        assert memory.save(history) == {"appended": 2, "last_seq": 2 * turn}
        assert memory.load() == history
    assert [m["seq"] for m in messages(server, session)["items"]] == list(range(1, 11))
    assert server.http.get(f"/v1/sessions/{session}").json()["last_event_no"] == 10


@pytest.mark.parametrize("spell, read", [(messages_to_dict, messages_from_dict), (lambda h: [dumpd(m) for m in h], None)], ids=["stored", "serialized"])
def test_every_kind_of_message_comes_back_and_is_known_again(server, session, spell, read):      # noqa: F811
    for n in range(1, len(CONVERSATION) + 1):
        assert put(server, session, spell(CONVERSATION[:n])).json() == {"appended": 1, "last_seq": n}
    assert put(server, session, spell(CONVERSATION)).json() == {"appended": 0, "last_seq": len(CONVERSATION)}
    back = get(server, session)
    assert put(server, session, back).json()["appended"] == 0, "what was read is what is there"
    assert messages_from_dict(get(server, session, format="langchain-py")) == CONVERSATION
    assert not read or read(back) == CONVERSATION


@pytest.mark.parametrize("dialect, array", [("openai", OPENAI), ("ai-sdk", AI_SDK), ("keelson", [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "c"}])])
def test_other_spellings_are_asked_for(server, session, dialect, array):          # noqa: F811
    assert put(server, session, array).status_code == 422, "is not guessed"
    for n in range(len(array) + 1):
        assert put(server, session, array[:n], format=dialect).json() == {"appended": min(n, 1), "last_seq": n}
    back = get(server, session, format=dialect)
    assert back == array or dialect == "keelson" and [m["role"] for m in back] == [m["role"] for m in array]
    assert put(server, session, back, format=dialect).json()["appended"] == 0
    assert get(server, session) == {}, "the document is another thing"


def test_absence_and_null_number_and_order_make_no_difference(server, session):   # noqa: F811
    assert put(server, session, [human("x", id="a", extra={"n": 100, "m": [1.0]})]).status_code == 200
    again = '[{"data":{"extra":{"m":[1],"n":1e2},"content":"x","name":null,"id":"a"},"type":"human"}]'
    answer = server.http.put(f"/v1/sessions/{session}/memory", content=again, headers=JSON)
    assert answer.json() == {"appended": 0, "last_seq": 1}
    assert put(server, session, [human("x", extra={"n": 100, "m": [1.0]})]).json()["appended"] == 0, "no identifier denies none"


def test_what_another_program_wrote_is_continued(server, session):                # noqa: F811
    append(server, session, [{"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Yes.", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{\"n\":1}"}}]}, {"role": "tool", "tool_call_id": "c1", "content": "ok"}])
    for dialect in ("langchain-js", "langchain-py", "lc-serializable", "openai", "ai-sdk"):
        assert put(server, session, get(server, session, format=dialect), format=dialect).json() == {"appended": 0, "last_seq": 3}
    assert put(server, session, get(server, session, format="langchain-js") + [human("Why?")]).json() == {"appended": 1, "last_seq": 4}
    assert get(server, session)[3]["data"]["content"] == "Why?"


def test_a_long_history_comes_in_parts(server, session):            # noqa: F811
    """No more at once than a transaction does in its time; more of them ended the program once."""
    array = [human(str(i)) for i in range(4900)]
    refused = put(server, session, array)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/2000" and messages(server, session)["last_seq"] == 0
    for n in (2000, 4000, 4900):
        assert put(server, session, array[:n]).json()["last_seq"] == n
    assert put(server, session, array).json() == {"appended": 0, "last_seq": 4900}
    assert messages(server, session, tail=1)["items"][0]["content"] == "4899"


def test_many_at_once(server, session):         # noqa: F811
    array = [human(str(i)) if i % 2 == 0 else ai(str(i)) for i in range(250)]
    assert put(server, session, array).json() == {"appended": 250, "last_seq": 250}
    assert [m["data"]["content"] for m in get(server, session)] == [str(i) for i in range(250)]
    assert put(server, session, array + [human("!")] * 10000).status_code == 422
    assert messages(server, session)["last_seq"] == 250


# ---- history is not rewritten --------------------------------------------------------------------------------------


BASE = [human("a", id="1"), ai("b", id="2"), human("c")]


@pytest.mark.parametrize("why, array, index", [
    ("another text",        [human("a", id="1"), ai("B", id="2"), human("c")],   1),
    ("another speaker",     [ai("a", id="1"), ai("b", id="2"), human("c")],      0),
    ("another identifier",  [human("a", id="x"), ai("b", id="2"), human("c")],   0),
    ("a new identifier",    BASE[:2] + [human("c", id="3")],                     2),
    ("one more member",     BASE[:2] + [human("c", name="Ada")],                 2),
    ("a call it had not",   [BASE[0], ai("b", id="2", tool_calls=[{"id": "c", "name": "f", "args": {}}]), BASE[2]], 1),
    ("another order",       [BASE[1], BASE[0], BASE[2]],                         0),
    ("shorter",             BASE[:2],                                            2),
    ("nothing",             [],                                                  0),
    ("rewritten and longer", BASE[:2] + [human("C"), ai("d")],                   2),
    ("an identifier twice", BASE + [ai("d", id="1")],                            3),
])
def test_history_is_neither_rewritten_nor_shortened(server, session, why, array, index):         # noqa: F811
    assert put(server, session, BASE).status_code == 200
    before = messages(server, session)
    refused = put(server, session, array)
    assert refused.status_code == 409, refused.text
    problem = refused.json()
    assert (problem["code"], problem["index"], problem["last_seq"]) == ("stale-seq", index, 3)
    assert [m["seq"] for m in problem["missed"]] == list(range(index + 1, 4))
    assert problem["errors"][0]["pointer"] == (f"/{index}" if index < len(array) else "")
    assert messages(server, session) == before, "nothing was stored"


def test_what_jsonb_cannot_hold_is_told_apart(server, session):         # noqa: F811
    assert put(server, session, [human("a\0")]).status_code == 200
    assert put(server, session, [human("a\0")]).json()["appended"] == 0
    for other in ("a\ud800", "a\ufffd", "a"):
        assert put(server, session, [human(other)]).json()["index"] == 0


def test_one_of_two_who_add_to_the_same_history_is_told(server, session):         # noqa: F811
    base = [human("begin")]
    put(server, session, base)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: put(server, session, base + [human(f"by {i}"), ai("yes")]), range(8)))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 7
    winner = next(i for i, a in enumerate(answers) if a.status_code == 200)
    assert [m["data"]["content"] for m in get(server, session)] == ["begin", f"by {winner}", "yes"]
    for lost in (a.json() for a in answers if a.status_code == 409):
        assert lost["index"] == 1 and [m["content"] for m in lost["missed"]] == [f"by {winner}", "yes"]


def test_a_writer_who_has_not_seen_an_append_is_told(server, session):         # noqa: F811
    put(server, session, BASE)
    append(server, session, {"role": "user", "content": "meanwhile"})
    refused = put(server, session, BASE)
    assert refused.json()["index"] == 3 and refused.json()["missed"][0]["content"] == "meanwhile"
    assert put(server, session, get(server, session) + [ai("Yes")]).json() == {"appended": 1, "last_seq": 5}


def test_a_replaced_message_is_its_successor_in_its_place(server, session):       # noqa: F811
    put(server, session, BASE)
    for n, text in ((2, "B"), (4, "BB")):
        made = server.http.post(f"/v1/sessions/{session}/messages/{n}/supersede", json={"role": "assistant", "content": text})
        assert made.status_code == 201
    assert [m["data"]["content"] for m in get(server, session)] == ["a", "BB", "c"]
    assert put(server, session, BASE).json()["index"] == 1
    assert put(server, session, get(server, session) + [human("d")]).json() == {"appended": 1, "last_seq": 6}
    assert put(server, session, get(server, session) + [human("e", id="2")]).status_code == 409, "the identifier stays with the one that was replaced"


def test_what_was_redacted_does_not_come_back(server, session):         # noqa: F811
    put(server, session, BASE)
    server.http.post(f"/v1/sessions/{session}/messages/1/redact", json={"reason": "asked"})
    assert put(server, session, BASE + [ai("d")]).json() == {"appended": 1, "last_seq": 4}
    assert get(server, session)[0]["data"]["content"] == ""
    assert put(server, session, [ai("a", id="1")] + BASE[1:] + [ai("d")]).json()["index"] == 0, "who spoke is still known"


# ---- the document --------------------------------------------------------------------------------------------------


def test_a_document_is_not_lost_unseen(server, session):         # noqa: F811
    server.http.put(f"/v1/sessions/{session}/memory", json={"facts": ["a"]})
    refused = put(server, session, BASE)
    assert (refused.status_code, refused.json()["current_version"]) == (428, 1) and messages(server, session)["last_seq"] == 0
    assert put(server, session, BASE, format="langchain-js").json()["appended"] == 3
    assert get(server, session) == {"facts": ["a"]} and len(get(server, session, format="langchain-js")) == 3
    assert put(server, session, BASE, etag='"m7"').status_code == 412
    taken = put(server, session, BASE, etag='"m1"')
    assert taken.headers["ETag"] == '"m2-3"' and len(get(server, session)) == 3


def test_an_object_goes_back_to_the_document(server, session):         # noqa: F811
    etag = put(server, session, BASE).headers["ETag"]
    got = server.http.get(f"/v1/sessions/{session}/memory")
    assert got.headers["ETag"] == etag == '"m1-3"' and len(got.json()) == 3
    assert server.http.get(f"/v1/sessions/{session}/memory", headers={"If-None-Match": etag}).status_code == 304
    assert put(server, session, {"facts": []}).status_code == 428
    assert put(server, session, {"facts": []}, etag=etag).json() == {"facts": []}
    assert get(server, session) == {"facts": []} and messages(server, session)["last_seq"] == 3


def test_the_tag_follows_the_messages(server, session):         # noqa: F811
    etag = put(server, session, BASE).headers["ETag"]
    append(server, session, {"role": "user", "content": "x"})
    assert server.http.get(f"/v1/sessions/{session}/memory", headers={"If-None-Match": etag}).headers["ETag"] == '"m1-4"'


def test_an_empty_conversation_is_an_empty_array(server, session):         # noqa: F811
    assert get(server, session) == {} and get(server, session, format="openai") == []
    assert put(server, session, []).json() == {"appended": 0, "last_seq": 0}
    assert get(server, session) == []


@pytest.mark.parametrize("array, params, status, pointer", [
    ([1],                                            {},                          422, "/0"),
    ([human("a"), "b"],                              {},                          422, "/1"),
    ([human("a"), {"type": "remove", "data": {}}],   {},                          422, "/1/type"),
    ([human("a"), {"type": "tool", "data": {"content": "x"}}], {},                422, "/1/data"),
    ([human("a", id="x"), human("b", id="x")],       {},                          422, "/1"),
    ([{"role": "nobody", "content": "x"}],           {"format": "keelson"},       422, "/0/role"),
    ([human("a")] * 150 + [human("\0", name="a\0")], {},                          422, "/150"),
    ([human("a")],                                   {"format": "morse"},         400, None),
    ([human("a")],                                   {"through_seq": 1},          400, None),
])
def test_what_is_no_history_is_refused_whole(server, session, array, params, status, pointer):      # noqa: F811
    refused = put(server, session, array, **params)
    assert refused.status_code == status, refused.text
    assert pointer is None or any(f["pointer"].startswith(pointer) for f in refused.json()["errors"]), refused.text
    assert messages(server, session)["last_seq"] == 0 and get(server, session) == {}


def test_an_ended_session_takes_only_what_it_has(server, session):         # noqa: F811
    put(server, session, BASE)
    server.http.post(f"/v1/sessions/{session}/transitions", json={"to": "completed"})
    assert put(server, session, BASE).json()["appended"] == 0
    assert put(server, session, BASE + [ai("d")]).json()["code"] == "session-closed"
    assert put(server, uuid.uuid4(), BASE).status_code == 404
    assert server.http.get(f"/v1/sessions/{uuid.uuid4()}/memory", params={"format": "openai"}).status_code == 404
