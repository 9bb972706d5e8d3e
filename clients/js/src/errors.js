// What went wrong, as the server says it (RFC 9457), or why there is no answer at all.
// SPDX-License-Identifier: Apache-2.0

export class KeelsonError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code: string, problem?: object, retryable?: boolean, retryAfter?: number, requestId?: string, cause?: unknown}} facts
   */
  constructor(message, facts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "KeelsonError";
    this.status = facts.status ?? 0;                // 0: no answer arrived
    this.code = facts.code;                         // the slug of the problem, or "network", "timeout"
    this.problem = facts.problem;                   // the whole problem document
    this.title = facts.problem?.title;
    this.detail = facts.problem?.detail;
    this.errors = facts.problem?.errors ?? [];      // every fault of the body: pointer, code, message
    this.requestId = facts.requestId;
    this.retryable = facts.retryable ?? false;
    this.retryAfter = facts.retryAfter;             // seconds
  }
}

/** @param {Response} response */
export async function errorFrom(response) {
  const text = await response.text();
  let problem;
  try {
    problem = JSON.parse(text);
  } catch {
    // Not ours: a proxy between us answered.
  }
  if (problem === null || typeof problem !== "object") problem = undefined;
  const status = response.status;
  const requestId = problem?.request_id ?? response.headers.get("request-id") ?? undefined;
  const said = problem?.detail ?? problem?.title ?? (text.slice(0, 200) || response.statusText);
  return new KeelsonError(`${status} ${problem?.code ?? "http-error"}: ${said}${faultsOf(problem)}`, {
    status,
    code: problem?.code ?? "http-error",
    problem,
    requestId,
    retryable: problem?.retryable ?? (status === 429 || status === 503),
    retryAfter: retryAfterOf(response.headers.get("retry-after")),
  });
}

function faultsOf(problem) {
  const faults = Array.isArray(problem?.errors) ? problem.errors : [];
  return faults.map((f) => `\n  ${f.pointer || "(body)"}: ${f.message}`).join("");
}

/** Seconds; the header is a number of seconds or a date. */
export function retryAfterOf(header, now = Date.now()) {
  if (header === null || header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
