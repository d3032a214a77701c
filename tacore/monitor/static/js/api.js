/** Asking the monitor. */

import { parse } from "./exact.js";

const PATIENCE_MS = 10_000;

/** Why there is no answer; `code` is the service's, or no_monitor where nobody answered at all. */
export class ApiError extends Error {
  constructor(code, message, status = 0, details = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** Ask; params that are null or "" are left out. */
export async function get(path, params = {}, signal = null) {
  return parse(await (await send(spell(path, params), { signal })).text());
}

/** Ask for a page of requests: {rows, before, after, done}. */
export async function getPage(params, signal = null) {
  const answer = await send(spell("/api/requests", params), { signal });
  const header = (name) => Number(answer.headers.get(name) ?? 0);
  return {
    rows: parse(await answer.text()),
    before: header("X-Next-Before"),
    after: header("X-Next-After"),
    done: answer.headers.get("X-Done") === "true",
  };
}

/** Have something done: {done, command}. */
export async function act(name, body) {
  const answer = await send(`/api/actions/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tacore-Action": "1" },
    body: JSON.stringify(body),
  });
  return parse(await answer.text());
}

/** Write a path with its params. */
export function spell(path, params) {
  const given = Object.entries(params).filter(([, value]) => value != null && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query ? `${path}?${query}` : path;
}

async function send(path, options) {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  let answer;
  try {
    answer = await fetch(path, { ...options, signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(
      "no_monitor",
      late.aborted ? "the monitor took more than 10 s" : "the monitor does not answer",
    );
  }
  if (!answer.ok) throw await told(answer);
  return answer;
}

async function told(answer) {
  try {
    const { error } = parse(await answer.text());
    return new ApiError(error.code, error.message, answer.status, error.details ?? {});
  } catch {
    return new ApiError("no_monitor", `HTTP ${answer.status} ${answer.statusText}`, answer.status);
  }
}
