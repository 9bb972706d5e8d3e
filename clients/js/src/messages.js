// LangChain's stored messages to Keelson's message rows and back: pure, the same rules as clients/python/src/keelson/mapping.py,
// both tested against clients/vectors/langchain.json.
//
// What Keelson has a column for goes there; everything else stays, unchanged, in metadata.langchain = { type, data }.
// Left out are only values that mean the same as their absence (null, empty additional_kwargs and the like).
// SPDX-License-Identifier: Apache-2.0

import { uuid } from "./transport.js";

const ROLE_OF_TYPE = { human: "user", ai: "assistant", system: "system", tool: "tool", function: "function", generic: "observer" };
const TYPE_OF_ROLE = { user: "human", assistant: "ai", system: "system", developer: "system", tool: "tool", function: "function", observer: "generic" };
// What other writers call the same thing: Python's chat message, and chunks of a stream, which are valid stored types there.
const ROLE_OF_FOREIGN_TYPE = {
  chat: "observer", ChatMessageChunk: "observer", HumanMessageChunk: "user", AIMessageChunk: "assistant", SystemMessageChunk: "system",
  ToolMessageChunk: "tool", FunctionMessageChunk: "function",
};
/** Begins a client_message_id that was made for a message without an id of its own. */
const MADE = "kls-";

/** Null means the same as absence for these, so that what Python writes out in full is stored like what JavaScript leaves out. */
const NULL_IS_ABSENT = new Set([
  "content", "id", "name", "tool_calls", "invalid_tool_calls", "tool_call_chunks", "chunk_position", "usage_metadata",
  "additional_kwargs", "response_metadata",
]);

const text = (value, longest) => typeof value === "string" && value.length >= 1 && value.length <= longest;
const empty = (value) => (Array.isArray(value) ? value.length === 0 : typeof value === "object" && Object.keys(value).length === 0);

const FIELDS = [
  "content", "id", "name", "role", "tool_calls", "invalid_tool_calls", "tool_call_chunks", "tool_call_id", "status", "artifact",
  "usage_metadata", "additional_kwargs", "response_metadata",
];

/**
 * The stored form of a message of @langchain/core, read from its members. Its own toDict() loses the content of a message made
 * from contentBlocks and wraps members called "lc" in an escape that nothing takes off again.
 */
export function storedFrom(message) {
  const data = {};
  for (const key of [...Object.keys(message.lc_kwargs ?? {}), ...FIELDS]) {
    const value = key in message ? message[key] : message.lc_kwargs?.[key];
    if (value !== undefined && key !== "contentBlocks") data[key] = value;
  }
  return { type: message._getType(), data };
}

/**
 * @param {{type: string, data: object}} stored  as storedFrom() gives it, or LangChain's own
 * @param {string} sourceFormat                 "langchain-js" or "langchain-py"
 */
export function toRow(stored, sourceFormat = "langchain-js") {
  const type = stored.type === "chat" ? "generic" : stored.type;
  const role = ROLE_OF_TYPE[type] ?? ROLE_OF_FOREIGN_TYPE[type];
  if (role === undefined) throw new TypeError(refusal(type));
  const rest = withoutAbsent(stored.data);
  const row = { role, source_format: sourceFormat };
  moveContent(rest, row);
  moveIdentifier(rest, row);
  if (text(rest.name, 200)) row.name = take(rest, "name");
  if (text(rest.tool_call_id, 500)) row.tool_call_id = take(rest, "tool_call_id");
  if (Array.isArray(rest.tool_calls) && rest.tool_calls.length > 0) row.tool_calls = take(rest, "tool_calls");
  copyProvenance(rest, row);
  row.metadata = { langchain: { type, data: rest } };
  return row;
}

function refusal(type) {
  if (type === "remove") return "a RemoveMessage cannot be stored: messages of a session are never deleted";
  return `messages of type ${type} cannot be stored`;
}

function take(object, key) {
  const value = object[key];
  delete object[key];
  return value;
}

