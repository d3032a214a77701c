/** Agent jobs: the list of them, or one on a page of its own. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { button, choice, el, fill } from "../dom.js";
import { on } from "../live.js";
import { poll } from "../polling.js";
import { address, go } from "../route.js";
import { Table } from "../table.js";
import { jobActions } from "./job_actions.js";
import { JOB_COLUMNS } from "./job_columns.js";
import { JobPage } from "./job_page.js";

export const TITLE = "Jobs";
const EVERY_MS = 2000;
const PAGE = 100;
const FILTERS = ["state", "symbol"];
const STATES = [
  ["", "all"],
  ["queued,running", "under way"],
  ...["queued", "running", "done", "failed", "cancelled"].map((each) => [each, each]),
];

/** Show them, or the one that the address names. */
export function mount(root, route) {
  return route.rest[0] ? new JobPage(root, route.rest[0]) : new JobsView(root, route);
}

class JobsView {
  constructor(root, route) {
    this.root = root;
    this.asked = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
    this.before = null;
    this.next = null;
    this.told = null;
    this.#draw();
    this.polling = poll((signal) => this.#ask(signal), EVERY_MS);
    this.off = on("link", () => this.#allow());
  }

  get filter() {
    return this.symbol;
  }

  keys() {
    return this.table.keys;
  }

  leave() {
    this.polling.stop();
    this.root.classList.remove("old");
    this.off();
  }

  #draw() {
    this.problem = el("div.problem", { hidden: true });
    this.counts = el("p.muted.counts");
    this.table = new Table({
      caption: "Agent jobs, newest first",
      columns: JOB_COLUMNS,
      key: (row) => row.job_id,
      command: (row) => row.commands.show,
      open: (row) => go(address("jobs", [row.job_id])),
      actions: jobActions,
      empty: () => this.#nothing(),
    });
    this.card = el("section.card.job-list", { "aria-label": TITLE, hidden: true }, this.counts, this.table.whole);
    const head = el("div.head", {}, el("h1", {}, TITLE), this.#filters());
    fill(this.root, head, this.problem, this.card);
  }

  #filters() {
    this.symbol = el("input", {
      type: "search",
      value: this.asked.symbol,
      autocomplete: "off",
      size: "10",
      on: { change: () => this.#narrow("symbol", this.symbol.value.trim()) },
    });
    this.newest = button("Newest", () => this.#page(null));
    this.newest.hidden = true;
    this.older = button("Older ›", () => this.#page(this.next));
    return el(
      "div.filters",
      {},
      choice("State", STATES, this.asked.state, (value) => this.#narrow("state", value)),
      el("label.field", {}, el("span", {}, "Symbol"), this.symbol),
      this.newest,
      this.older,
    );
  }

  #narrow(name, value) {
    this.asked[name] = value;
    go(address("jobs", [], this.asked), { quietly: true });
    this.#page(null);
  }

  #page(before) {
    this.before = before;
    this.polling.now();
  }

  #allow() {
    if (this.told) this.table.set(this.told.jobs.map((each) => ({ ...each })));
  }

  async #ask(signal) {
    try {
      this.#show(await get("/api/jobs", { ...this.asked, before_id: this.before, limit: PAGE }, signal));
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    }
  }

  #show(told) {
    this.told = told;
    this.next = told.next_before_id;
    this.problem.hidden = true;
    this.root.classList.remove("old");
    this.card.hidden = false;
    const counted = Object.entries(told.counts).filter(([, number]) => Number(number) > 0);
    const text = counted.map(([name, number]) => `${number} ${name}`).join(" · ");
    if (this.counts.textContent !== text) this.counts.textContent = text;
    this.table.set(told.jobs);
    this.newest.hidden = this.before === null;
    this.older.disabled = !this.next;
  }

  #nothing() {
    const narrowed = FILTERS.some((name) => this.asked[name]);
    const { needs, commands } = this.told;
    return [
      el("p", {}, narrowed ? "No job is like that. Start one:" : "No agent job was asked for yet. Start one:"),
      commandLine(commands.start),
      el("p", {}, `Jobs cost money; ${needs}. What is lacking is told by:`),
      commandLine(commands.doctor),
    ];
  }

  /** Say why there is nothing new; what was shown stays, dimmed. */
  #tell(error) {
    this.root.classList.add("old");
    this.problem.hidden = false;
    const help = error.code === "unavailable" ? commandLine("tacore worker spawn --pool agents") : null;
    fill(this.problem, el("p", {}, error.message), help);
  }
}
