// Compiled, never run: what a TypeScript program may write.
// SPDX-License-Identifier: Apache-2.0
import { KeelsonChatMessageHistory, KeelsonClient, KeelsonError, KeelsonSaver, type Candidate } from "keelson";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { HumanMessage } from "@langchain/core/messages";

const client = new KeelsonClient({ baseUrl: "http://127.0.0.1:8080", apiKey: "k", timeoutMs: 5000 });

export async function use(): Promise<number> {
  const candidate: Candidate = await client.candidates.create({ full_name: "Ada Lovelace", tags: ["c"] }, { idempotencyKey: "k" });
  await client.candidates.update(candidate, { headline: "Analyst", email: null });
  await client.candidates.update(candidate.id, { headline: "Analyst" }, { ifMatch: "*" });
  // @ts-expect-error an identifier alone does not say which version is changed
  await client.candidates.update(candidate.id, { headline: "Analyst" });
  const page = await client.candidates.list({ where: { status: "new", created_at: { gte: new Date(), lt: "2027-01-01T00:00:00Z" }, metadata: { cs: { a: 1 } } } });
  for await (const found of client.candidates.list({ order: "created_at.desc" })) page.items.push(found);
  const { sessionId } = await client.startConversation({ candidate: { full_name: "x" } });
  const { last_seq } = await client.sessions.append(sessionId, { role: "user", content: "Hello" }, { expectLastSeq: 0 });
  // @ts-expect-error not a role
  await client.sessions.append(sessionId, { role: "nobody" });
  // @ts-expect-error messages are created inside their session
  client.messages.create({});
  const history: BaseListChatMessageHistory = new KeelsonChatMessageHistory({ sessionId, client });
  await history.addMessages([new HumanMessage("x")]);
  const saver: BaseCheckpointSaver = new KeelsonSaver({ client });
  await saver.deleteThread("t");
  try {
    await client.candidates.get("x", { signal: AbortSignal.timeout(10) });
  } catch (error) {
    if (error instanceof KeelsonError && error.retryable) return error.retryAfter ?? last_seq;
  }
  return last_seq;
}
