// A checkpointer for LangGraph. Values are made into bytes by the serializer LangGraph brings; Keelson keeps them as they are.
//
// Several runs on one thread cannot lose each other's turns: a checkpoint must follow the newest one of its thread and namespace, or
// put() throws StaleCheckpointError, nothing is stored, and the run can be begun again. To branch off an older checkpoint on
// purpose, name it: what a run or updateState() was addressed to by its checkpoint_id may be followed once more.
// SPDX-License-Identifier: Apache-2.0

import { fromBase64, toBase64 } from "./bytes.js";
import { KeelsonClient } from "./client.js";
import { KeelsonError } from "./errors.js";

// Optional: whoever only uses the client does not need LangGraph.
let absent;
const langgraph = await import("@langchain/langgraph-checkpoint").catch((error) => {
  absent = error;
});
const Base = langgraph ? langgraph.BaseCheckpointSaver : class {};

const PATH = "/v1/checkpoints";
const EMPTY_REMEMBERED = 50_000;
const WITH_PENDING_SENDS = 4;   // checkpoints of an older version have them among their parent's writes

/** The thread has moved on since this run read it: begin the run again. */
export class StaleCheckpointError extends KeelsonError {
  constructor(error) {
    super(`${error.message}; run the turn again`, { status: error.status, code: error.code, problem: error.problem,
      requestId: error.requestId, retryable: true, cause: error });
    this.name = "StaleCheckpointError";
    this.newestCheckpointId = error.problem?.newest_checkpoint_id ?? undefined;
  }
}

// A config goes through LangGraph by being spread into others. So that the one of a checkpoint that is not the newest is known when it
// comes back as a parent, it has a member that is named after it and undefined: spread along, equal to none.
const branchMark = (id) => `__keelson_branch_${id}`;

function configOf(row, id, branch) {
  const configurable = { thread_id: row.thread_id, checkpoint_ns: row.checkpoint_ns, checkpoint_id: id };
  if (branch) configurable[branchMark(id)] = undefined;
  return { configurable };
}

function required(config, name, doing) {
  const value = config?.configurable?.[name];
  if (value === undefined || value === null || value === "")
    throw new TypeError(`Cannot ${doing}: "configurable" of the config has no "${name}", as in { configurable: { ${name}: "..." } }`);
  return String(value);
}

const storable = (text) => !text.includes("\0") && (text.isWellFormed?.() ?? true);

/** What of the metadata can be filtered by: JSON without what no database can hold. The whole is kept beside it. */
function filterable(metadata) {
  const kept = (key, value) => {
    if (!storable(key) || typeof value === "bigint" || (typeof value === "string" && !storable(value))) return undefined;
    const plain = value === null || typeof value !== "object" || Array.isArray(value);
    return plain ? value : Object.fromEntries(Object.entries(value).filter(([name]) => storable(name)));
  };
  return JSON.parse(JSON.stringify(metadata ?? {}, kept)) ?? {};
}

export class KeelsonSaver extends Base {
  #empty = new Set();           // namespaces that somebody here has read and found empty, in order of time

  /** { baseUrl, apiKey, ... } or { client }; `serde` as for any checkpointer */
  constructor({ client, serde, ...options } = {}) {
    if (!langgraph) throw new Error("KeelsonSaver needs the package @langchain/langgraph-checkpoint", { cause: absent });
    super(serde);
    Object.defineProperty(this, "client", { value: client ?? new KeelsonClient(options), enumerable: false });
  }

  async getTuple(config) {
    const { thread_id, checkpoint_ns = "", checkpoint_id } = config.configurable ?? {};
    if (!thread_id) return undefined;
    const row = await this.#row(thread_id, checkpoint_ns, checkpoint_id);
    if (!row && !checkpoint_id) this.#sawEmpty(thread_id, checkpoint_ns);
    return row && this.#tuple(row);
  }

  async *list(config, { limit, before, filter } = {}) {
    const { thread_id, checkpoint_ns, checkpoint_id } = config?.configurable ?? {};
    const query = { thread_id: thread_id || undefined, checkpoint_ns, checkpoint_id: checkpoint_id || undefined,
      before: before?.configurable?.checkpoint_id, metadata: filter && JSON.stringify(filter) };
    let left = limit ?? Infinity;
    for (let cursor; left > 0; ) {
      const page = await this.client.request("GET", PATH, { query: { ...query, cursor, limit: Math.min(left, 50) } });
      for (const row of page.items) yield await this.#tuple(row);
      left -= page.items.length;
      cursor = page.next;
      if (!cursor) return;
    }
  }

