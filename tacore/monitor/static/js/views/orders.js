/** Orders: what is open and was, positions with profit and loss, the account; halt and resume. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { button, choice, el, fill } from "../dom.js";
import { latest, mayAct, whyNot } from "../frame.js";
import { on } from "../live.js";
import { hidePanel } from "../panel.js";
import { poll } from "../polling.js";
import { address, go } from "../route.js";
import { Table } from "../table.js";
import { drawAccount } from "./account.js";
import { halt, resume } from "./halting.js";
import { ORDER_COLUMNS, POSITION_COLUMNS } from "./order_columns.js";
import { cancelOrder, showOrder } from "./order_detail.js";

export const TITLE = "Orders";
const EVERY_MS = 2000;
const PAGE = 100;
const FILTERS = ["status", "symbol", "account"];
const OPEN = new Set(["reserved", "submitting", "accepted", "partially_filled", "unknown"]);
const ENDS = ["filled", "denied", "rejected", "cancelled", "unknown"];
const STATUSES = [["", "all"], ...["open", "final", ...ENDS].map((each) => [each, each])];
const EXAMPLE = "tacore call execute.order --symbol AAPL --action buy --quantity 10";

/** Show them. */
export function mount(root, route) {
  return new OrdersView(root, route);
}

class OrdersView {
  constructor(root, route) {
    this.root = root;
    this.asked = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
    this.before = null;
    this.opened = null;
    this.#draw();
    this.polling = poll((signal) => this.#ask(signal), EVERY_MS);
    this.offs = [on("overview", () => this.#allow()), on("link", () => this.#allow())];
    this.#allow();
    this.reroute(route);
  }

  get filter() {
    return this.symbol.querySelector("input");
  }

  keys() {
    return (this.positions.body.contains(document.activeElement) ? this.positions : this.orders).keys;
  }

  reroute({ rest: [id] }) {
    if (id && id !== this.opened) this.#open(id);
    else if (!id) {
      this.opened = null;
      hidePanel();
    }
  }

  leave() {
    this.polling.stop();
    this.root.classList.remove("old");
    this.offs.forEach((off) => off());
  }

  #draw() {
    this.problem = el("div.problem", { hidden: true });
    this.account = el("section.card.account", { "aria-label": "Account", hidden: true });
    this.halting = button("Halt trading …", halt, { class: "danger" });
    this.resuming = button("Resume …", resume, { class: "primary" });
    this.#drawTables();
    this.cards = [
      this.account,
      el("section.card", { hidden: true }, el("h2", {}, "Positions"), this.positions.whole),
      el(
        "section.card",
        { hidden: true },
        el("div.head", {}, el("h2", {}, "Orders"), this.#filters()),
        this.orders.whole,
      ),
    ];
    const head = el("div.head", {}, el("h1", {}, TITLE), el("div.buttons", {}, this.resuming, this.halting));
    fill(this.root, head, this.problem, this.cards);
  }

  #drawTables() {
    this.orders = new Table({
      caption: "Orders, newest first",
      columns: ORDER_COLUMNS,
      key: (row) => row.order_id,
      command: (row) => row.commands.show,
      open: (row) => go(address("orders", [row.order_id], this.asked)),
      actions,
      empty: () => this.#nothing(),
    });
    this.positions = new Table({
      caption: "Positions",
      columns: POSITION_COLUMNS,
      key: (row) => `${row.market} ${row.symbol}`,
      command: (row) => row.commands.orders,
      open: (row) => go(address("chart", [row.symbol], { market: row.market })),
      empty: () => [el("p.muted", {}, "Nothing is held.")],
    });
  }

  #filters() {
    this.symbol = this.#typed("symbol", "Symbol");
    this.newest = button("Newest", () => this.#page(null));
    this.newest.hidden = true;
    this.older = button("Older ›", () => this.#page(this.orders.rows.at(-1)?.order_id ?? null));
    const status = choice("Status", STATUSES, this.asked.status, (value) => this.#narrow("status", value));
    return el(
      "div.filters",
      {},
      status,
      this.symbol,
      this.#typed("account", "Account"),
      this.newest,
      this.older,
    );
  }

  #typed(name, label) {
    const changed = () => this.#narrow(name, input.value.trim());
    const input = el("input", {
      type: "search",
      value: this.asked[name],
      autocomplete: "off",
      size: "10",
      on: { change: changed },
    });
    return el("label.field", {}, el("span", {}, label), input);
  }

  #narrow(name, value) {
    this.asked[name] = value;
    go(address("orders", [], this.asked), { quietly: true });
    this.#page(null);
  }

  #page(before) {
    this.before = before;
    this.polling.now();
  }

  #nothing() {
    const narrowed = FILTERS.some((name) => this.asked[name]);
    return [
      el(
        "p",
        {},
        narrowed
          ? "No order is like that. Place one on paper:"
          : "No order was placed yet. Place one on paper:",
      ),
      commandLine(EXAMPLE),
    ];
  }

  async #ask(signal) {
    const { account } = this.asked;
    try {
      const [listed, held, kept] = await Promise.all([
        get("/api/orders", { ...this.asked, before: this.before, limit: PAGE }, signal),
        get("/api/positions", { account }, signal),
        get("/api/account", { account }, signal),
      ]);
      this.#show(listed.orders, held.positions, kept);
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    }
  }

  #show(orders, positions, account) {
    this.problem.hidden = true;
    this.root.classList.remove("old");
    for (const each of this.cards) each.hidden = false;
    this.orders.set(orders);
    this.positions.set(positions);
    drawAccount(this.account, account);
    this.newest.hidden = this.before === null;
    this.older.disabled = orders.length < PAGE;
  }

  /** Say why there is nothing new; what was shown stays, dimmed. */
  #tell(error) {
    this.root.classList.add("old");
    this.problem.hidden = false;
    const help = error.code === "unavailable" ? commandLine("tacore worker spawn --pool orders") : null;
    fill(this.problem, el("p", {}, error.message), help);
  }

  #allow() {
    const state = latest()?.trading.state;
    for (const each of [this.halting, this.resuming]) {
      each.disabled = !mayAct() || !state;
      each.title = whyNot() ?? (state ? "" : "no order executor answers");
    }
    this.halting.hidden = state === "halted";
    this.resuming.hidden = !state || state === "active";
  }

  #open(id) {
    this.opened = id;
    showOrder(id, () => {
      this.opened = null;
      go(address("orders", [], this.asked), { quietly: true });
    });
  }
}

function actions(row) {
  if (!OPEN.has(row.status)) return [];
  return [
    {
      label: "Cancel",
      about: `Cancel order ${row.order_id}`,
      run: cancelOrder,
      disabled: !mayAct(),
      title: whyNot(),
    },
  ];
}
