"""Messages as other programs spell them: what goes in comes out the same, and one program reads what another wrote."""
# SPDX-License-Identifier: Apache-2.0

import json
import subprocess

import pytest
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, ChatMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage, messages_from_dict, messages_to_dict

import harness
from test_conversations import append, messages, session      # noqa: F401  (session is a fixture)

VECTORS = json.loads((harness.ROOT / "clients" / "vectors" / "langchain.json").read_text())
FORMATS = ("langchain-js", "langchain-py", "lc-serializable", "openai", "ai-sdk")


def send(server, session, dialect, body):       # noqa: F811
    """ASCII on the wire: lone surrogates are sent as escapes."""
    return server.http.post(f"/v1/sessions/{session}/messages", params={"format": dialect}, content=json.dumps(body).encode(),
                            headers={"Content-Type": "application/json"})


def read(server, session, dialect):             # noqa: F811
    return messages(server, session, format=dialect)["items"]


def without(message, *names):
    return {k: v for k, v in message.items() if k not in names}


# ---- LangChain -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling, case", [(s, c) for c in VECTORS["written"] for s in ("stored", "python") if s in c],
                         ids=lambda x: x if isinstance(x, str) else x["why"])
def test_the_server_maps_as_the_clients_do(server, session, case, spelling):      # noqa: F811
    stored = case[spelling]
    answer = send(server, session, {"stored": "langchain-js", "python": "langchain-py"}[spelling], stored)
    assert answer.status_code == 201, answer.text
    row = answer.json()["items"][0]
    if spelling == "python" or case["row"]["metadata"]["langchain"]["type"] == stored["type"]:
        assert {k: row[k] for k in case["row"]} == case["row"]
    back = read(server, session, "langchain-js")[0]
    want = case["stored"]["data"]
    assert back["type"] == case["stored"]["type"]
    for key, value in want.items():
        assert back["data"].get(key) == value, key
    # What was not said is not made up, except for what means the same as its absence.
    assert all(back["data"][k] in ({}, []) for k in back["data"].keys() - want.keys())


CONVERSATION = [
    SystemMessage("You are an interviewer."),
    HumanMessage([{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}], id="m1", name="Ada"),
    AIMessage("", id="m2", tool_calls=[{"id": "c1", "name": "get_rubric", "args": {"skill": "C", "n": 1.5}, "type": "tool_call"}],
              usage_metadata={"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}, response_metadata={"model_name": "m"}),
    ToolMessage("{\"ok\":true}", tool_call_id="c1", name="get_rubric", artifact={"raw": 1}, status="error"),
    AIMessage("Thank you \u2014 \U0001f99c."),
    ChatMessage("note", role="panel-lead"),
    FunctionMessage("42", name="answer"),
]


@pytest.mark.parametrize("dialect", ["langchain-py", "lc-serializable"])
def test_a_python_conversation_comes_back_equal(server, session, dialect):        # noqa: F811
    body = messages_to_dict(CONVERSATION) if dialect == "langchain-py" else [dumpd(m) for m in CONVERSATION]
    assert send(server, session, dialect, body).status_code == 201
    assert messages_from_dict(read(server, session, "langchain-py")) == CONVERSATION


def test_serialized_objects_are_data_and_come_back_as_langchain_loads_them(server, session):    # noqa: F811
    from langchain_core.load import load
    body = [dumpd(m) for m in CONVERSATION]
    assert send(server, session, "lc-serializable", body).status_code == 201
    back = read(server, session, "lc-serializable")
    assert [b["id"][-1] for b in back] == [b["id"][-1] for b in body]
    assert [load(b, allowed_objects="messages") for b in back[:5]] == CONVERSATION[:5]


def test_the_flat_and_the_legacy_form_are_read(server, session):                  # noqa: F811
    assert send(server, session, "langchain-js", [{"type": "human", "content": "flat", "additional_kwargs": {}, "id": "f"},
                                                  {"type": "ai", "role": "x", "text": "legacy"}]).status_code == 201
    assert [(m["role"], m["content"]) for m in messages(server, session)["items"]] == [("user", "flat"), ("assistant", "legacy")]


def test_what_cannot_be_stored_in_jsonb_comes_back_too(server, session):          # noqa: F811
    send(server, session, "langchain-js", {"type": "human", "data": {"content": "a\0b", "additional_kwargs": {}, "response_metadata": {}}})
    assert read(server, session, "langchain-js")[0]["data"]["content"] == "a\0b"
    assert read(server, session, "openai")[0]["content"] == "a\0b"


# ---- OpenAI --------------------------------------------------------------------------------------------------------


OPENAI = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]},
    {"role": "tool", "content": "done", "tool_call_id": "c1"},
    {"role": "assistant", "content": None, "refusal": "No."},
    {"role": "user", "content": "Bye", "name": "Ada"},
]


