// An interviewing agent on real @langchain/core messages: `write URL SESSION` adds turns, `read URL SESSION` prints all as stored messages.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , verb, baseUrl, sessionId, client] = process.argv;
const at = createRequire(`${client}/package.json`);
const load = (name) => import(pathToFileURL(at.resolve(name)));
const { AIMessage, HumanMessage, SystemMessage, ToolMessage, mapChatMessagesToStoredMessages } = await load("@langchain/core/messages");
const { KeelsonChatMessageHistory } = await import(pathToFileURL(`${client}/src/index.js`));

const history = new KeelsonChatMessageHistory({ baseUrl, sessionId });
if (verb === "write") {
  await history.addMessages([
    new SystemMessage("You interview in the candidate's language. Zoë, 语言, العربية, 🧭"),
    new HumanMessage({ content: [{ type: "text", text: "Here is my whiteboard" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }], id: "human-1" }),
    new AIMessage({ content: "Let me look up the rubric.", id: "ai-1", usage_metadata: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
      tool_calls: [{ id: "call_1", name: "get_rubric", args: { skill: "SQL", weights: [0.1, 1e-7, 12345678901] }, type: "tool_call" }] }),
    new ToolMessage({ content: '{"ok":true}', tool_call_id: "call_1", name: "get_rubric", artifact: { raw: [null, true] } }),
    new AIMessage("What does a covering index save?\u0000\ud800 (and what does it cost?)"),
  ]);
}
console.log(JSON.stringify(mapChatMessagesToStoredMessages(await history.getMessages())));
