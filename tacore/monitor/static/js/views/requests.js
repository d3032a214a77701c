/** Requests: newest first and live, filtered, paged to the oldest; each opens in full. */

import { commandLine } from "../copy.js";
import { button, el, fill } from "../dom.js";
import { filterHelp } from "../help.js";
import { on } from "../live.js";
import { hidePanel, panelIsOpen } from "../panel.js";
import { address, go } from "../route.js";
import { Table } from "../table.js";
import { COLUMNS } from "./request_columns.js";
import { showRequest } from "./request_detail.js";
import { Feed } from "./request_feed.js";

export const TITLE = "Requests";
const EXAMPLE = "tacore call get.market_data --symbols AAPL,MSFT";

/** Show them; the route may name a filter and a row to open. */
export function mount(root, route) {
  return new RequestsView(root, route);
}

class RequestsView {
  constructor(root, route) {
    this.q = route.query.get("q") ?? "";
    this.opened = null;
    this.feed = new Feed({ changed: () => this.#show() });
    this.#draw(root);
    this.offs = [on("requests", (batch) => this.feed.take(batch)), on("overview", () => this.feed.recover())];
    this.feed.load(this.q);
    if (route.rest[0]) this.#open(route.rest[0]);
  }

  get filter() {
    return this.input;
  }

  keys() {
    const { feed, table } = this;
    return { ...table.keys, " ": () => feed.toggle(), n: () => feed.older(), p: () => feed.newer() };
  }

  reroute({ query, rest: [id] }) {
    const q = query.get("q") ?? "";
    if (q !== this.q) {
      this.q = q;
      this.input.value = q;
      this.feed.load(q);
    }
    if (id && Number(id) !== this.opened) this.#open(id);
    else if (!id) {
      this.opened = null;
      hidePanel();
    }
  }

  leave() {
    this.offs.forEach((off) => off());
    this.feed.end();
  }

  #draw(root) {
    this.problem = el("p.problem", { id: "filter-problem", role: "alert", hidden: true });
    this.state = el("span.feed-state");
    this.newer = button("‹ Newer", () => this.feed.newer(), { "aria-keyshortcuts": "p" });
    this.older = button("Older ›", () => this.feed.older(), { "aria-keyshortcuts": "n" });
    this.follow = button("Pause", () => this.feed.toggle(), {
      class: "primary",
      "aria-keyshortcuts": "Space",
    });
    this.table = new Table({
      caption: "Requests, newest first",
      columns: COLUMNS,
      key: (row) => row.id,
      command: (row) => row.command,
      open: (row) => go(address("requests", [row.id], { q: this.q })),
      empty: () => this.#nothing(),
    });
    this.table.onSelect = (row) => {
      this.feed.pause(); // what one reads stands still
      if (panelIsOpen() && row.id !== this.opened) this.#open(row.id, true);
    };
    const buttons = el("div.buttons", {}, this.state, this.newer, this.older, this.follow);
    const help = el("details.filter-help", {}, el("summary", {}, "What a filter may say"), filterHelp());
    fill(
      root,
      el("div.head", {}, el("h1", {}, TITLE), buttons),
      this.#form(),
      this.problem,
      help,
      this.table.whole,
    );
  }

  #form() {
    this.input = el("input", {
      type: "search",
      id: "filter",
      value: this.q,
      placeholder: "method:scan.market status:error AAPL",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "filter-problem",
      "aria-keyshortcuts": "/",
    });
    const submit = (event) => {
      event.preventDefault();
      this.#refilter(this.input.value.trim());
    };
    const quick = (label, q) =>
      button(label, () => this.#refilter(q), { class: "small", title: q || "no filter" });
    const label = el("label", { for: "filter" }, "Filter");
    const go = el("button.small", { type: "submit" }, "Show");
    return el(
      "form.filter",
      { role: "search", on: { submit } },
      label,
      this.input,
      go,
      quick("Errors", "status:error"),
      quick("All", ""),
    );
  }

  #refilter(q) {
    this.input.value = q;
    if (q === this.q) this.feed.load(q);
    else go(address("requests", [], { q }));
  }

  #show() {
    const { feed } = this;
    this.table.set(feed.rows);
    this.follow.textContent = feed.mode === "live" ? "Pause" : "Follow";
    this.newer.hidden = feed.mode !== "page";
    this.older.disabled = feed.done && feed.mode === "page";
    this.state.textContent = feed.told();
    this.problem.hidden = !feed.error;
    this.problem.textContent = feed.error?.message ?? "";
    this.input.setAttribute("aria-invalid", String(feed.error?.status === 400));
  }

  #nothing() {
    const { feed } = this;
    if (feed.loading) return [el("p.muted", {}, "Looking …")];
    if (feed.error) return [el("p.muted", {}, "Nothing to show.")];
    if (!feed.done) return [el("p", {}, `Nothing down to row ${feed.before}; “Older” looks further.`)];
    if (this.q) return [el("p", {}, "No request is like that. New ones appear here by themselves.")];
    return [el("p", {}, "No request was answered yet. Ask something:"), commandLine(EXAMPLE)];
  }

  /** Open a row; one that is only walked over leaves the keyboard in the list. */
  #open(id, walked = false) {
    this.opened = Number(id);
    if (walked) go(address("requests", [id], { q: this.q }), { quietly: true });
    const closed = () => {
      this.opened = null;
      go(address("requests", [], { q: this.q }), { quietly: true });
    };
    showRequest(id, closed, { keepFocus: walked });
  }
}