function withoutAbsent(data) {
  const rest = {};
  for (const [key, value] of Object.entries(data))
    if (value !== undefined && key !== "type" && !(value === null && NULL_IS_ABSENT.has(key))) rest[key] = value;
  for (const key of ["additional_kwargs", "response_metadata"]) if (rest[key] && empty(rest[key])) delete rest[key];
  // An empty list next to the raw calls of old integrations says: do not parse those.
  if (!rest.additional_kwargs?.tool_calls)
    for (const key of ["tool_calls", "invalid_tool_calls"]) if (rest[key] && empty(rest[key])) delete rest[key];
  return rest;
}

function moveContent(rest, row) {
  const content = take(rest, "content");
  if (!Array.isArray(content)) {
    row.content = content ?? "";
    return;
  }
  row.content_parts = content;
  const readable = content.map(textOf).filter((part) => part !== undefined);
  if (readable.length > 0) row.content = readable.join("\n");
}

/** What a person or a search would read of a block. */
function textOf(block) {
  if (typeof block === "string") return block;
  return block?.type === "text" && typeof block.text === "string" ? block.text : undefined;
}

function moveIdentifier(rest, row) {
  if (text(rest.id, 200) && !rest.id.startsWith(MADE)) row.client_message_id = take(rest, "id");
  else row.client_message_id = MADE + uuid();
}

/** Copies, so that the database can answer which model said this and what it cost; the originals stay where they were. */
function copyProvenance(rest, row) {
  const { model_name, model, model_provider } = rest.response_metadata ?? {};
  const usage = rest.usage_metadata ?? {};
  if (text(model_name ?? model, 200)) row.model = model_name ?? model;
  if (text(model_provider, 200)) row.provider = model_provider;
  for (const key of ["input_tokens", "output_tokens"])
    if (Number.isInteger(usage[key]) && usage[key] >= 0 && usage[key] < 2 ** 31) row[key] = usage[key];
}

/** A row as the server gives it, whoever wrote it, to LangChain's stored form. */
export function fromRow(row) {
  const kept = row.metadata?.langchain;
  if (kept && typeof kept.type === "string" && typeof kept.data === "object") return written(row, kept);
  return foreign(row);
}

function shared(row) {
  const data = { content: row.content_parts ?? row.content ?? "" };
  for (const key of ["name", "tool_call_id", "tool_calls"]) if (row[key] !== undefined && row[key] !== null) data[key] = row[key];
  if (row.client_message_id && !row.client_message_id.startsWith(MADE)) data.id = row.client_message_id;
  return data;
}

function written(row, kept) {
  const data = { ...shared(row), ...kept.data };
  if (ROLE_OF_FOREIGN_TYPE[kept.type] === undefined) return { type: kept.type, data };
  // A chunk that Python stored: the whole message it stands for.
  delete data.tool_call_chunks;
  delete data.chunk_position;
  return { type: TYPE_OF_ROLE[row.role], data };
}

/** A message that some other program appended, in Keelson's own terms. */
function foreign(row) {
  const type = TYPE_OF_ROLE[row.role];
  const data = shared(row);
  data.id ??= row.id;
  if (row.role === "developer") data.additional_kwargs = { __openai_role__: "developer" };
  if (type === "generic") data.role = row.role;
  if (type === "function") data.name ??= "";
  if (type === "tool") data.tool_call_id ??= "";
  if (data.tool_calls) Object.assign(data, callsOf(data.tool_calls));
  return { type, data };
}

/** Calls in OpenAI's form become LangChain's. */
function callsOf(calls) {
  const tool_calls = [];
  const invalid_tool_calls = [];
  for (const call of calls) {
    if (!call?.function) {
      tool_calls.push({ type: "tool_call", ...call });
      continue;
    }
    const { name, arguments: args } = call.function;
    try {
      tool_calls.push({ type: "tool_call", id: call.id, name, args: JSON.parse(args) });
    } catch {
      invalid_tool_calls.push({ type: "invalid_tool_call", id: call.id, name, args, error: "Malformed args." });
    }
  }
  return invalid_tool_calls.length ? { tool_calls, invalid_tool_calls } : { tool_calls };
}
