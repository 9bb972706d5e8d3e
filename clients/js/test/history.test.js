// LangChain's chat history against a running Keelson, with the real @langchain/core.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, AIMessageChunk, ChatMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage, mapStoredMessagesToChatMessages } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { KeelsonChatMessageHistory, KeelsonClient } from "keelson";
import { storedFrom } from "../src/messages.js";
import { keelson } from "./keelson.js";

const options = await keelson();
const client = new KeelsonClient(options);
const vectors = JSON.parse(readFileSync(new URL("../../vectors/langchain.json", import.meta.url), "utf8"));
const plain = (value) => JSON.parse(JSON.stringify(value));

async function history() {
  const { sessionId } = await client.startConversation({ candidate: { full_name: "Ada Lovelace" } });
  return new KeelsonChatMessageHistory({ ...options, sessionId });
}

/** What came back is what was added: the class, and every member. */
function same(got, wanted) {
  assert.equal(got.length, wanted.length);
  got.forEach((message, i) => {
    assert.equal(message.constructor, wanted[i].constructor);
    assert.deepEqual(message.content, wanted[i].content);
    assert.deepEqual(plain(storedFrom(message)), plain(storedFrom(wanted[i])));
  });
}

const interview = () => [
  new SystemMessage("You interview for a systems role."),
  new HumanMessage({ content: "Hello", id: "m1", name: "ada" }),
  new AIMessage({
    content: "Let me look it up", id: "m2",
    tool_calls: [{ id: "call_1", name: "get_rubric", args: { skill: "C", depth: [1, { deep: null }] }, type: "tool_call" }],
    usage_metadata: { input_tokens: 10, output_tokens: 5, total_tokens: 15 }, response_metadata: { model_name: "gpt-x" },
  }),
  new ToolMessage({ content: '{"ok":true}', tool_call_id: "call_1", name: "get_rubric", id: "m3", status: "success", artifact: { raw: [1, 2] } }),
  new AIMessage({ contentBlocks: [{ type: "reasoning", reasoning: "hm" }, { type: "text", text: "Tell me about locks." }] }),
  new HumanMessage({ content: [{ type: "text", text: "Like this:" }, { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }] }),
  new ChatMessage("noted", "panel-lead"),
  new HumanMessage("日本語 😀 \0 \ud800 \u2028 é é"),
];

test("messages come back equal", async () => {
  const h = await history();
  const added = interview();
  await h.addMessages(added);
  same(await h.getMessages(), added);
  same(await new KeelsonChatMessageHistory({ client, sessionId: h.sessionId }).getMessages(), added);
});

test("every rule, through the server", async () => {
  const h = await history();
  const cases = vectors.written.filter((c) => c.written_by !== "python");
  const added = cases.map((c, i) => {
    const message = mapStoredMessagesToChatMessages([structuredClone(c.stored)])[0];
    if (message.id) message.id = `${i}-${message.id}`.slice(0, 250);
    return message;
  });
  await h.addMessages(added);
  same(await h.getMessages(), added);
});

test("the convenience calls", async () => {
  const h = await history();
  assert.ok(h instanceof BaseListChatMessageHistory);
  await h.addUserMessage("hi");
  await h.addAIMessage("hello");
  assert.deepEqual((await h.getMessages()).map((m) => [m.type, m.content, m.id]), [["human", "hi", undefined], ["ai", "hello", undefined]]);
});

test("the same message added twice is stored once, another one with its id is not taken for it", async () => {
  const h = await history();
  await h.addMessage(new HumanMessage({ content: "once", id: "a" }));
  await h.addMessage(new HumanMessage({ content: "once", id: "a" }));
  assert.equal((await h.getMessages()).length, 1);
});

test("more messages than one request takes, and pages of them", async () => {
  const h = await history();
  const many = Array.from({ length: 430 }, (_, n) => new HumanMessage(`${n}`));
  await h.addMessages(many);
  assert.deepEqual((await h.getMessages()).map((m) => m.content), many.map((m) => m.content));
});

test("clear begins anew and deletes nothing", async () => {
  const h = await history();
  await h.addMessages([new HumanMessage("before"), new AIMessage("yes")]);
  await h.clear();
  assert.deepEqual(await h.getMessages(), []);
  await h.addMessage(new HumanMessage("after"));
  assert.deepEqual((await h.getMessages()).map((m) => m.content), ["after"]);
  assert.equal((await client.sessions.messages(h.sessionId)).items.length, 3);
});

test("what cannot be stored is refused before anything is sent", async () => {
  const h = await history();
  await assert.rejects(h.addMessages([new HumanMessage("x"), new RemoveMessage({ id: "m1" })]), /never deleted/);
  assert.deepEqual(await h.getMessages(), []);
});

test("a chunk of a stream is stored as the message it amounts to", async () => {
  const h = await history();
  const chunk = new AIMessageChunk({ content: "a" }).concat(new AIMessageChunk({ content: "b" }));
  await h.addMessage(chunk);
  const [got] = await h.getMessages();
  assert.deepEqual([got.type, got.content], ["ai", "ab"]);
});

test("messages appended by other programs are read", async () => {
  const h = await history();
  await client.sessions.append(h.sessionId, [{ role: "developer", content: "be brief" }, { role: "observer", content: "note" }]);
  assert.deepEqual((await h.getMessages()).map((m) => m.type), ["system", "generic"]);
});

test("an unmodified chain remembers", async () => {
  const h = await history();
  const prompt = ChatPromptTemplate.fromMessages([["system", "Interview."], new MessagesPlaceholder("past"), ["human", "{said}"]]);
  const seen = [];
  const model = new FakeListChatModel({ responses: ["First question?", "Second question?"] });
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe((value) => (seen.push(value.toChatMessages().length), value)).pipe(model),
    getMessageHistory: (sessionId) => new KeelsonChatMessageHistory({ client, sessionId }),
    inputMessagesKey: "said", historyMessagesKey: "past",
  });
  const config = { configurable: { sessionId: h.sessionId } };
  await chain.invoke({ said: "Hello" }, config);
  await chain.invoke({ said: "Go on" }, config);
  assert.deepEqual(seen, [2, 4]);
  assert.deepEqual((await h.getMessages()).map((m) => m.content), ["Hello", "First question?", "Go on", "Second question?"]);
});

test("a session that does not exist", async () => {
  const h = new KeelsonChatMessageHistory({ ...options, sessionId: "0198c000-0000-7000-8000-00000000dead" });
  await assert.rejects(h.getMessages(), { status: 404 });
  await assert.rejects(h.addUserMessage("x"), { status: 404 });
  assert.throws(() => new KeelsonChatMessageHistory(options), /startConversation/);
});
