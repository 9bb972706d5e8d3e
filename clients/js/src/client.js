// The REST calls. Nothing is remembered between calls; objects are plain JSON as the server sent them.
// SPDX-License-Identifier: Apache-2.0

import { List } from "./list.js";
import { Transport, uuid } from "./transport.js";

const segment = encodeURIComponent;
const idOf = (object) => (typeof object === "string" ? object : object.id);

/** `If-Match` for a change: the version the object was read at, unless the caller says otherwise. */
function condition(object, ifMatch) {
  if (ifMatch !== undefined) return ifMatch;
  return typeof object === "object" && object.version !== undefined ? `"v${object.version}"` : undefined;
}

/** Filters: { status: "new" } is equality, { created_at: { gte, lt } } names operators, an array is `in`, null is `is`. */
export function filters(where = {}) {
  const query = {};
  for (const [field, wanted] of Object.entries(where)) {
    if (wanted === undefined) continue;
    const plain = wanted === null || typeof wanted !== "object" || Array.isArray(wanted) || wanted instanceof Date;
    const operators = plain ? { [wanted === null ? "is" : Array.isArray(wanted) ? "in" : "eq"]: wanted } : wanted;
    query[field] = Object.entries(operators).map(([op, value]) => `${op}.${operand(op, value)}`);
  }
  return query;
}

function operand(op, value) {
  if (op === "cs") return JSON.stringify(value);
  if (Array.isArray(value)) return `(${value.map((item) => quoted(operand("eq", item))).join(",")})`;
  return value instanceof Date ? value.toISOString() : String(value);
}

