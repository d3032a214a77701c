/** Methods: how often each is called, how quick it is, how often it fails. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { el, fill, switcher } from "../dom.js";
import { count, ms, percent, rate } from "../format.js";
import { closePanel, openPanel } from "../panel.js";
import { poll } from "../polling.js";
import { facts } from "../pretty.js";
import { Table } from "../table.js";
import { address, go } from "../route.js";

export const TITLE = "Methods";
const EVERY_MS = { 10: 1000, 300: 3000, 3600: 10_000 };
const WINDOWS = [
  ["10", "10 s"],
  ["300", "5 min"],
  ["3600", "1 h"],
];

/** Show them. */
export function mount(root, route) {
  let windowS = route.query.get("window") ?? "300";
  if (!EVERY_MS[windowS]) windowS = "300";
  const table = new Table({
    caption: "Methods",
    columns: COLUMNS,
    key: (row) => row.method,
    command: (row) => row.command,
    open: showMethod,
    sort: { label: "Requests", down: true },
    empty: () => [
      el("p", {}, "No method was called in this time. Call one:"),
      commandLine("tacore call health.check"),
    ],
  });
  const problem = el("p.problem", { hidden: true });
  const ask = async (signal) => {
    try {
      const rows = await get("/api/methods", { window_s: windowS }, signal);
      table.set(rows);
      problem.hidden = true;
      table.whole.hidden = false;
    } catch (error) {
      if (signal.aborted) return;
      problem.hidden = false;
      table.whole.hidden = !table.rows.length;
      problem.textContent = error.message;
    }
  };
  let polling = poll(ask, EVERY_MS[windowS]);
  const windows = switcher("Window", WINDOWS, windowS, (chosen) => {
    windowS = chosen;
    go(address("methods", [], { window: chosen }), { quietly: true });
    polling.stop();
    polling = poll(ask, EVERY_MS[chosen]);
  });
  fill(root, el("div.head", {}, el("h1", {}, TITLE), windows), problem, table.whole);
  return { leave: () => polling.stop(), keys: () => table.keys };
}

const COLUMNS = [
  { label: "Method", text: (row) => row.method, by: (row) => row.method, class: "name" },
  { label: "Requests", num: true, text: (row) => count(row.requests), by: (row) => row.requests },
  { label: "Per s", num: true, text: (row) => rate(row.per_s), by: (row) => row.per_s, rank: 2 },
  {
    label: "Errors",
    num: true,
    by: (row) => row.error_rate,
    draw: (cell, row) => fill(cell, row.errors ? el("span.bad", {}, `✖ ${percent(row.error_rate)}`) : "0 %"),
  },
  { label: "Mean", num: true, text: (row) => ms(row.mean_ms), by: (row) => row.mean_ms, rank: 3 },
  { label: "p50", num: true, text: (row) => ms(row.p50_ms), by: (row) => row.p50_ms, rank: 2 },
  { label: "p95", num: true, text: (row) => ms(row.p95_ms), by: (row) => row.p95_ms },
  { label: "p99", num: true, text: (row) => ms(row.p99_ms), by: (row) => row.p99_ms, rank: 2 },
  { label: "Max", num: true, text: (row) => ms(row.max_ms), by: (row) => row.max_ms, rank: 3 },
  {
    label: "Queue",
    num: true,
    title: "Mean time in the queue",
    text: (row) => ms(row.mean_queue_ms),
    by: (row) => row.mean_queue_ms,
    rank: 2,
  },
  { label: "Pool", text: (row) => row.pool ?? "–", by: (row) => row.pool, rank: 3 },
];

function showMethod(row) {
  const content = openPanel(row.method, null);
  const pairs = [
    ["What for", row.summary],
    ["Pool", row.pool],
    ["Run again after a crash", row.idempotent == null ? null : row.idempotent ? "yes" : "never"],
    ["Requests", count(row.requests)],
    ["Errors", `${count(row.errors)} (${percent(row.error_rate)})`],
    ["p50, p95, p99", [row.p50_ms, row.p95_ms, row.p99_ms].map(ms).join(", ")],
    ["Slowest", ms(row.max_ms)],
  ];
  const requests = (label, q) =>
    el("p", {}, el("a", { href: address("requests", [], { q }), on: { click: closePanel } }, label));
  const again = [row.command, `tacore describe ${row.method}`, `tacore logs -f --method ${row.method}`];
  fill(
    content,
    facts(pairs),
    requests("Its requests", `method:${row.method}`),
    row.errors ? requests("Its errors", `method:${row.method} status:error`) : null,
    el("h3", {}, "In a terminal"),
    again.map(commandLine),
  );
}
