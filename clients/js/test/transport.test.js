// What is sent, what is repeated, and how errors read: against a fetch that answers from a script.
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";
import { KeelsonClient, KeelsonError } from "keelson";
import { retryAfterOf } from "../src/errors.js";
import { filters } from "../src/client.js";
import { waitSeconds } from "../src/transport.js";

const problem = (status, code, more = {}, headers = {}) =>
  new Response(JSON.stringify({ status, code, title: code, ...more }), { status, headers: { "content-type": "application/problem+json", ...headers } });
const overloaded = (headers = { "retry-after": "0" }) => problem(503, "overloaded", { retryable: true }, headers);
const json = (value, status = 200, headers = {}) => new Response(JSON.stringify(value), { status, headers });

/** A client whose server answers these, one after the other; the last one again and again. */
function scripted(...answers) {
  const calls = [];
  const fetch = async (url, init) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push({ url, ...init, json: typeof init.body === "string" ? JSON.parse(init.body) : undefined });
    if (answer instanceof Error) throw answer;
    return answer.clone();
  };
  return { client: new KeelsonClient({ baseUrl: "http://h/", apiKey: "kls_live_secret", fetch }), calls };
}

const repeated = [
  { why: "a read is repeated", run: (c) => c.candidates.get("x"), first: overloaded(), calls: 2 },
  { why: "an append is repeated: its identifiers make it safe", run: (c) => c.sessions.append("s", { role: "user" }), first: overloaded(), calls: 2 },
  { why: "a create is not", run: (c) => c.candidates.create({}), first: overloaded(), calls: 1 },
  { why: "a create with a key is", run: (c) => c.candidates.create({}, { idempotencyKey: "k" }), first: overloaded(), calls: 2 },
  { why: "an update is not", run: (c) => c.candidates.update({ id: "x", version: 1 }, {}), first: overloaded(), calls: 1 },
  { why: "a delete is not", run: (c) => c.candidates.delete("x"), first: overloaded(), calls: 1 },
  { why: "too many requests", run: (c) => c.candidates.get("x"), first: problem(429, "rate-limited", { retryable: true }, { "retry-after": "0" }), calls: 2 },
  { why: "an unknown outcome is for the caller to look into", run: (c) => c.candidates.get("x"), first: problem(503, "outcome-unknown", { retryable: false }), calls: 1 },
  { why: "a refusal stays one", run: (c) => c.candidates.get("x"), first: problem(404, "not-found"), calls: 1 },
  { why: "a lost connection of a read", run: (c) => c.candidates.get("x"), first: new TypeError("fetch failed"), calls: 2 },
  { why: "a lost connection of a create: nobody knows what happened", run: (c) => c.candidates.create({}), first: new TypeError("fetch failed"), calls: 1 },
  { why: "a wait longer than anybody would", run: (c) => c.candidates.get("x"), first: overloaded({ "retry-after": "3600" }), calls: 1 },
];
for (const { why, run, first, calls: expected } of repeated)
  test(why, async () => {
    const { client, calls } = scripted(first, json({ id: "x", items: [] }));
    const result = await run(client).then(() => "answered", (error) => error);
    assert.equal(calls.length, expected);
    if (expected === 2) assert.equal(result, "answered");
    else assert.ok(result instanceof KeelsonError);
  });

test("repetition ends", async () => {
  const { client, calls } = scripted(overloaded());
  await assert.rejects(client.candidates.get("x"), { status: 503, code: "overloaded", retryable: true, retryAfter: 0 });
  assert.equal(calls.length, 5);
});

test("a repeated append carries the same identifiers", async () => {
  const { client, calls } = scripted(overloaded(), json({ items: [], last_seq: 2 }, 201));
  await client.sessions.append("s", [{ role: "user", content: "a" }, { role: "user", content: "b", client_message_id: "mine" }]);
  assert.deepEqual(calls[0].json, calls[1].json);
  assert.match(calls[0].json[0].client_message_id, /^[0-9a-f-]{36}$/);
  assert.equal(calls[0].json[1].client_message_id, "mine");
});

test("expectLastSeq wraps the messages", async () => {
  const { client, calls } = scripted(json({ items: [], last_seq: 1 }));
  await client.sessions.append("s", { role: "user", client_message_id: "m" }, { expectLastSeq: 0 });
  assert.deepEqual(calls[0].json, { messages: [{ role: "user", client_message_id: "m" }], expect_last_seq: 0 });
});

test("an error says everything the server said", async () => {
  const errors = [{ pointer: "/email", code: "format.email", message: "is not an email address" }];
  const { client } = scripted(problem(422, "validation", { detail: "Input is not valid", errors, request_id: "r1" }));
  const error = await client.candidates.create({}).catch((e) => e);
  assert.deepEqual([error.status, error.code, error.errors, error.requestId, error.retryable], [422, "validation", errors, "r1", false]);
  assert.match(error.message, /\/email: is not an email address/);
});

test("an answer that is not ours", async () => {
  const { client } = scripted(new Response("<html>bad gateway", { status: 502 }));
  await assert.rejects(client.candidates.get("x"), { status: 502, code: "http-error", retryable: false, message: /bad gateway/ });
});