def test_an_openai_conversation_comes_back_equal(server, session):                # noqa: F811
    assert send(server, session, "openai", OPENAI).status_code == 201
    assert read(server, session, "openai") == OPENAI


def test_openai_reads_what_langchain_wrote(server, session):                      # noqa: F811
    send(server, session, "langchain-py", messages_to_dict(CONVERSATION))
    got = read(server, session, "openai")
    assert [m["role"] for m in got] == ["system", "user", "assistant", "tool", "assistant", "user", "function"]
    assert got[1]["content"][1]["image_url"]["url"].startswith("data:image/png")
    call = got[2]["tool_calls"][0]
    assert (call["type"], call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) == ("function", "c1", "get_rubric", {"skill": "C", "n": 1.5})
    assert got[3]["tool_call_id"] == "c1"


def test_langchain_reads_what_openai_wrote(server, session):                      # noqa: F811
    send(server, session, "openai", OPENAI)
    got = messages_from_dict(read(server, session, "langchain-py"))
    assert [type(m) for m in got] == [SystemMessage, HumanMessage, AIMessage, ToolMessage, AIMessage, HumanMessage]
    assert got[0].additional_kwargs == {"__openai_role__": "developer"}
    assert got[2].tool_calls == [{"id": "c1", "name": "f", "args": {"x": 1}, "type": "tool_call"}]


def test_arguments_that_are_no_json_are_an_invalid_call(server, session):         # noqa: F811
    send(server, session, "openai", {"role": "assistant", "content": "x", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}]})
    got = messages_from_dict(read(server, session, "langchain-py"))[0]
    assert (got.tool_calls, got.invalid_tool_calls[0]["args"]) == ([], "{")


# ---- AI SDK --------------------------------------------------------------------------------------------------------


AI_SDK = [
    {"id": "u1", "role": "user", "parts": [{"type": "text", "text": "Weather?"}, {"type": "file", "mediaType": "image/png", "url": "https://example.org/a.png"}]},
    {"id": "a1", "role": "assistant", "metadata": {"took": 1.5}, "parts": [
        {"type": "step-start"}, {"type": "reasoning", "text": "hm", "state": "done"},
        {"type": "tool-weather", "toolCallId": "c1", "state": "output-available", "input": {"city": "Bern"}, "output": {"celsius": 7}},
        {"type": "text", "text": "Seven degrees.", "state": "done"}]},
]


def test_an_ai_sdk_conversation_comes_back_equal(server, session):                # noqa: F811
    assert send(server, session, "ai-sdk", AI_SDK).status_code == 201
    assert read(server, session, "ai-sdk") == AI_SDK
    assert [m["content"] for m in messages(server, session)["items"]] == ["Weather?", "Seven degrees."]


