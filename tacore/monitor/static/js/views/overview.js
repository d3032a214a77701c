/** Overview: how the service is and what to do about it, and its load over time. */

import { get } from "../api.js";
import { adviceOn } from "../advice.js";
import { commandLine } from "../copy.js";
import { el, fill, switcher } from "../dom.js";
import { age, count, ms, percent, rate, span } from "../format.js";
import { latest } from "../frame.js";
import { on } from "../live.js";
import { poll } from "../polling.js";
import { facts } from "../pretty.js";
import { loadPlots } from "./overview_plots.js";

export const TITLE = "Overview";
const SERIES_MS = 5000;
const WINDOWS = [
  ["10", "last 10 s"],
  ["300", "last 5 min"],
  ["3600", "last hour"],
];
const SPANS = [
  ["600", "10 min"],
  ["3600", "1 h"],
  ["21600", "6 h"],
  ["86400", "24 h"],
];

/** Show it. */
export function mount(root) {
  const parts = Object.fromEntries(
    ["health", "figures", "workers", "parts", "about"].map((name) => [
      name,
      el("section.card", { hidden: name !== "health" }),
    ]),
  );
  const plots = loadPlots();
  let windowS = "3600";
  const series = poll(
    async (signal) => plots.set(await get("/api/series", { window_s: windowS }, signal).catch(() => null)),
    SERIES_MS,
  );
  const spans = switcher("Time shown", SPANS, windowS, (chosen) => {
    windowS = chosen;
    series.now();
  });
  const load = el(
    "section.card.load",
    { "aria-labelledby": "load-title" },
    el("div.head", {}, el("h2", { id: "load-title" }, "Load"), spans),
    plots.element,
  );
  fill(
    root,
    el("h1.unseen", {}, TITLE),
    el("div.overview", {}, parts.health, parts.figures, load, parts.workers, parts.parts, parts.about),
  );
  const draw = (seen) => {
    drawHealth(parts.health, seen);
    drawFigures(parts.figures, seen);
    drawWorkers(parts.workers, seen);
    drawParts(parts.parts, seen);
    drawAbout(parts.about, seen);
  };
  if (latest()) draw(latest());
  else fill(parts.health, el("p.muted", {}, "Waiting for the monitor …"));
  const off = on("overview", draw);
  return {
    leave() {
      off();
      series.stop();
      plots.end();
    },
  };
}

/** Draw only what is another than before, so that a selection or a focused button stays. */
function drawn(section, spelled, ...children) {
  const text = JSON.stringify(spelled);
  section.hidden = false;
  if (section.dataset.spelled === text) return;
  section.dataset.spelled = text;
  fill(section, children);
}

function drawHealth(section, seen) {
  const { status, reasons, journal_error: journalError } = seen.health;
  const all = journalError ? [...reasons, `journal: ${journalError}`] : reasons;
  const words = {
    healthy: "Everything is well",
    degraded: "Degraded: it serves, but not as it should",
    unhealthy: "Unhealthy",
    down: "The broker is down",
  };
  const advice = all.map((each) => {
    const { text, command } = adviceOn(each);
    return el("li", {}, el("p.reason", {}, each), el("p.muted", {}, text), commandLine(command));
  });
  section.className = `card verdict ${status}`;
  drawn(
    section,
    [status, all],
    el("h2", {}, words[status] ?? status),
    advice.length ? el("ul.reasons", {}, advice) : el("p.muted", {}, "Nothing keeps it from healthy."),
  );
}

