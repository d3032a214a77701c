/** The columns of agent jobs, and the marks that list and page share. */

import { el, fill } from "../dom.js";
import { amount, count, percent, span, time } from "../format.js";

const SIGNS = { queued: "…", running: "▶", done: "✓", failed: "✖", cancelled: "–" };
const SURE_DIGITS = 0;
export const ENDED = new Set(["done", "failed", "cancelled"]);
export const AGAIN = new Set(["failed", "cancelled"]);

/** Make the sign of a job's state. */
export function state(job) {
  return el(`span.badge.${job.state}`, {}, `${SIGNS[job.state] ?? ""} ${job.state}`);
}

/** Tell whether a decision is not to be trusted. */
export function isDegraded(job) {
  return job.quality?.verdict === "degraded";
}

/** Make the mark of a decision that is not to be trusted. */
export function degraded() {
  return el("span.badge.distrust", { title: "This decision is not to be trusted" }, "▲ DEGRADED");
}

/** Make the mark of data that was made up. */
export function simulated(job) {
  return job.simulated ? el("span.badge.distrust", { title: "The data was simulated" }, "SIMULATED") : null;
}

/** Make a decision with its mark, or why there is none. */
export function decision(job) {
  if (job.error) return el("span.bad", { title: job.error.message }, job.error.code);
  if (!job.recommendation) return el("span", {}, "–");
  const said = el(`span.badge.${job.recommendation}`, {}, job.recommendation.toUpperCase());
  const how = job.confidence == null ? null : el("span.muted", {}, sure(job));
  return el("span.marks", {}, said, how, isDegraded(job) ? degraded() : null);
}

/** Make the bar of how far a job is. */
export function progress(job) {
  const share = Number(job.progress);
  const told = `${Math.round(share * 100)} %`;
  return el(
    "span.far",
    { title: job.stage || null },
    el("progress", { value: share, max: "1", "aria-label": `${told} done` }),
    el("span", { "aria-hidden": "true" }, told),
  );
}

/** Write a cost: a model without a price makes it a lower bound, or unknown. */
export function cost({ amount: sum, currency, complete }) {
  if (sum == null) return "–";
  return `${amount(sum, Number(sum) >= 1 ? 2 : 4)} ${currency}${complete ? "" : " or more"}`;
}

/** Write a confidence. */
export function sure(job) {
  return job.confidence == null ? "–" : `${(Number(job.confidence) * 100).toFixed(SURE_DIGITS)} %`;
}

export const JOB_COLUMNS = [
  { label: "State", draw: (cell, row) => fill(cell, state(row)) },
  { label: "Symbol", text: (row) => row.symbol, class: "name" },
  { label: "As of", text: (row) => row.date, rank: 2 },
  { label: "Decision", draw: (cell, row) => fill(cell, decision(row)) },
  { label: "Progress", draw: (cell, row) => fill(cell, underWay(row)), rank: 2 },
  { label: "Tokens", num: true, text: (row) => count(row.tokens.total), rank: 2 },
  { label: "Cost", num: true, text: (row) => cost(row.cost), rank: 2 },
  { label: "Elapsed", num: true, text: (row) => span(Math.round(row.elapsed_s)), rank: 2 },
  { label: "Data", draw: (cell, row) => fill(cell, simulated(row) ?? (row.source || "–")), rank: 3 },
  { label: "Asked", draw: (cell, row) => fill(cell, time(row.created_at)), class: "time", rank: 3 },
];

function underWay(job) {
  return ENDED.has(job.state) ? "–" : el("span", {}, progress(job), job.stage ? ` ${job.stage}` : null);
}

/** Write a score from 0 to 1. */
export function score(value) {
  return value == null ? null : percent(value);
}
