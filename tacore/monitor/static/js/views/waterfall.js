/** Where the time of a request went: a bar for each step, one below the other. */

import { el } from "../dom.js";
import { ms } from "../format.js";

const LEAST_PERCENT = 0.6;

/** Draw the spans of a row; without any, what the row itself tells. */
export function waterfall(row) {
  const spans = row.spans?.length ? row.spans.map(read) : ofRow(row);
  const whole = Math.max(...spans.map((each) => each.start + each.took), 0.001);
  const rows = spans.map((each) =>
    el(
      "tr",
      {},
      indented(each, el("span.step", {}, each.name), each.more ? el("span.more", {}, each.more) : null),
      el("td.lane", {}, bar(each, whole)),
      el("td.num", {}, ms(each.took)),
    ),
  );
  const caption = el("caption.unseen", {}, `Steps of ${ms(whole)}, in order`);
  return el(
    "table.waterfall",
    {},
    caption,
    el(
      "thead.unseen",
      {},
      el(
        "tr",
        {},
        ["Step", "When", "Took"].map((each) => el("th", { scope: "col" }, each)),
      ),
    ),
    el("tbody", {}, rows),
  );
}

function indented(span, ...parts) {
  const made = el("th", { scope: "row" }, ...parts);
  made.style.paddingLeft = `${span.depth ?? 0}rem`;
  return made;
}

function bar(span, whole) {
  const made = el(`div.span-bar.${span.kind}`, { "aria-hidden": "true" });
  made.style.marginLeft = `${Math.min((100 * span.start) / whole, 100 - LEAST_PERCENT)}%`;
  made.style.width = `${Math.max((100 * span.took) / whole, LEAST_PERCENT)}%`;
  return made;
}

/** Spans as tacore/store/spans.py tells them: `depth` counts those around one. */
function read(span) {
  const failed = span.outcome != null && span.outcome !== "success";
  const more = [span.kind === "attempt" ? span.worker_id : null, span.note, failed ? span.outcome : null];
  const kind = failed ? "failed" : span.kind === "queue" || span.kind === "request" ? "wait" : "work";
  return {
    name: span.span,
    depth: span.depth,
    start: span.start_ms,
    took: span.ms,
    more: more.filter(Boolean).join(" · "),
    kind,
  };
}

function ofRow(row) {
  const whole = Math.max(
    Date.parse(row.answered_at) - Date.parse(row.created_at),
    row.queue_ms + row.processing_time_ms,
  );
  const rest = whole - row.queue_ms - row.processing_time_ms;
  return [
    { name: "queued", start: 0, took: row.queue_ms, more: "before a worker took it", kind: "wait" },
    {
      name: "processed",
      start: row.queue_ms,
      took: row.processing_time_ms,
      more: row.worker_id,
      kind: row.status === "error" ? "failed" : "work",
    },
    {
      name: "carried",
      start: row.queue_ms + row.processing_time_ms,
      took: rest,
      more: "between broker and worker",
      kind: "wait",
    },
  ].filter((each) => each.took > 0 || each.name === "processed");
}