def test_the_answer_inside_a_part_is_a_message_for_others(server, session):       # noqa: F811
    send(server, session, "ai-sdk", AI_SDK)
    got = messages_from_dict(read(server, session, "langchain-py"))
    assert [type(m) for m in got] == [HumanMessage, AIMessage, ToolMessage]
    assert got[0].content[1] == {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    assert got[1].tool_calls[0]["args"] == {"city": "Bern"}
    assert (got[2].tool_call_id, json.loads(got[2].content)) == ("c1", {"celsius": 7})
    assert [m["role"] for m in read(server, session, "openai")] == ["user", "assistant", "tool"]


def test_the_ai_sdk_gets_answers_inside_the_call(server, session):                # noqa: F811
    send(server, session, "openai", OPENAI)
    got = read(server, session, "ai-sdk")
    assert [m["role"] for m in got] == ["system", "user", "assistant", "assistant", "user"]
    assert got[2]["parts"] == [{"type": "dynamic-tool", "toolName": "f", "toolCallId": "c1", "state": "output-available", "input": {"x": 1}, "output": "done"}]
    assert all(m["parts"] for m in got)


# ---- what their own code says --------------------------------------------------------------------------------------


NODE = harness.ROOT / "tests" / "node_modules" / ".bin" / "node"
WRITERS = {"langchain-py": messages_to_dict(CONVERSATION), "openai": OPENAI, "ai-sdk": AI_SDK}


def understood(dialect, items):
    done = subprocess.run([NODE, harness.ROOT / "tests" / "integration" / "dialects.mjs", dialect], input=json.dumps(items), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("writer", WRITERS)
def test_langchain_js_and_the_ai_sdk_understand_every_conversation(server, session, writer):     # noqa: F811
    send(server, session, writer, WRITERS[writer])
    stored = read(server, session, "langchain-js")
    assert [(m["type"], m["data"]["content"]) for m in understood("langchain-js", stored)] == [(m["type"], m["data"]["content"]) for m in stored]
    ui = read(server, session, "ai-sdk")
    assert understood("ai-sdk", ui) == ui


def test_what_is_no_ui_message_is_refused_by_the_ai_sdk_too():
    with pytest.raises(AssertionError):
        understood("ai-sdk", [{"id": "x", "role": "user", "parts": []}])


def test_openai_s_types_accept_every_conversation(server, tmp_path):
    lines = ['import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";']
    for writer, body in WRITERS.items():
        place = session.__wrapped__(server)
        send(server, place, writer, body)
        lines.append(f"export const {writer.replace('-', '_')}: ChatCompletionMessageParam[] = {json.dumps(read(server, place, 'openai'))};")
    (tmp_path / "messages.ts").write_text("\n".join(lines))
    (tmp_path / "node_modules").symlink_to(harness.ROOT / "tests" / "node_modules")
    tsc = [NODE, harness.ROOT / "tests" / "node_modules" / ".bin" / "tsc"]
    done = subprocess.run([*tsc, "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--types", "", "messages.ts"],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect, body, pointer", [
    ("langchain-js", {"type": "remove", "data": {"id": "m1"}}, "/type"),
    ("langchain-js", {"type": "robot", "data": {"content": "x"}}, "/type"),
    ("langchain-js", {"data": {"content": "x"}}, "/type"),
    ("langchain-js", {"type": "tool", "data": {"content": "x"}}, "/data"),
    ("langchain-js", {"type": "human", "data": {"content": 7}}, "/data"),
    ("langchain-js", {"type": "human", "data": 7}, "/data"),
    ("langchain-py", [{"type": "human", "data": {"content": "x"}}, "x"], "/1"),
    ("lc-serializable", {"lc": 1, "type": "constructor", "id": ["langchain", "llms", "OpenAI"], "kwargs": {}}, "/id"),
    ("lc-serializable", {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"], "kwargs": {}}, "/type"),
    ("openai", {"content": "x"}, "/role"),
    ("openai", {"role": "model", "content": "x"}, "/role"),
    ("openai", {"role": "user", "content": {}}, "/content"),
    ("openai", {"role": "tool", "content": "x"}, "/tool_call_id"),
    ("openai", {"role": "assistant", "tool_calls": {}}, "/tool_calls"),
    ("ai-sdk", {"id": "x", "role": "user", "content": "x"}, "/parts"),
    ("ai-sdk", {"id": "x", "role": "user", "parts": []}, "/parts"),
    ("ai-sdk", {"id": "x", "role": "user", "parts": ["x"]}, "/parts"),
    ("ai-sdk", {"id": "x", "role": "tool", "parts": [{"type": "text", "text": "x"}]}, "/role"),
])
def test_what_is_not_what_it_says_is_refused_with_a_pointer(server, session, dialect, body, pointer):     # noqa: F811
    answer = send(server, session, dialect, body)
    assert answer.status_code == 422, answer.text
    assert pointer in [e["pointer"] for e in answer.json()["errors"]]
    assert messages(server, session)["last_seq"] == 0


def test_an_unknown_format_is_named(server, session):                             # noqa: F811
    for answer in (send(server, session, "llama", {}), server.http.get(f"/v1/sessions/{session}/messages", params={"format": "llama"})):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter") and "langchain-js" in answer.json()["detail"]


def test_a_key_knows_the_dialect_and_the_type_it_was_used_with(server, session):  # noqa: F811
    key = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    place = f"/v1/sessions/{session}/messages"
    body = b'{"role":"user","content":"x"}'
    assert server.http.post(place, content=body, headers=key).status_code == 201
    assert server.http.post(place, content=body, headers=key, params={"format": "openai"}).json()["code"] == "idempotency-mismatch"
    change = {"Idempotency-Key": "c"}
    assert server.http.patch(f"{place}/1", content=b"{}", headers=change | {"Content-Type": "application/merge-patch+json"}).status_code == 200
    again = server.http.patch(f"{place}/1", content=b"{}", headers=change | {"Content-Type": "application/json-patch+json"})
    assert again.json()["code"] == "idempotency-mismatch"


@pytest.mark.parametrize("dialect", FORMATS)
def test_every_dialect_can_say_every_role(server, session, dialect):              # noqa: F811
    roles = ["system", "developer", "user", "assistant", "tool", "function", "observer"]
    append(server, session, [{"role": r, "content": f"by {r}"} | ({"tool_call_id": "c"} if r == "tool" else {}) for r in roles])
    append(server, session, {"role": "assistant"})
    got = read(server, session, dialect)
    assert len(got) == 8 and all(f"by {r}" in json.dumps(m) for r, m in zip(roles, got))
