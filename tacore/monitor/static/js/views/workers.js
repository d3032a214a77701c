/** Workers: what each one does, and restart, drain, scale. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { confirmAction } from "../dialog.js";
import { button, el, fill } from "../dom.js";
import { count, seconds, ago, percent, span } from "../format.js";
import { latest, mayAct, whyNot } from "../frame.js";
import { on } from "../live.js";
import { closePanel, openPanel } from "../panel.js";
import { facts } from "../pretty.js";
import { Table } from "../table.js";
import { address } from "../route.js";

export const TITLE = "Workers";
const SIGNS = { ready: "●", busy: "◐", draining: "◌", dead: "✖" };

/** Show them. */
export function mount(root) {
  const table = new Table({
    caption: "Workers",
    columns: COLUMNS,
    key: (row) => row.worker_id,
    command: (row) => row.commands.restart,
    open: showWorker,
    actions,
    sort: { label: "Worker", down: false },
    empty: () => [el("p", {}, "No worker is known. Start some:"), commandLine("tacore worker spawn")],
  });
  const scaling = button("Scale …", scale, { class: "primary" });
  const all = button("Restart all …", restartAll);
  const problem = el("p.problem", { hidden: true });
  table.whole.classList.add("as-heard");
  fill(
    root,
    el("div.head", {}, el("h1", {}, TITLE), el("div.buttons", {}, scaling, all)),
    problem,
    table.whole,
  );
  const allow = () => {
    for (const each of [scaling, all]) {
      each.disabled = !mayAct();
      each.title = whyNot() ?? "";
    }
  };
  const show = (rows) => {
    problem.hidden = true;
    table.set(rows);
    allow();
  };
  const offs = [
    on("workers", show),
    on("overview", allow),
    on("link", () => table.set(table.rows.map((each) => ({ ...each })))),
  ];
  allow();
  get("/api/workers").then(show, (error) => {
    problem.hidden = false;
    problem.textContent = error.message;
  });
  return { leave: () => offs.forEach((off) => off()), keys: () => table.keys };
}

const COLUMNS = [
  { label: "Worker", text: (row) => row.worker_id, by: (row) => row.worker_id },
  { label: "State", by: (row) => row.status, draw: (cell, row) => fill(cell, state(row)) },
  { label: "Pool", text: (row) => row.pool, by: (row) => row.pool, rank: 2 },
  { label: "In flight", num: true, text: (row) => count(row.in_flight), by: (row) => row.in_flight, rank: 2 },
  {
    label: "Processed",
    num: true,
    text: (row) => count(row.processed_requests),
    by: (row) => row.processed_requests,
    rank: 2,
  },
  {
    label: "CPU",
    num: true,
    title: "Share of one core",
    text: (row) => (row.cpu == null ? "–" : percent(row.cpu)),
    by: (row) => row.cpu,
    rank: 2,
  },
  {
    label: "Memory",
    num: true,
    title: "In 10⁶ bytes",
    text: (row) => `${Number(row.rss_mb).toFixed(0)} MB`,
    by: (row) => row.rss_mb,
    rank: 2,
  },
  {
    label: "Up",
    num: true,
    text: (row) => span(Math.round(row.uptime_s)),
    by: (row) => row.uptime_s,
    rank: 3,
  },
  {
    label: "Seen",
    num: true,
    text: (row) => ago(seconds(row.last_seen)),
    by: (row) => -row.last_seen_s,
    rank: 3,
  },
  { label: "Pid", num: true, text: (row) => String(row.pid), by: (row) => row.pid, rank: 3 },
  { label: "Host", text: (row) => row.host, by: (row) => row.host, rank: 3 },
  { label: "Version", text: (row) => row.version, by: (row) => row.version, rank: 3 },
];

/** Make the sign of a state; where only the journal tells it, it is what was last heard. */
function state(row) {
  if (!row.live && row.status !== "dead") return el("span.badge", {}, `? was ${row.status}`);
  return el(`span.badge.${row.status}`, {}, `${SIGNS[row.status] ?? ""} ${row.status}`);
}

function actions(row) {
  if (!row.live) return [];
  const disabled = !mayAct();
  const title = whyNot();
  return [
    { label: "Restart", about: `Restart ${row.worker_id}`, run: restart, disabled, title },
    { label: "Drain", about: `Drain ${row.worker_id}`, run: drain, disabled, title },
  ];
}

function restart(row) {
  confirmAction({
    title: `Restart ${row.worker_id}?`,
    text: "It finishes what it has, ends, and its supervisor starts it anew. Other workers serve meanwhile.",
    action: "restart",
    label: "Restart",
    body: () => ({ worker_id: row.worker_id }),
    command: () => row.commands.restart,
    done: () => `${row.worker_id} restarts`,
  });
}

function restartAll() {
  confirmAction({
    title: "Restart all workers?",
    text: "Each finishes what it has, ends, and is started anew; orders wait for their executor meanwhile.",
    action: "restart",
    label: "Restart all",
    danger: true,
    body: () => ({ worker_id: "all" }),
    command: () => "tacore worker restart all",
    done: () => "all workers restart",
  });
}

function drain(row) {
  confirmAction({
    title: `Drain ${row.worker_id}?`,
    text: "It finishes what it has and ends, and is not started again: the pool has one worker less.",
    action: "drain",
    label: "Drain",
    danger: true,
    body: () => ({ worker_id: row.worker_id }),
    command: () => row.commands.drain,
    done: () => `${row.worker_id} drains`,
  });
}

function scale() {
  const supervisors = latest()?.supervisors ?? [];
  const pools = [...new Set(supervisors.map((each) => each.pool))];
  const first = pools.includes("fast") ? "fast" : (pools[0] ?? "fast");
  const wanted = supervisors
    .filter((each) => each.pool === first)
    .reduce((sum, each) => sum + each.wanted, 0);
  confirmAction({
    title: "Scale",
    text: "Keep that many workers in a pool. Fewer: those that leave finish what they have.",
    action: "scale",
    label: "Scale",
    fields: [
      {
        name: "pool",
        label: "Pool",
        value: first,
        options: (pools.length ? pools : [first]).map((each) => [each, each]),
      },
      {
        name: "workers",
        label: "Workers",
        kind: "number",
        value: String(wanted || 1),
        min: "0",
        step: "1",
        required: true,
      },
    ],
    body: (given) => given,
    command: (given) =>
      `tacore worker scale ${given.workers}${given.pool === "fast" ? "" : ` --pool ${given.pool}`}`,
    done: (given) => `${given.workers} workers wanted in pool ${given.pool}`,
  });
}

function showWorker(row) {
  const content = openPanel(row.worker_id, null);
  const pairs = [
    ["State", row.status],
    ["Pool", row.pool],
    ["Supervisor", row.supervisor],
    ["Host", row.host],
    ["Pid", String(row.pid)],
    ["In flight", count(row.in_flight)],
    ["Processed", count(row.processed_requests)],
    ["CPU", row.cpu == null ? null : percent(row.cpu)],
    ["Memory", `${row.rss_mb} MB`],
    ["Up", span(Math.round(row.uptime_s))],
    ["Last seen", row.last_seen],
    ["Version", row.version],
  ];
  const requests = el(
    "a",
    { href: address("requests", [], { q: `worker:${row.worker_id}` }), on: { click: closePanel } },
    "Its requests",
  );
  fill(
    content,
    facts(pairs),
    el("p", {}, requests),
    el("h3", {}, "In a terminal"),
    Object.values(row.commands).map(commandLine),
    commandLine(`tacore logs --worker ${row.worker_id}`),
  );
}
