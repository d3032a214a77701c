/** What the monitor sends by itself, over one connection that comes back when it is lost. */

import { parse } from "./exact.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const SILENT_MS = 15_000;
const HIDDEN_MS = 60_000;
const listeners = new Map();
let source = null;
let timer = null;
let waitMs = FIRST_WAIT_MS;
let wanted = { streams: "overview,workers", q: "" };
let last = null;

/** Whether the monitor is heard: connecting, open or lost; and when it was last, in epoch ms. */
export const link = { state: "connecting", heardAt: null };

/** Listen to overview, workers, requests, or link (the connection's own state); gives what ends it. */
export function on(name, run) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(run);
  return () => listeners.get(name).delete(run);
}

/** Also follow the requests that a filter line finds, after a row's id; null follows none. */
export function followRequests(q, after = null) {
  if (q === null && !wanted.streams.includes("requests") && source) return;
  wanted = q === null ? { streams: "overview,workers", q: "" } : { streams: "requests,overview,workers", q };
  last = after;
  open();
}

/** Connect, and stay so. */
export function open() {
  clearTimeout(timer);
  source?.close();
  const query = new URLSearchParams({ streams: wanted.streams });
  if (wanted.q) query.set("q", wanted.q);
  if (last !== null) query.set("after", String(last));
  const opened = new EventSource(`/api/events?${query}`);
  source = opened;
  opened.onopen = () => heard("open");
  opened.onerror = () => lost(opened);
  for (const name of ["overview", "workers", "requests"]) {
    opened.addEventListener(name, (event) => {
      if (opened !== source) return;
      heard("open");
      if (event.lastEventId) last = Number(event.lastEventId);
      tell(name, parse(event.data));
    });
  }
}

function heard(state) {
  waitMs = FIRST_WAIT_MS;
  link.heardAt = Date.now();
  if (link.state === state) return;
  link.state = state;
  tell("link", link);
}

/** Try again after a while; a browser would give up for ever after some errors. */
function lost(of) {
  if (of !== source) return;
  of.close();
  source = null;
  if (link.state !== "lost") {
    link.state = "lost";
    tell("link", link);
  }
  clearTimeout(timer);
  timer = setTimeout(open, waitMs);
  waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
}

function tell(name, data) {
  for (const run of listeners.get(name) ?? []) run(data);
}

/** A connection may die without a word, as with a machine that was asleep: then it is made anew. */
setInterval(() => {
  if (source && link.state === "open" && !document.hidden && Date.now() - link.heardAt > SILENT_MS)
    lost(source);
}, 2000);

/** A page that nobody sees gives its connection back, of which a browser has six. */
let hiding = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(() => {
      source?.close();
      source = null;
    }, HIDDEN_MS);
  } else if (!source) open();
});