test("the version of the object becomes If-Match", async () => {
  const { client, calls } = scripted(json({ id: "x", version: 8 }));
  await client.candidates.update({ id: "x", version: 7 }, { headline: null });
  assert.equal(calls[0].headers["if-match"], '"v7"');
  assert.equal(calls[0].headers["content-type"], "application/merge-patch+json");
  assert.deepEqual(calls[0].json, { headline: null });
  await client.candidates.update("x", {}, { ifMatch: "*" });
  assert.equal(calls[1].headers["if-match"], "*");
  await assert.rejects(client.candidates.update("x", {}), TypeError);
});

test("a list is awaited for a page and iterated for everything", async () => {
  const pages = [json({ items: [1, 2], next: "c1" }), json({ items: [3], next: null })];
  const { client, calls } = scripted(...pages);
  assert.deepEqual(await client.candidates.list({ where: { status: "new" }, limit: 2 }).all(), [1, 2, 3]);
  assert.equal(calls[0].url, "http://h/v1/candidates?status=eq.new&limit=2");
  assert.equal(calls[1].url, "http://h/v1/candidates?status=eq.new&limit=2&cursor=c1");
  assert.deepEqual(await scripted(json({ items: [1] })).client.candidates.list(), { items: [1] });
});

test("messages continue after the last one; a tail is one page", async () => {
  const first = json({ items: [{ seq: 1 }, { seq: 2 }], next: "a2" });
  const { client, calls } = scripted(first, json({ items: [{ seq: 3 }], next: null }));
  assert.equal((await client.sessions.messages("s", { beforeSeq: 9, afterSeq: 0 }).all()).length, 3);
  assert.equal(calls[1].url, "http://h/v1/sessions/s/messages?after_seq=2&before_seq=9");
  const tail = scripted(first);
  assert.equal((await tail.client.sessions.messages("s", { tail: 2 }).all()).length, 2);
  assert.equal(tail.calls.length, 1);
});

test("filters", () => {
  const when = new Date("2026-01-02T03:04:05Z");
  const where = {
    a: "x", b: 1, c: null, d: ["p", "q"], e: { gte: when, lt: "2027" }, f: { cs: { k: [1] } }, g: undefined, h: true,
    i: ["a,b", 'say "hi"', "", "(c)"],
  };
  assert.deepEqual(filters(where), {
    a: ["eq.x"], b: ["eq.1"], c: ["is.null"], d: ["in.(p,q)"], e: ["gte.2026-01-02T03:04:05.000Z", "lt.2027"],
    f: ['cs.{"k":[1]}'], h: ["eq.true"], i: ['in.("a,b","say \\"hi\\"","","(c)")'],
  });
});

test("two operators of a field are two parameters", async () => {
  const { client, calls } = scripted(json({ items: [] }));
  await client.candidates.list({ where: { version: { gte: 1, lt: 3 } } });
  assert.equal(calls[0].url, "http://h/v1/candidates?version=gte.1&version=lt.3");
});

test("lone surrogates and U+0000 leave as escapes", async () => {
  let sent;
  const fetch = async (_, init) => ((sent = init.body), json({ items: [], last_seq: 1 }));
  await new KeelsonClient({ baseUrl: "http://h", fetch }).sessions.append("s", { role: "user", content: "\0\ud800", client_message_id: "m" });
  assert.ok(sent.includes("\\u0000\\ud800"));
});

test("the key is sent, and never printed", async () => {
  const { client, calls } = scripted(json({}));
  await client.candidates.get("x");
  assert.equal(calls[0].headers.authorization, "Bearer kls_live_secret");
  assert.ok(!inspect(client, { depth: 9, showHidden: false }).includes("secret"));
  assert.ok(!JSON.stringify(client).includes("secret"));
});

test("a caller's signal ends the call and the waiting between attempts", async () => {
  const { client, calls } = scripted(overloaded({ "retry-after": "20" }));
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 20);
  await assert.rejects(client.candidates.get("x", { signal: stop.signal }), /enough/);
  assert.equal(calls.length, 1);
  await assert.rejects(client.candidates.get("x", { signal: AbortSignal.abort(new Error("before")) }), /before/);
});

test("no answer in time", async (t) => {
  const server = createServer(() => {});
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => (server.closeAllConnections(), server.close()));
  const client = new KeelsonClient({ baseUrl: `http://127.0.0.1:${server.address().port}`, timeoutMs: 50, maxRetries: 0 });
  await assert.rejects(client.candidates.get("x"), { code: "timeout", status: 0, retryable: true });
});

test("nobody listens", async () => {
  const client = new KeelsonClient({ baseUrl: "http://127.0.0.1:1", maxRetries: 0 });
  await assert.rejects(client.candidates.get("x"), { code: "network", status: 0, message: /127\.0\.0\.1:1 cannot be reached/ });
});

test("Retry-After in both forms, and backing off without it", () => {
  assert.equal(retryAfterOf("7"), 7);
  assert.equal(retryAfterOf("Thu, 01 Jan 1970 00:00:10 GMT", 4000), 6);
  assert.equal(retryAfterOf("soon"), undefined);
  assert.equal(retryAfterOf(null), undefined);
  const error = new KeelsonError("x", { status: 503, code: "overloaded", retryable: true });
  assert.deepEqual([0, 1, 2].map((n) => waitSeconds(error, n, () => 0.5)), [0.1, 0.2, 0.4]);
});
