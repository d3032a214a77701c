/** The top of the page: real money or not, how the service is, how old what is shown is. */

import { el, fill, write } from "./dom.js";
import { ago, span } from "./format.js";
import { link, on } from "./live.js";
import { say } from "./words.js";

const SIGNS = { healthy: "●", degraded: "▲", unhealthy: "✖", down: "✖", away: "✖", connecting: "…" };
const money = document.getElementById("money");
const health = document.getElementById("health");
const trading = document.getElementById("trading");
const away = document.getElementById("away");
const heard = document.getElementById("heard");
let overview = null;
let told = null;
let knownPaper = null;
let frozen = false;

/** The newest overview; null before the first. */
export function latest() {
  return overview;
}

/** Start showing. */
export function startFrame() {
  on("overview", (data) => {
    overview = data;
    show();
  });
  on("link", show);
  setInterval(showAges, 1000);
  const top = document.querySelector("header.top");
  new ResizeObserver(() =>
    document.documentElement.style.setProperty("--top", `${top.offsetHeight}px`),
  ).observe(top);
}

/** Tell whether actions are allowed here, and can be done. */
export function mayAct() {
  return Boolean(overview?.actions) && link.state === "open" && overview.health.status !== "down";
}

/** Say why an action's button is off; null where it is on. */
export function whyNot() {
  if (link.state !== "open") return "the monitor does not answer";
  if (overview?.health.status === "down") return "the broker does not answer";
  return overview?.actions ? null : "actions are not allowed here: setting api.actions";
}

function show() {
  const status = link.state === "lost" ? "away" : (overview?.health.status ?? "connecting");
  showMoney();
  showHealth(status);
  showTrading();
  showAway(status);
  document.body.classList.toggle("stale-monitor", status === "away");
  document.body.classList.toggle("stale-broker", status === "down");
  if (told !== null && told !== status) say(spoken(status));
  if (status !== "connecting") told = status;
}

function showMoney() {
  if (!overview) return;
  if (overview.paper !== null) knownPaper = overview.paper;
  const [kind, name, words] = moneyOf(overview);
  money.className = `money ${kind}`;
  fill(money, el("strong", {}, name), " ", el("span", {}, words));
  document.title = `${SIGNS[overview.health.status]} ${name} tacore`;
}

/** Give a kind, a name and words; what was real money once counts as that until the service says otherwise. */
function moneyOf({ paper, live_accounts: accounts, health: { status } }) {
  const named = accounts.length ? ` (${accounts.join(", ")})` : "";
  if (paper === false) return ["live", "LIVE", `real money${named}`];
  if (paper === true) return ["paper", "PAPER", "simulated money"];
  const why = status === "down" ? "the broker can't be asked" : "no order executor answers";
  if (knownPaper === false || accounts.length) return ["live", "LIVE", `real money${named}; ${why}`];
  if (knownPaper === true) return ["paper", "PAPER", `simulated money, when last heard; ${why}`];
  return ["unknown", status === "down" ? "UNKNOWN" : "NO ORDERS", why];
}

function showHealth(status) {
  health.className = `health ${status}`;
  write(health.querySelector(".sign"), SIGNS[status]);
  write(
    health.querySelector(".word"),
    status === "away" ? "monitor away" : status === "down" ? "broker down" : status,
  );
}

function showTrading() {
  const state = overview?.trading.state;
  trading.hidden = !state || state === "active";
  if (!trading.hidden) write(trading, state === "halted" ? "trading halted" : "only reducing orders");
  trading.title = overview?.trading.reason ?? "";
}

function showAway(status) {
  away.hidden = !["away", "down"].includes(status);
  frozen = !away.hidden;
  if (away.hidden) return;
  const command = status === "away" ? "tacore monitor start" : "tacore up";
  const what =
    status === "away"
      ? "The monitor does not answer."
      : `The broker at ${overview.endpoint} does not answer.`;
  fill(
    away,
    el("strong", {}, what),
    " ",
    el("span.since"),
    " It is tried again by itself. Start it: ",
    el("code", {}, command),
  );
  showAges();
}

function showAges() {
  const at = link.heardAt === null ? null : link.heardAt / 1000;
  const since = away.querySelector(".since");
  if (frozen && since) {
    const from = link.state === "lost" ? at : overview.health.since;
    write(
      since,
      from === null
        ? "It has not answered yet."
        : `What is shown is ${span(Math.round(Date.now() / 1000 - from))} old.`,
    );
  }
  const late = at !== null && Date.now() / 1000 - at > 3;
  heard.hidden = !late || frozen;
  if (late) write(heard, `heard ${ago(at)}`);
}

function spoken(status) {
  if (status === "away") return "The monitor does not answer. It is tried again by itself.";
  if (status === "down") return "The broker does not answer. It is tried again by itself.";
  const reasons = overview?.health.reasons ?? [];
  return `The service is ${status}. ${reasons.join(". ")}`;
}
