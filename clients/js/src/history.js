// Chat history for @langchain/core. The session must exist: KeelsonClient.startConversation() makes one.
// SPDX-License-Identifier: Apache-2.0

import { KeelsonClient } from "./client.js";
import { fromRow, storedFrom, toRow } from "./messages.js";

// Optional: whoever only uses the client does not need LangChain.
let absent;
const core = await Promise.all([import("@langchain/core/chat_history"), import("@langchain/core/messages")]).catch((error) => {
  absent = error;
});
const Base = core ? core[0].BaseListChatMessageHistory : class {};
const MOST_IN_ONE_APPEND = 100;

export class KeelsonChatMessageHistory extends Base {
  lc_namespace = ["keelson", "stores", "message"];

  /** { baseUrl, apiKey, sessionId }, or { client, sessionId } to share a client */
  constructor({ sessionId, client, ...options } = {}) {
    if (!core) throw new Error("KeelsonChatMessageHistory needs the package @langchain/core", { cause: absent });
    super({ sessionId });
    if (!sessionId) throw new TypeError("sessionId is missing: KeelsonClient.startConversation() makes a session");
    this.sessionId = sessionId;
    Object.defineProperty(this, "client", { value: client ?? new KeelsonClient(options), enumerable: false });
  }

  /** Everything since the last clear(); replaced messages are left out, redacted ones are empty. */
  async getMessages() {
    const [session, rows] = await Promise.all([
      this.client.sessions.get(this.sessionId, { fields: ["metadata"] }),
      this.client.sessions.messages(this.sessionId, { limit: 200 }).all(),
    ]);
    const from = session.metadata?.langchain?.from_seq ?? 1;
    const shown = rows.filter((row) => row.seq >= from && !row.superseded_by);
    return core[1].mapStoredMessagesToChatMessages(shown.map(fromRow));
  }

  async addMessage(message) {
    await this.addMessages([message]);
  }

  /** All or none, for up to 100 messages; more are stored in several steps. */
  async addMessages(messages) {
    const rows = messages.map((message) => toRow(storedFrom(message)));
    for (let i = 0; i < rows.length; i += MOST_IN_ONE_APPEND)
      await this.client.sessions.append(this.sessionId, rows.slice(i, i + MOST_IN_ONE_APPEND));
  }

  /**
   * Begin anew: getMessages() answers what is added from here on. Nothing is deleted, because an interview is a record;
   * the transcript stays readable through client.sessions.messages(). To remove it, delete the session.
   */
  async clear() {
    const session = await this.client.sessions.get(this.sessionId, { fields: ["last_seq"] });
    const metadata = { langchain: { from_seq: session.last_seq + 1 } };
    await this.client.sessions.update(this.sessionId, { metadata }, { ifMatch: "*" });
  }
}
