/** The columns of the list of requests. */

import { el, fill } from "../dom.js";
import { ms, time } from "../format.js";

/** Make the sign of an outcome: a mark and a word, not colour alone. */
export function outcome(row) {
  return row.status === "success"
    ? el("span.good", {}, "✓ ok")
    : el("span.bad", {}, `✖ ${row.code ?? "error"}`);
}

export const COLUMNS = [
  {
    label: "Answered",
    draw: (cell, row) => fill(cell, time(row.answered_at, { millis: innerWidth > 760 })),
    class: "time",
  },
  { label: "Method", text: (row) => row.method ?? "–", class: "name" },
  { label: "Outcome", draw: (cell, row) => fill(cell, outcome(row)) },
  { label: "Took", num: true, title: "Time in the worker", text: (row) => ms(row.processing_time_ms) },
  {
    label: "Queue",
    num: true,
    title: "Time before a worker took it",
    text: (row) => ms(row.queue_ms),
    rank: 3,
  },
  {
    label: "Tries",
    num: true,
    title: "How many tries this answer served",
    text: (row) => String(row.attempts),
    rank: 3,
  },
  { label: "Worker", text: (row) => row.worker_id, rank: 2 },
  { label: "Request id", text: (row) => String(row.request_id), rank: 2, class: "id" },
  { label: "Client", text: (row) => row.client_id, rank: 3, class: "id" },
];
