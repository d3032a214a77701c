/** Requests: newest first and live, filtered, paged to the oldest; each opens in full. */

import { button, el, fill } from "../dom.js";
import { on } from "../live.js";
import { commandLine } from "../copy.js";
import { filterHelp } from "../help.js";
import { hidePanel, panelIsOpen } from "../panel.js";
import { address, go } from "../route.js";
import { Table } from "../table.js";
import { COLUMNS } from "./request_columns.js";
import { showRequest } from "./request_detail.js";
import { Feed } from "./request_feed.js";

export const TITLE = "Requests";

/** Show them; the route may name a filter and a row to open. */
export function mount(root, route) {
  let q = route.query.get("q") ?? "";
  let opened = null;
  const problem = el("p.problem", { id: "filter-problem", role: "alert", hidden: true });
  const input = el("input", { type: "search", id: "filter", value: q, placeholder: "method:scan.market status:error AAPL", autocomplete: "off", spellcheck: "false", "aria-describedby": "filter-problem", "aria-keyshortcuts": "/" });
  const form = el("form.filter", { role: "search", on: { submit: (event) => { event.preventDefault(); refilter(input.value.trim()); } } }, el("label", { for: "filter" }, "Filter"), input, el("button.small", { type: "submit" }, "Show"), quick("Errors", "status:error"), quick("All", ""));
  const follow = button("Pause", () => feed.toggle(), { class: "primary", "aria-keyshortcuts": "Space" });
  const older = button("Older ›", () => feed.older(), { "aria-keyshortcuts": "n" });
  const newer = button("‹ Newer", () => feed.newer(), { "aria-keyshortcuts": "p" });
  const state = el("span.feed-state");
  const table = new Table({ caption: "Requests, newest first", columns: COLUMNS, key: (row) => row.id, command: (row) => row.command, open: (row) => go(address("requests", [row.id], { q })), empty: () => nothing(feed, q) });
  const feed = new Feed({ changed: draw });

  table.onSelect = (row) => {
    if (panelIsOpen() && row.id !== opened) openRow(row.id, true);
  };
  const more = el("details.filter-help", {}, el("summary", {}, "What a filter may say"), filterHelp());
  fill(root, el("div.head", {}, el("h1", {}, TITLE), el("div.buttons", {}, state, newer, older, follow)), form, problem, more, table.whole);
  const off = on("requests", (batch) => feed.take(batch));
  feed.load(q);
  if (route.rest[0]) openRow(route.rest[0]);

  function draw() {
    table.set(feed.rows);
    follow.textContent = feed.mode === "live" ? "Pause" : "Follow";
    follow.setAttribute("aria-pressed", String(feed.mode !== "live"));
    newer.hidden = feed.mode !== "page";
    older.disabled = feed.done && feed.mode === "page";
    fill(state, feed.told());
    problem.hidden = !feed.error;
    problem.textContent = feed.error?.message ?? "";
    input.setAttribute("aria-invalid", String(feed.error?.status === 400));
  }

  function refilter(text) {
    input.value = text;
    go(address("requests", [], { q: text }));
    if (text === q) feed.load(q);
  }

  function quick(label, text) {
    return button(label, () => refilter(text), { class: "small", title: text || "no filter" });
  }

  function openRow(id, keepFocus = false) {
    opened = Number(id);
    if (keepFocus) go(address("requests", [id], { q }), { quietly: true });
    showRequest(id, () => {
      opened = null;
      go(address("requests", [], { q }), { quietly: true });
    }, { keepFocus });
  }

  return {
    leave() {
      off();
      feed.end();
    },
    filter: input,
    keys: () => ({ ...table.keys, " ": () => feed.toggle(), n: () => feed.older(), p: () => feed.newer() }),
    reroute(next) {
      const asked = next.query.get("q") ?? "";
      if (asked !== q) {
        q = asked;
        input.value = q;
        feed.load(q);
      }
      const wanted = next.rest[0];
      if (wanted && Number(wanted) !== opened) openRow(wanted);
      else if (!wanted) {
        opened = null;
        hidePanel();
      }
    },
  };
}

function nothing(feed, q) {
  if (feed.loading) return [el("p.muted", {}, "Looking …")];
  if (feed.error) return [el("p.muted", {}, "Nothing to show.")];
  if (!feed.done) return [el("p", {}, `Nothing down to row ${feed.before}; “Older” looks further.`)];
  if (q) return [el("p", {}, "No request is like that. New ones appear here by themselves.")];
  return [el("p", {}, "No request was answered yet. Ask something:"), commandLine("tacore call get.market_data --symbols AAPL,MSFT")];
}
