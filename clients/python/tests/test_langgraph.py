"""The checkpointer: LangGraph's own conformance suite, and runs at once on one thread, with the real LangGraph."""
# SPDX-License-Identifier: Apache-2.0
import asyncio
import os
import re
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, TypedDict

import pytest
from keelson import Client
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from keelson.langgraph import KeelsonSaver, StaleCheckpointError


ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def saver(server):
    with Client(*server) as client:
        yield KeelsonSaver(client=client)


def thread():
    return {"configurable": {"thread_id": str(uuid.uuid4())}}


# ---- the suite

def test_the_conformance_suite_passes(server):
    with Client(*server) as client:
        @checkpointer_test(name="KeelsonSaver")
        async def checkpointer():
            saver = KeelsonSaver(client=client)
            yield saver
            await saver.aprune(list({t.config["configurable"]["thread_id"] async for t in saver.alist(None)}), strategy="delete")

        report = asyncio.run(validate(checkpointer))
    results = report.results
    failed = {name: r.failures for name, r in results.items() if r.tests_failed or not r.detected}
    assert not failed and report.passed_all()
    assert sum(r.tests_passed for r in results.values()) == 81 and not any(r.tests_skipped for r in results.values())


# ---- runs at once

def answer(state):
    return {"messages": [AIMessage("re: " + state["messages"][-1].content)]}


def conversation(saver):
    return StateGraph(MessagesState).add_node(answer).add_edge(START, "answer").add_edge("answer", END).compile(checkpointer=saver)


def say(graph, text, config, **more):
    return graph.invoke({"messages": [HumanMessage(text)]}, config, **more)


def texts(graph, config):
    return [m.content for m in graph.get_state(config).values.get("messages", [])]


def attempt(graph, text, config, **more):
    try:
        say(graph, text, config, **more)
        return True
    except StaleCheckpointError as error:
        assert error.retryable and error.status == 409
        return False


@pytest.mark.parametrize("durability", ["async", "sync", "exit"])
def test_turns_at_once_are_all_there_or_refused(saver, durability):
    graph, config, turns = conversation(saver), thread(), [f"turn {i}" for i in range(8)]
    say(graph, "first", config)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda text: attempt(graph, text, config, durability=durability), turns))
    final = texts(graph, config)
    assert any(outcomes)
    for text, kept in zip(turns, outcomes):
        if kept:
            assert [t for t in final if t.endswith(text)] == [text, f"re: {text}"]
        assert final.count(text) <= 1


@pytest.mark.parametrize("durability", ["async", "exit"])
def test_persistent_writers_lose_nothing(server, durability):
    """What one run has stored of a turn before another overtook it stays, unless the turn is one checkpoint (exit)."""
    config = thread()

    def work(writer):
        with Client(*server) as client:
            graph = conversation(KeelsonSaver(client=client))
            for i in range(5):
                while not attempt(graph, f"{writer}.{i}", config, durability=durability):
                    pass
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with Client(*server) as client:
        final = texts(conversation(KeelsonSaver(client=client)), config)
    turns = [f"{w}.{i}" for w in range(4) for i in range(5)]
    assert sorted(t for t in final if t.startswith("re: ")) == sorted(f"re: {t}" for t in turns)
    assert all(final[final.index(f"re: {t}") - 1] == t for t in turns)
    if durability == "exit":
        assert len(final) == 2 * len(turns)


def test_awaited_turns_at_once(saver):
    async def run():
        graph, config = conversation(saver), thread()

        async def turn(text):
            try:
                await graph.ainvoke({"messages": [HumanMessage(text)]}, config)
                return text
            except StaleCheckpointError:
                return None
        kept = [t for t in await asyncio.gather(*(turn(f"t{i}") for i in range(6))) if t]
        state = await graph.aget_state(config)
        said = [m.content for m in state.values["messages"]]
        assert kept and all(said.count(t) == 1 and said.count("re: " + t) == 1 for t in kept)
    asyncio.run(run())


def test_an_older_checkpoint_that_is_named_can_be_gone_on_from(saver):
    graph, config = conversation(saver), thread()
    say(graph, "one", config)
    early = graph.get_state(config).config
    say(graph, "two", config)
    say(graph, "instead of two", {"configurable": dict(early["configurable"])})
    assert texts(graph, config) == ["one", "re: one", "instead of two", "re: instead of two"]
    graph.update_state(early, {"messages": [HumanMessage("updated")]})
    assert texts(graph, config) == ["one", "re: one", "updated"]


def test_an_interrupted_run_is_resumed_once(server):
    class State(TypedDict):
        said: Annotated[list, lambda a, b: a + b]

    def build(client):
        graph = StateGraph(State).add_node("ask", lambda s: {"said": [interrupt("name?")]}).add_edge(START, "ask").add_edge("ask", END)
        return graph.compile(checkpointer=KeelsonSaver(client=client))

    config = thread()
    with Client(*server) as client:
        assert build(client).invoke({"said": ["hello"]}, config)["__interrupt__"][0].value == "name?"
        with ThreadPoolExecutor(2) as pool:
            def resume(name):
                try:
                    return build(client).invoke(Command(resume=name), config)
                except StaleCheckpointError:
                    return None
            kept = [r for r in pool.map(resume, ["Ada", "Grace"]) if r]
        assert len(kept) == 1 and build(client).get_state(config).values == kept[0]


# ---- the client stays small

def test_langgraph_is_imported_only_when_used():
    code = "import keelson, sys; assert not [m for m in sys.modules if m.startswith(('langgraph', 'langchain', 'pickle'))], sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_the_quick_start_does_what_it_says(server):
    url, key = server
    code = re.search(r"(?ms)^```python\n(.*?)^```", (ROOT / "docs/langgraph.md").read_text())[1]
    env = os.environ | {"PYTHONPATH": ":".join(sys.path), "KEELSON_URL": url} | ({"KEELSON_KEY": key} if key else {})
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout == "hello You said hello. good bye You said good bye.\n", done.stderr