/** An item of a list: in quotes where commas and the like would be taken for the list's own. */
function quoted(text) {
  return /^[^,"\\(){}[\]]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

class Resource {
  constructor(transport, name) {
    this.name = name;
    Object.defineProperty(this, "transport", { value: transport, enumerable: false });
  }

  path(...parts) {
    return ["/v1", this.name, ...parts.map(segment)].join("/");
  }

  get(id, { fields, include, ...options } = {}) {
    return this.transport.json("GET", { path: this.path(id), query: { fields: fields?.join(","), include }, ...options });
  }

  /** { where, order, limit, cursor, fields, include, count } */
  list({ where, order, limit, cursor, fields, include, count, ...options } = {}) {
    const query = { ...filters(where), order, limit, cursor, fields: fields?.join(","), include, count };
    return new List((page) => this.transport.json("GET", { path: this.path(), query: page, ...options }), query);
  }
}

class WritableResource extends Resource {
  create(object, options) {
    return this.write("POST", { path: this.path(), json: object }, options);
  }

  write(method, call, { idempotencyKey, ...options } = {}) {
    const headers = idempotencyKey ? { ...call.headers, "idempotency-key": idempotencyKey } : call.headers;
    return this.transport.json(method, { ...call, headers, safe: Boolean(idempotencyKey), ...options });
  }

  /** All or none of up to 1,000 objects; they come back in the order given. */
  async createMany(objects, options) {
    const answer = await this.create([...objects], options);
    return Array.isArray(answer) ? answer : answer.items;
  }

  /** Merge patch: null removes a member. Refused (412) when somebody changed the object since it was read. */
  async update(object, patch, { ifMatch, ...options } = {}) {
    const match = condition(object, ifMatch);
    if (match === undefined)
      throw new TypeError("update() needs the object as it was read, or { ifMatch } ('*' to overwrite whatever is there)");
    const headers = { "content-type": "application/merge-patch+json", "if-match": match };
    return this.write("PATCH", { path: this.path(idOf(object)), json: patch, headers }, options);
  }

  /** To the trash, with everything below it. */
  async delete(object, { ifMatch, ...options } = {}) {
    const match = condition(object, ifMatch);
    await this.transport.json("DELETE", { path: this.path(idOf(object)), headers: match ? { "if-match": match } : {}, ...options });
  }

  restore(object, options) {
    return this.write("POST", { path: this.path(idOf(object), "restore") }, options);
  }

  transition(object, to, { reason, ...options } = {}) {
    return this.write("POST", { path: this.path(idOf(object), "transitions"), json: { to, reason } }, options);
  }
}

class Resumes extends WritableResource {
  /** `data`: Blob, ArrayBuffer, Uint8Array, string. Returns the resume with the file's length and digest. */
  putFile(resume, data, { type, fileName, ...options } = {}) {
    const headers = { "content-type": type || data.type || "application/octet-stream" };
    return this.transport.json("PUT", { path: this.path(idOf(resume), "file"), query: { name: fileName }, body: data, headers, ...options });
  }

  /** { bytes, type, digest }; `range` like "bytes=0-99" for a part. */
  async getFile(resume, { range, ...options } = {}) {
    const headers = { accept: "*/*", ...(range ? { range } : {}) };
    const { response, value } = await this.transport.send("GET", { path: this.path(idOf(resume), "file"), headers, bytes: true, ...options });
    const header = (name) => response.headers.get(name) ?? undefined;
    return { bytes: value, type: header("content-type"), digest: header("repr-digest"), etag: header("etag") };
  }
}

class Memory {
  constructor(transport) {
    Object.defineProperty(this, "transport", { value: transport, enumerable: false });
  }

  /** { document, etag, throughSeq }: pass the etag back as ifMatch. */
  get(session, options) {
    return this.#run("GET", session, undefined, undefined, options);
  }

  /** Without ifMatch only where nothing was written before; ifMatch: "*" overwrites. throughSeq: the messages it covers. */
  put(session, document, options) {
    return this.#run("PUT", session, document, undefined, options);
  }

  /** Merge patch; ifMatch is needed. */
  patch(session, patch, options) {
    return this.#run("PATCH", session, patch, "application/merge-patch+json", options);
  }

  async #run(method, session, json, type, { ifMatch, throughSeq, ...options } = {}) {
    const headers = {};
    if (ifMatch) headers["if-match"] = ifMatch;
    if (type) headers["content-type"] = type;
    const path = `/v1/sessions/${segment(idOf(session))}/memory`;
    const { response, value } = await this.transport.send(method, { path, query: { through_seq: throughSeq }, json, headers, ...options });
    const covered = response.headers.get("keelson-memory-through-seq");
    return { document: value, etag: response.headers.get("etag") ?? undefined, throughSeq: covered === null ? undefined : Number(covered) };
  }
}

class Sessions extends WritableResource {
  constructor(transport) {
    super(transport, "sessions");
    this.memory = new Memory(transport);
  }

  /**
   * One message or up to 100, all or none. Each gets a client_message_id if it has none, so that repeating the call after a
   * lost answer stores nothing twice. expectLastSeq: refused (409) when there are newer messages than that.
   */
  append(session, messages, { expectLastSeq, ...options } = {}) {
    const named = (Array.isArray(messages) ? messages : [messages]).map((m) => ({ ...m, client_message_id: m.client_message_id ?? uuid() }));
    const json = expectLastSeq === undefined ? named : { messages: named, expect_last_seq: expectLastSeq };
    return this.transport.json("POST", { path: this.path(idOf(session), "messages"), json, safe: true, ...options });
  }

  /**
   * { afterSeq, beforeSeq, tail, role, maxTokens, format, limit }, in the order they were said.
   * With tail, or with beforeSeq alone, these are the newest ones and one page is all of it.
   */
  messages(session, { afterSeq, beforeSeq, tail, role, maxTokens, format, limit, cursor, ...options } = {}) {
    const query = { after_seq: afterSeq, before_seq: beforeSeq, tail, role, max_tokens: maxTokens, format, limit, cursor };
    const path = this.path(idOf(session), "messages");
    const newest = tail !== undefined || (beforeSeq !== undefined && afterSeq === undefined);
    const after = (page) =>
      page.next && !newest && page.items.length ? { ...query, cursor: undefined, after_seq: page.items.at(-1).seq } : undefined;
    return new List((page) => this.transport.json("GET", { path, query: page, ...options }), query, after);
  }
}

export class KeelsonClient {
  /** { baseUrl, apiKey, fetch, timeoutMs = 30000, maxRetries = 4 } */
  constructor(options) {
    const transport = new Transport(options);
    Object.defineProperty(this, "transport", { value: transport, enumerable: false });
    this.candidates = new WritableResource(transport, "candidates");
    this.resumes = new Resumes(transport, "resumes");
    this.interviews = new WritableResource(transport, "interviews");
    this.sessions = new Sessions(transport);
    this.messages = new Resource(transport, "messages");
    this.assessments = new WritableResource(transport, "assessments");
  }

  /** A resource of your own tables: one that a migration tagged @resource(name). */
  resource(name) {
    return new WritableResource(this.transport, segment(name));
  }

  /**
   * Everything a first message needs, in three calls: a candidate, an interview, a session.
   * An object with an `id` is used as it is: { candidate: { id } } holds another interview with somebody known.
   */
  async startConversation({ candidate, interview = {}, session = {} }, options) {
    const key = uuid();
    const make = (resource, object) =>
      object.id ? object : resource.create(object, { ...options, idempotencyKey: `${key}-${resource.name}` });
    const person = await make(this.candidates, candidate);
    const meeting = await make(this.interviews, { title: "Interview", candidate_id: person.id, ...interview });
    const talk = await make(this.sessions, { interview_id: meeting.id, ...session });
    return { candidateId: person.id, interviewId: meeting.id, sessionId: talk.id, candidate: person, interview: meeting, session: talk };
  }

  /** Any other call: the parsed body of the answer. */
  request(method, path, options = {}) {
    return this.transport.json(method, { path, ...options });
  }
}