  async put(config, checkpoint, metadata, newVersions) {
    const thread_id = required(config, "thread_id", "put a checkpoint");
    const { checkpoint_ns = "", checkpoint_id: parent } = config.configurable;
    const { channel_values: values = {}, ...rest } = langgraph.copyCheckpoint(checkpoint);
    const changed = Object.keys(newVersions ?? {}).filter((name) => Object.hasOwn(rest.channel_versions, name) || Object.hasOwn(values, name));
    const [[type, bytes], [metadata_type, metadata_bytes], channels] = await Promise.all([
      this.serde.dumpsTyped(rest), this.serde.dumpsTyped(metadata), Promise.all(changed.map((name) => this.#channel(name, values)))]);
    await this.#post(PATH, {
      thread_id, checkpoint_ns, checkpoint_id: checkpoint.id, parent_checkpoint_id: parent || null, type, checkpoint: toBase64(bytes),
      channel_versions: { ...newVersions, ...rest.channel_versions }, channels: Object.fromEntries(channels), metadata: filterable(metadata),
      metadata_type, metadata_bytes: toBase64(metadata_bytes), run_id: metadata?.run_id, expect_newest: this.#continues(config.configurable),
    });
    return { configurable: { thread_id: config.configurable.thread_id, checkpoint_ns, checkpoint_id: checkpoint.id } };
  }

  async putWrites(config, writes, taskId, taskPath = "") {
    const thread_id = required(config, "thread_id", "put writes");
    const checkpoint_id = required(config, "checkpoint_id", "put writes");
    if (writes.length === 0) return;
    const dumped = await Promise.all(writes.map(async ([channel, value]) => {
      const [type, bytes] = await this.serde.dumpsTyped(value);
      return { channel, type, content: toBase64(bytes) };
    }));
    const { checkpoint_ns = "" } = config.configurable;
    await this.#post(`${PATH}/writes`, { thread_id, checkpoint_ns, checkpoint_id, task_id: taskId, task_path: taskPath, writes: dumped });
  }

  async deleteThread(threadId) {
    await this.client.request("DELETE", PATH, { query: { thread_id: threadId }, safe: true });
  }

  /** Of each namespace of these threads only the newest checkpoint is kept; strategy "delete": nothing. */
  async prune(threadIds, { strategy = "keep_latest" } = {}) {
    for (let i = 0; i < threadIds.length; i += 1000)
      await this.#post(`${PATH}/prune`, { thread_ids: threadIds.slice(i, i + 1000), strategy });
  }

  /** Everything of a thread under another name, which must not have checkpoints. */
  async copyThread(from, to) {
    await this.client.request("POST", `${PATH}/copy`, { json: { from, to } });
  }

  /** The checkpoints that these runs wrote. */
  async deleteForRuns(runIds) {
    if (runIds.length > 0) await this.#post(`${PATH}/prune`, { run_ids: [...runIds] });
  }

  /** A number and something random: two branches of a thread never give one version to two values. */
  getNextVersion(current) {
    const number = current === undefined || current === null ? 0 : typeof current === "number" ? Math.trunc(current) : parseInt(current, 10);
    const random = crypto.getRandomValues(new Uint32Array(2)).reduce((text, n) => text + String(n).padStart(10, "0"), "");
    return `${String(number + 1).padStart(32, "0")}.${random}`;
  }

  /** Does a checkpoint continue what its writer took for the newest? */
  #continues(configurable) {
    const { thread_id, checkpoint_ns = "", checkpoint_id: parent } = configurable;
    return parent ? !(branchMark(parent) in configurable) : this.#empty.has(JSON.stringify([String(thread_id), checkpoint_ns]));
  }

  /** Who read nothing may put a first checkpoint, which must then still be the first. */
  #sawEmpty(thread_id, checkpoint_ns) {
    if (this.#empty.size >= EMPTY_REMEMBERED) this.#empty.delete(this.#empty.values().next().value);
    this.#empty.add(JSON.stringify([String(thread_id), checkpoint_ns]));
  }

  /** All of these may be repeated: what they ask for is the same the second time. */
  async #post(path, json) {
    const call = () => this.client.request("POST", path, { json, safe: true });
    try {
      return await call().catch((error) => (error.code === "outcome-unknown" ? call() : Promise.reject(error)));
    } catch (error) {
      throw error.code === "stale-checkpoint" ? new StaleCheckpointError(error) : error;
    }
  }

  async #row(thread_id, checkpoint_ns, checkpoint_id) {
    try {
      return await this.client.request("GET", `${PATH}/tuple`, { query: { thread_id, checkpoint_ns, checkpoint_id: checkpoint_id || undefined } });
    } catch (error) {
      if (error.code === "not-found") return undefined;
      throw error;
    }
  }

  async #channel(name, values) {
    if (!Object.hasOwn(values, name)) return [name, {}];
    const [type, bytes] = await this.serde.dumpsTyped(values[name]);
    return [name, { type, content: toBase64(bytes) }];
  }

  #load({ type, content }) {
    return this.serde.loadsTyped(type, fromBase64(content));
  }

  async #tuple(row) {
    const filled = Object.entries(row.channels).filter(([, channel]) => channel.content !== null);
    const [checkpoint, metadata, values, pendingWrites] = await Promise.all([
      this.#load({ type: row.type, content: row.checkpoint }),
      row.metadata_bytes === null ? row.metadata : this.#load({ type: row.metadata_type, content: row.metadata_bytes }),
      Promise.all(filled.map(async ([name, channel]) => [name, await this.#load(channel)])),
      Promise.all(row.writes.map(async (write) => [write.task_id, write.channel, await this.#load(write)])),
    ]);
    checkpoint.channel_values = Object.fromEntries(values);
    if (checkpoint.v < WITH_PENDING_SENDS && row.parent_checkpoint_id) await this.#pendingSends(row, checkpoint);
    const tuple = { config: configOf(row, row.checkpoint_id, !row.newest), checkpoint, metadata, pendingWrites };
    if (row.parent_checkpoint_id) tuple.parentConfig = configOf(row, row.parent_checkpoint_id, true);
    return tuple;
  }

  async #pendingSends(row, checkpoint) {
    const parent = await this.#row(row.thread_id, row.checkpoint_ns, row.parent_checkpoint_id);
    const sends = (parent?.writes ?? []).filter((write) => write.channel === langgraph.TASKS);
    checkpoint.channel_values[langgraph.TASKS] = await Promise.all(sends.map((write) => this.#load(write)));
    const versions = Object.values((checkpoint.channel_versions ??= {}));
    checkpoint.channel_versions[langgraph.TASKS] = versions.length > 0 ? langgraph.maxChannelVersion(...versions) : this.getNextVersion(undefined);
  }
}
