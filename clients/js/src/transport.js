// One request and its repetition. Repeated are only calls that cannot act twice (`safe`), and only when the server said that
// it did nothing (429, 503 marked retryable) or the connection failed.
// SPDX-License-Identifier: Apache-2.0

import { KeelsonError, errorFrom } from "./errors.js";

const LONGEST_WAIT_S = 30;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Transport {
  constructor({ baseUrl = "http://127.0.0.1:8080", apiKey, fetch = globalThis.fetch, timeoutMs = 30_000, maxRetries = 4 } = {}) {
    if (typeof fetch !== "function") throw new TypeError("this runtime has no fetch: pass one");
    this.baseUrl = String(baseUrl).replace(/\/+$/, "");
    this.fetch = fetch;
    this.timeoutMs = timeoutMs;
    this.maxRetries = maxRetries;
    // Not enumerable, so that logging a client does not print its key.
    Object.defineProperty(this, "apiKey", { value: apiKey, enumerable: false });
  }

  /**
   * { response, value }: the body is read, as JSON or, with `bytes`, as bytes. An error status is thrown.
   * call: { path, query?, json?, body?, headers?, bytes?, safe?, signal?, timeoutMs? }
   */
  async send(method, call) {
    const safe = call.safe ?? (method === "GET" || method === "HEAD");
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, call);
      } catch (error) {
        const wait = safe && attempt < this.maxRetries ? waitSeconds(error, attempt) : undefined;
        if (wait === undefined) throw error;
        await pause(wait, call.signal);
      }
    }
  }

  async json(method, call) {
    return (await this.send(method, call)).value;
  }

  async #once(method, call) {
    call.signal?.throwIfAborted();
    const timer = new AbortController();
    const limit = Math.min(call.timeoutMs ?? this.timeoutMs, LONGEST_TIMER_MS);
    const timeout = setTimeout(() => timer.abort(), limit);
    const give = () => timer.abort();
    call.signal?.addEventListener("abort", give, { once: true });
    try {
      const fetch = this.fetch;
      const response = await fetch(this.#url(call), { method, signal: timer.signal, ...this.#content(call) });
      if (!response.ok && response.status !== 304) throw await errorFrom(response);
      return { response, value: await readBody(response, call.bytes) };
    } catch (error) {
      if (error instanceof KeelsonError) throw error;
      call.signal?.throwIfAborted();
      if (timer.signal.aborted)
        throw new KeelsonError(`no answer within ${limit} ms`, { code: "timeout", retryable: true, cause: error });
      throw new KeelsonError(`${this.baseUrl} cannot be reached: ${reason(error)}`, { code: "network", retryable: true, cause: error });
    } finally {
      clearTimeout(timeout);
      call.signal?.removeEventListener("abort", give);
    }
  }

  #url({ path, query }) {
    const pairs = new URLSearchParams();
    for (const [name, values] of Object.entries(query ?? {}))
      for (const value of [values].flat()) if (value !== undefined && value !== null) pairs.append(name, String(value));
    const text = pairs.toString();
    return this.baseUrl + path + (text ? "?" + text : "");
  }

  #content({ json, body, headers }) {
    const all = { accept: "application/json, application/problem+json;q=0.9, */*;q=0.1", ...headers };
    if (this.apiKey) all.authorization = `Bearer ${this.apiKey}`;
    if (json === undefined) return { headers: all, body };
    all["content-type"] ??= "application/json";
    return { headers: all, body: JSON.stringify(json) };
  }
}

async function readBody(response, bytes) {
  if (bytes) return new Uint8Array(await response.arrayBuffer());
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

function reason(error) {
  return error?.cause?.code ?? error?.cause?.message ?? error?.message ?? String(error);
}

/** Seconds until the next attempt; undefined: this error is final. */
export function waitSeconds(error, attempt, random = Math.random) {
  if (!(error instanceof KeelsonError) || !error.retryable) return undefined;
  if (![0, 429, 503].includes(error.status)) return undefined;
  if (error.retryAfter > LONGEST_WAIT_S) return undefined;
  return error.retryAfter ?? 0.1 * 2 ** attempt * (0.5 + random());
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

/** A random version 4 UUID, also where crypto.randomUUID is missing (pages without TLS). */
export function uuid() {
  if (globalThis.crypto?.randomUUID) return globalThis.crypto.randomUUID();
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
