// Against a running Keelson: every call once, and what a user would notice if it were wrong.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { KeelsonClient } from "keelson";
import { keelson } from "./keelson.js";

const client = new KeelsonClient(await keelson());
const someone = () => client.candidates.create({ full_name: "Ada Lovelace", email: `${randomUUID()}@example.com` });
const conversation = (more = {}) => client.startConversation({ candidate: { full_name: "Ada Lovelace" }, ...more });

test("five minutes to a first stored conversation", async () => {
  const { sessionId, candidateId } = await conversation({ interview: { title: "Systems" } });
  await client.sessions.append(sessionId, [
    { role: "assistant", content: "What is a lock?" },
    { role: "user", content: "A promise to wait." },
  ]);
  const { items } = await client.sessions.messages(sessionId, { tail: 20 });
  assert.deepEqual(items.map((m) => [m.seq, m.role, m.content]), [[1, "assistant", "What is a lock?"], [2, "user", "A promise to wait."]]);
  const again = await client.startConversation({ candidate: { id: candidateId } });
  assert.equal(again.interview.candidate_id, candidateId);
});

test("create, read, change, lose a race, delete, restore", async () => {
  const ada = await someone();
  assert.deepEqual(await client.candidates.get(ada.id), ada);
  const changed = await client.candidates.update(ada, { headline: "Analyst", metadata: { level: 3 } });
  assert.deepEqual([changed.version, changed.headline, changed.metadata], [2, "Analyst", { level: 3 }]);
  await assert.rejects(client.candidates.update(ada, { headline: "Countess" }), { status: 412, code: "stale-version" });
  await client.candidates.delete(changed);
  await assert.rejects(client.candidates.get(ada.id), { status: 404 });
  await client.candidates.restore(ada.id);
  assert.equal((await client.candidates.get(ada.id)).headline, "Analyst");
});

test("many at once, all or none, in the order given", async () => {
  const made = await client.candidates.createMany(["a", "b", "c"].map((full_name) => ({ full_name })));
  assert.deepEqual(made.map((c) => c.full_name), ["a", "b", "c"]);
  const refused = client.candidates.createMany([{ full_name: "fine" }, { full_name: 7 }, { nobody: 1 }]);
  await assert.rejects(refused, (e) => e.status === 422 && e.errors.some((f) => f.pointer === "/1/full_name"));
});

test("a key makes a create safe to repeat", async () => {
  const key = randomUUID();
  const body = { full_name: "Once" };
  const first = await client.candidates.create(body, { idempotencyKey: key });
  assert.deepEqual(await client.candidates.create(body, { idempotencyKey: key }), first);
  await assert.rejects(client.candidates.create({ full_name: "Other" }, { idempotencyKey: key }), { status: 422 });
});

test("lists: filters, containment, pages", async () => {
  const mark = randomUUID();
  await client.candidates.createMany([1, 2, 3, 4, 5].map((n) => ({ full_name: `N${n}`, metadata: { mark, n } })));
  const where = { metadata: { cs: { mark } } };
  const page = await client.candidates.list({ where, limit: 2 });
  assert.equal(page.items.length, 2);
  assert.deepEqual((await client.candidates.list({ where, limit: 2 }).all()).map((c) => c.full_name), ["N1", "N2", "N3", "N4", "N5"]);
  assert.deepEqual(await client.candidates.list({ where: { ...where, full_name: "N4" } }).all().then((a) => a.length), 1);
  assert.deepEqual(await client.candidates.list({ where: { ...where, full_name: ["N1", "N2"] } }).all().then((a) => a.length), 2);
  await assert.rejects(client.candidates.list({ where: { nonsense: 1 } }).all(), { status: 400 });
});

test("transitions", async () => {
  const ada = await someone();
  assert.equal((await client.candidates.transition(ada, "screening")).status, "screening");
  await assert.rejects(client.candidates.transition(ada, "hired"), { status: 409, code: "illegal-transition" });
});

test("files come back byte for byte", async () => {
  const ada = await someone();
  const resume = await client.resumes.create({ candidate_id: ada.id, parsed: { basics: { name: "Ada", profiles: [] }, skills: [{ name: "C" }] } });
  const bytes = new Uint8Array(70_000).map((_, i) => (i * 31) % 256);
  await client.resumes.putFile(resume, bytes, { type: "application/pdf", fileName: "Lebenslauf Ä.pdf" });
  const file = await client.resumes.getFile(resume);
  assert.equal(file.type, "application/pdf");
  assert.deepEqual(file.bytes, bytes);
  assert.deepEqual((await client.resumes.getFile(resume, { range: "bytes=10-19" })).bytes, bytes.slice(10, 20));
  const stored = await client.resumes.get(resume.id);
  assert.deepEqual([stored.file_bytes, stored.file_name], [bytes.length, "Lebenslauf Ä.pdf"]);
  assert.equal(Buffer.from(stored.file_sha256, "base64").toString("hex"), createHash("sha256").update(bytes).digest("hex"));
});

test("messages: numbered without gaps, repeated once, refused when somebody was faster", async () => {
  const { sessionId } = await conversation();
  const turn = { role: "user", content: "Hello", client_message_id: "m1" };
  const first = await client.sessions.append(sessionId, turn);
  assert.deepEqual((await client.sessions.append(sessionId, turn)).items[0].id, first.items[0].id);
  await Promise.all(Array.from({ length: 20 }, (_, n) => client.sessions.append(sessionId, { role: "user", content: `${n}` })));
  const all = await client.sessions.messages(sessionId, { limit: 7 }).all();
  assert.deepEqual(all.map((m) => m.seq), Array.from({ length: 21 }, (_, n) => n + 1));
  const late = client.sessions.append(sessionId, { role: "user", content: "late" }, { expectLastSeq: 1 });
  await assert.rejects(late, (e) => e.status === 409 && e.code === "stale-seq" && e.problem.missed.length > 0);
  const some = await client.sessions.messages(sessionId, { afterSeq: 3, beforeSeq: 9, limit: 2 }).all();
  assert.deepEqual(some.map((m) => m.seq), [4, 5, 6, 7, 8]);
});

test("memory has a version of its own", async () => {
  const { sessionId } = await conversation();
  const made = await client.sessions.memory.put(sessionId, { facts: ["likes C"] });
  await assert.rejects(client.sessions.memory.put(sessionId, { facts: [] }), { status: 428 });
  const patched = await client.sessions.memory.patch(sessionId, { summary: "short" }, { ifMatch: made.etag });
  assert.deepEqual((await client.sessions.memory.get(sessionId)), { ...patched, document: { facts: ["likes C"], summary: "short" } });
  await assert.rejects(client.sessions.memory.put(sessionId, {}, { ifMatch: made.etag }), { status: 412 });
});

test("assessments", async () => {
  const { interviewId, sessionId } = await conversation();
  const made = await client.assessments.create({ interview_id: interviewId, session_id: sessionId, assessor_kind: "ai", overall_score: 71.5, recommendation: "yes" });
  assert.equal((await client.assessments.get(made.id)).overall_score, 71.5);
});

test("messages are created inside their session only", async () => {
  await assert.rejects(client.request("POST", "/v1/messages", { json: { role: "user" } }), { status: 405 });
});
