// Several runs on one thread at once, with the real LangGraph: every turn that was acknowledged is in the final state, once.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { Annotation, Command, END, MessagesAnnotation, START, StateGraph, interrupt } from "@langchain/langgraph";
import { KeelsonSaver, StaleCheckpointError } from "../src/index.js";
import { keelson } from "./keelson.js";

let server;
before(async () => {
  server = await keelson();
});

const saver = () => new KeelsonSaver(server);
const thread = (more = {}) => ({ configurable: { thread_id: randomUUID(), ...more } });

function conversation(checkpointer) {
  const answer = async (state) => {
    await new Promise((resolve) => setImmediate(resolve));
    return { messages: [{ role: "ai", content: `re: ${state.messages.at(-1).content}` }] };
  };
  return new StateGraph(MessagesAnnotation).addNode("answer", answer).addEdge(START, "answer").addEdge("answer", END).compile({ checkpointer });
}

const say = (graph, text, config) => graph.invoke({ messages: [{ role: "human", content: text }] }, config);
const texts = async (graph, config) => (await graph.getState(config)).values.messages?.map((m) => m.content) ?? [];

/** Every turn is begun again until it went through; how often one had to be. */
async function persistent(graph, text, config) {
  for (let refused = 0; ; refused++) {
    try {
      await say(graph, text, config);
      return refused;
    } catch (error) {
      if (!(error instanceof StaleCheckpointError)) throw error;
      assert.ok(error.retryable && error.status === 409);
    }
  }
}

for (const durability of ["async", "sync", "exit"]) {
  test(`turns at once are all there or refused (${durability})`, async () => {
    const graph = conversation(saver()), config = { ...thread(), durability };
    await say(graph, "first", config);
    const turns = Array.from({ length: 8 }, (_, i) => `turn ${i}`);
    const outcomes = await Promise.allSettled(turns.map((text) => say(graph, text, config)));
    const kept = turns.filter((_, i) => outcomes[i].status === "fulfilled");
    for (const { reason } of outcomes.filter((o) => o.status === "rejected")) assert.ok(reason instanceof StaleCheckpointError, String(reason));
    assert.ok(kept.length >= 1 && kept.length < turns.length);
    const final = await texts(graph, config);
    for (const text of kept) assert.deepEqual(final.filter((t) => t.endsWith(text)), [text, `re: ${text}`]);
    for (const text of turns) assert.ok(final.filter((t) => t === text).length <= 1);
  });
}

// What one run has stored of a turn before another overtook it stays, unless the turn is one checkpoint (exit).
for (const durability of ["async", "exit"]) test(`persistent writers in several programs lose nothing (${durability})`, async () => {
  const config = { ...thread(), durability }, turns = [];
  await Promise.all(Array.from({ length: 4 }, async (_, writer) => {
    const graph = conversation(saver());
    for (let i = 0; i < 5; i++) {
      turns.push(`${writer}.${i}`);
      await persistent(graph, `${writer}.${i}`, config);
    }
  }));
  const final = await texts(conversation(saver()), config);
  assert.deepEqual(final.filter((t) => t.startsWith("re: ")).sort(), turns.map((t) => `re: ${t}`).sort());
  for (const turn of turns) assert.equal(final[final.indexOf(`re: ${turn}`) - 1], turn);
  if (durability === "exit") assert.equal(final.length, 2 * turns.length);
});

test("of two first turns at once one is first", async () => {
  const config = thread();
  const outcomes = await Promise.allSettled(["a", "b"].map((text) => say(conversation(saver()), text, config)));
  const kept = outcomes.filter((o) => o.status === "fulfilled").length;
  assert.equal((await texts(conversation(saver()), config)).length, 2 * kept);
  assert.ok(kept >= 1);
});

test("an older checkpoint that is named can be gone on from", async () => {
  const graph = conversation(saver()), config = thread();
  await say(graph, "one", config);
  const [{ config: early }] = [await graph.getState(config)];
  await say(graph, "two", config);
  await say(graph, "instead of two", early);
  assert.deepEqual(await texts(graph, config), ["one", "re: one", "instead of two", "re: instead of two"]);
  await graph.updateState(early, { messages: [{ role: "human", content: "updated" }] });
  assert.deepEqual(await texts(graph, config), ["one", "re: one", "updated"]);
  await say(graph, "three", config);
  assert.equal((await texts(graph, config)).at(-1), "re: three");
});

test("the head that is named is like the head", async () => {
  const graph = conversation(saver()), config = thread();
  await say(graph, "one", config);
  const { config: head } = await graph.getState(config);
  const outcomes = await Promise.allSettled(["a", "b", "c"].map((text) => say(graph, text, head)));
  assert.equal(outcomes.filter((o) => o.status === "fulfilled").length, 1);
  assert.equal((await texts(graph, config)).length, 4);
});

test("an update that was overtaken is refused", async () => {
  const graph = conversation(saver()), config = thread();
  await say(graph, "one", config);
  const update = (text) => graph.updateState(config, { messages: [{ role: "human", content: text }] });
  const outcomes = await Promise.allSettled([update("a"), update("b"), say(graph, "c", config)]);
  const kept = ["a", "b", "c"].filter((_, i) => outcomes[i].status === "fulfilled");
  const final = await texts(graph, config);
  for (const text of kept) assert.equal(final.filter((t) => t === text).length, 1);
  assert.ok(kept.length >= 1);
});

test("an interrupted run is resumed, by another program, and only once", async () => {
  const State = Annotation.Root({ said: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }) });
  const build = () => new StateGraph(State).addNode("ask", () => ({ said: [interrupt("name?")] })).addEdge(START, "ask").addEdge("ask", END)
    .compile({ checkpointer: saver() });
  const config = thread();
  const asked = await build().invoke({ said: ["hello"] }, config);
  assert.equal(asked.__interrupt__[0].value, "name?");
  const outcomes = await Promise.allSettled(["Ada", "Grace"].map((name) => build().invoke(new Command({ resume: name }), config)));
  const kept = outcomes.filter((o) => o.status === "fulfilled");
  assert.equal(kept.length, 1);
  assert.deepEqual((await build().getState(config)).values, kept[0].value);
});

test("an unchanged channel is not sent again", async () => {
  const State = Annotation.Root({ large: Annotation(), n: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) });
  const sent = [];
  const spy = (url, init) => {
    if (init.method === "POST" && url.endsWith("/v1/checkpoints")) sent.push(Object.keys(JSON.parse(init.body).channels));
    return fetch(url, init);
  };
  const graph = new StateGraph(State).addNode("count", () => ({ n: 1 })).addEdge(START, "count").addEdge("count", END)
    .compile({ checkpointer: new KeelsonSaver({ ...server, fetch: spy }) });
  const config = thread();
  await graph.invoke({ large: "x".repeat(100_000) }, config);
  await graph.invoke({ n: 0 }, config);
  assert.equal(sent.filter((channels) => channels.includes("large")).length, 1);
  assert.equal((await graph.getState(config)).values.large.length, 100_000);
});
