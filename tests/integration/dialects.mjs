// What the ecosystems' own code says of messages in their dialect: `ai-sdk` or `langchain-js` on the command line, the messages on stdin.
// Prints the messages as that code has understood them; what it refuses is its own exception.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const at = createRequire(new URL("../package.json", import.meta.url));
const load = (name) => import(pathToFileURL(at.resolve(name)));
const messages = JSON.parse(readFileSync(0, "utf8"));

const understood = {
  "ai-sdk": async () => (await load("ai")).validateUIMessages({ messages }),
  "langchain-js": async () => {
    const { mapChatMessagesToStoredMessages, mapStoredMessagesToChatMessages } = await load("@langchain/core/messages");
    return mapChatMessagesToStoredMessages(mapStoredMessagesToChatMessages(messages));
  },
};
console.log(JSON.stringify(await understood[process.argv[2]]()));