function drawFigures(section, seen) {
  const now = seen.windows["10"];
  const tiles = [
    ["Requests per second", rate(now?.per_s), "last 10 s"],
    ["Errors", percent(now?.error_rate), `${count(now?.errors)} in 10 s`, now?.errors > 0],
    ["p50", ms(now?.p50_ms), "half are quicker"],
    ["p95", ms(now?.p95_ms), "1 in 20 is slower"],
    ["p99", ms(now?.p99_ms), "1 in 100 is slower"],
    ["Queued", count(seen.queue_depth), `${count(seen.in_flight)} in flight`],
  ].map(([name, value, more, bad]) =>
    el(
      `div.tile${bad ? ".bad" : ""}`,
      {},
      el("span.name", {}, name),
      el("strong", {}, value),
      el("span.more", {}, more),
    ),
  );
  const rows = WINDOWS.map(([key, label]) => {
    const each = seen.windows[key];
    const cells = each
      ? [
          count(each.requests),
          rate(each.per_s),
          percent(each.error_rate),
          ms(each.p50_ms),
          ms(each.p95_ms),
          ms(each.p99_ms),
        ]
      : Array(6).fill("–");
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, label),
      cells.map((text) => el("td.num", {}, text)),
    );
  });
  const heads = ["Requests", "Per second", "Errors", "p50", "p95", "p99"].map((each) =>
    el("th.num", { scope: "col" }, each),
  );
  const table = el(
    "table",
    {},
    el("caption.unseen", {}, "Requests by window"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Window"), heads)),
    el("tbody", {}, rows),
  );
  drawn(
    section,
    [seen.windows, seen.queue_depth, seen.in_flight],
    el("h2.unseen", {}, "Figures"),
    el("div.tiles", {}, tiles),
    el("div.scroll.windows", { tabindex: "0", role: "region", "aria-label": "Requests by window" }, table),
  );
}

function drawWorkers(section, seen) {
  const states = Object.entries(seen.workers).filter(([state, number]) => number || state === "ready");
  const badges = states.map(([state, number]) => el(`span.badge.${state}`, {}, `${number} ${state}`));
  const heads = ["Supervisor", "Pool", "Wanted", "Restarts", "Given up"];
  const rows = seen.supervisors.map((each) =>
    el(
      "tr",
      {},
      el("td", {}, each.supervisor),
      el("td", {}, each.pool),
      el("td.num", {}, String(each.wanted)),
      el("td.num", {}, String(each.restarts)),
      el("td", {}, each.gave_up.join(", ") || "–"),
    ),
  );
  const table = el(
    "table",
    {},
    el("caption.unseen", {}, "Supervisors"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        heads.map((each, index) => el(index === 2 || index === 3 ? "th.num" : "th", { scope: "col" }, each)),
      ),
    ),
    el("tbody", {}, rows),
  );
  section.className = "card as-heard";
  drawn(
    section,
    [seen.workers, seen.supervisors],
    el("h2", {}, el("a", { href: "#/workers" }, "Workers")),
    el("p.badges", {}, badges),
    rows.length
      ? el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Supervisors" }, table)
      : [el("p.muted", {}, "No supervisor is known. Start workers:"), commandLine("tacore worker spawn")],
  );
}

function drawParts(section, seen) {
  const rows = Object.entries(seen.components).map(([name, part]) => {
    const reason = part.reason ?? "";
    return el(
      "li",
      {},
      el(`span.badge.${part.status}`, {}, part.status),
      el("strong", {}, name),
      el("span.muted", {}, reason),
    );
  });
  drawn(
    section,
    seen.components,
    el("h2", {}, "Parts"),
    rows.length ? el("ul.parts", {}, rows) : el("p.muted", {}, "The broker tells of its parts once it runs."),
  );
}

function drawAbout(section, seen) {
  const trusted = seen.trust_network ? `everyone in the network (${seen.trust_network})` : null;
  const pairs = [
    ["Version", seen.version],
    ["Up for", seen.uptime_s ? span(Math.round(seen.uptime_s)) : null],
    ["Endpoint", seen.endpoint],
    ["Home", seen.home],
    ["Environment", seen.environment],
    ["Trusts", trusted],
    ["Journal", seen.health.journal],
    [
      "Journal heard",
      seen.health.journal_lag_s == null ? null : age(seen.now - Math.round(seen.health.journal_lag_s)),
    ],
    ["Actions", seen.actions ? "allowed here" : "not allowed here (api.actions)"],
  ];
  const commands = Object.values(seen.commands).map(commandLine);
  drawn(
    section,
    [pairs.map(([, value]) => String(value?.dateTime ?? value)), seen.commands],
    el("h2", {}, "Service"),
    facts(pairs),
    el("h3", {}, "In a terminal"),
    commands,
  );
}
