"""LangChain's chat history against a running Keelson, with the real langchain-core."""
# SPDX-License-Identifier: Apache-2.0
import asyncio
import json
from pathlib import Path

import pytest
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import (AIMessage, AIMessageChunk, ChatMessage, FunctionMessage, HumanMessage, RemoveMessage,
                                     SystemMessage, ToolMessage, messages_from_dict)
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

from keelson import Client, KeelsonError
from keelson.langchain import KeelsonChatMessageHistory

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/langchain.json").read_text("utf-8"))


@pytest.fixture
def history(server):
    with Client(*server) as client:
        talk = client.start_conversation({"full_name": "Ada Lovelace"})
        yield KeelsonChatMessageHistory(*server, session_id=talk.session_id)


def interview():
    return [
        SystemMessage("You interview for a systems role."),
        HumanMessage("Hello", id="m1", name="ada"),
        AIMessage("Let me look it up", id="m2", response_metadata={"model_name": "gpt-x"},
                  tool_calls=[{"id": "call_1", "name": "get_rubric", "args": {"skill": "C", "depth": [1, {"deep": None}]}}],
                  usage_metadata={"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}),
        ToolMessage('{"ok":true}', tool_call_id="call_1", name="get_rubric", id="m3", status="error", artifact={"raw": [1, 2.5]}),
        AIMessage(content_blocks=[{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "Tell me about locks."}]),
        HumanMessage([{"type": "text", "text": "Like this:"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]),
        ChatMessage("noted", role="panel-lead"),
        FunctionMessage("42", name="answer"),
        HumanMessage("日本語 😀 \0 \ud800 \u2028 é é"),
        AIMessageChunk("ch", tool_call_chunks=[{"name": "x", "args": "{}", "id": "i", "index": 0}]),
        HumanMessage("numbers", additional_kwargs={"big": 2**63, "float": 1.10, "tiny": 5e-324, "null": None}),
    ]


def test_messages_come_back_equal(history, server):
    added = interview()
    history.add_messages(added)
    assert history.messages == added
    assert [type(m) for m in history.messages] == [type(m) for m in added]
    assert KeelsonChatMessageHistory(*server, session_id=history.session_id).messages == added


def test_awaited(history):
    async def main():
        await history.aadd_messages(interview())
        before = await history.aget_messages()
        await history.aclear()
        await history.aadd_messages([HumanMessage("after")])
        return before, await history.aget_messages()

    before, after = asyncio.run(main())
    assert before == interview() and [m.content for m in after] == ["after"]


def test_every_rule_through_the_server(history):
    added = []
    for n, case in enumerate(VECTORS["written"]):
        stored = case.get("python", case["stored"])
        kind = {"generic": "chat"}.get(stored["type"], stored["type"])
        message = messages_from_dict([{"type": kind, "data": {**stored["data"], "type": kind}}])[0]
        if message.id:
            message.id = f"{n}-{message.id}"
        added.append(message)
    history.add_messages(added)
    assert history.messages == added


def test_the_convenience_calls(history):
    assert isinstance(history, BaseChatMessageHistory)
    history.add_user_message("hi")
    history.add_ai_message("hello")
    assert [(m.type, m.content, m.id) for m in history.messages] == [("human", "hi", None), ("ai", "hello", None)]


def test_the_same_message_added_twice_is_stored_once(history):
    history.add_message(HumanMessage("once", id="a"))
    history.add_message(HumanMessage("once", id="a"))
    assert len(history.messages) == 1


def test_more_messages_than_one_request_takes_and_pages_of_them(history):
    history.add_messages([HumanMessage(str(n)) for n in range(430)])
    assert [m.content for m in history.messages] == [str(n) for n in range(430)]


def test_clear_begins_anew_and_deletes_nothing(history):
    history.add_messages([HumanMessage("before"), AIMessage("yes")])
    history.clear()
    assert history.messages == []
    history.add_message(HumanMessage("after"))
    assert [m.content for m in history.messages] == ["after"]
    assert len(history.client.sessions.messages(history.session_id).page()["items"]) == 3


def test_what_cannot_be_stored_is_refused_before_anything_is_sent(history):
    with pytest.raises(TypeError, match="never deleted"):
        history.add_messages([HumanMessage("x"), RemoveMessage(id="m1")])
    with pytest.raises(TypeError):
        history.add_messages([ToolMessage("x", tool_call_id="1", artifact=object())])
    assert history.messages == []


def test_a_conversation_begun_in_javascript_is_continued(history):
    rows = [{**case["row"], "source_format": "langchain-js"} for case in VECTORS["written"] if "written_by" not in case]
    for n, row in enumerate(rows):
        row["client_message_id"] = f"js-{n}"
    history.client.sessions.append(history.session_id, rows)
    history.add_ai_message("Continued.")
    assert [m.content for m in history.messages][-1] == "Continued." and len(history.messages) == len(rows) + 1


def test_an_unmodified_chain_remembers(history):
    prompt = ChatPromptTemplate.from_messages([("system", "Interview."), MessagesPlaceholder("past"), ("human", "{said}")])
    chain = RunnableWithMessageHistory(prompt | FakeListChatModel(responses=["First question?", "Second question?"]),
                                       lambda session_id: KeelsonChatMessageHistory(client=history.client, session_id=session_id),
                                       input_messages_key="said", history_messages_key="past")
    config = {"configurable": {"session_id": history.session_id}}
    chain.invoke({"said": "Hello"}, config)
    asyncio.run(chain.ainvoke({"said": "Go on"}, config))
    assert [m.content for m in history.messages] == ["Hello", "First question?", "Go on", "Second question?"]


def test_a_session_that_does_not_exist(server):
    history = KeelsonChatMessageHistory(*server, session_id="0198c000-0000-7000-8000-00000000dead")
    with pytest.raises(KeelsonError, match="^404"):
        history.messages
    with pytest.raises(KeelsonError, match="^404"):
        history.add_user_message("x")
    with pytest.raises(ValueError, match="start_conversation"):
        KeelsonChatMessageHistory(*server)
