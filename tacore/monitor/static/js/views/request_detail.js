/** One request in full: what was asked and answered, its attempts, and where its time went. */

import { get } from "../api.js";
import { commandLine, copyButton } from "../copy.js";
import { el, fill } from "../dom.js";
import { ms, time } from "../format.js";
import { openPanel } from "../panel.js";
import { facts, pretty } from "../pretty.js";
import { address } from "../route.js";
import { outcome } from "./request_columns.js";
import { waterfall } from "./waterfall.js";

let asking = null;

/** Open the panel on a row of the journal. */
export async function showRequest(id, onClose, options) {
  asking?.abort();
  const own = new AbortController();
  asking = own;
  const content = openPanel(`Request ${id}`, onClose, options);
  fill(content, el("p.muted", {}, "Looking …"));
  try {
    const row = await get(`/api/rows/${encodeURIComponent(id)}`, {}, own.signal);
    fill(content, ...shown(row));
  } catch (error) {
    if (!own.signal.aborted) fill(content, el("p.problem", { role: "alert" }, error.message));
  }
}

function shown(row) {
  const same = el(
    "a",
    { href: address("requests", [], { q: `id:${quoted(String(row.request_id))}` }) },
    String(row.request_id),
  );
  const pairs = [
    ["Outcome", outcome(row)],
    ["Method", row.method],
    ["Request id", same],
    ["Came", time(row.created_at, { millis: true, date: true })],
    ["Answered", time(row.answered_at, { millis: true, date: true })],
    ["Took", `${ms(row.processing_time_ms)}, after ${ms(row.queue_ms)} in the queue`],
    ["Tries", row.attempts === 1 ? "one" : `${row.attempts} joined or repeated this one`],
    ["Worker", row.worker_id],
    ["Client", row.client_id],
    ["Principal", row.principal],
  ];
  return [
    facts(pairs),
    row.status === "error" ? [el("h3", {}, "Error"), block(row.error, row.response_truncated)] : null,
    el("h3", {}, "Time"),
    waterfall(row),
    el("h3", {}, "Params"),
    block(row.params, row.request_truncated),
    row.status === "error" ? null : [el("h3", {}, "Answer"), block(row.answer, row.response_truncated)],
    el("h3", {}, "In a terminal"),
    [...new Set(Object.values(row.commands))].map(commandLine),
  ].flat();
}

function block(value, cut) {
  if (value == null) return el("p.muted", {}, "Not kept.");
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const button = copyButton(text, "this JSON");
  button.setAttribute("aria-label", "Copy this JSON");
  const note = cut ? el("p.muted", {}, "Cut: only its beginning was kept.") : null;
  return [note, el("div.block", {}, button, pretty(value))];
}

function quoted(text) {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
