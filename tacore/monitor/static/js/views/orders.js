/** Orders: what is open and was, positions with profit and loss, the account; halt and resume. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { confirmAction } from "../dialog.js";
import { button, choice, el, fill } from "../dom.js";
import { latest, mayAct, whyNot } from "../frame.js";
import { on } from "../live.js";
import { poll } from "../polling.js";
import { address, go } from "../route.js";
import { Table } from "../table.js";
import { hidePanel } from "../panel.js";
import { drawAccount } from "./account.js";
import { ORDER_COLUMNS, POSITION_COLUMNS } from "./order_columns.js";
import { cancelOrder, showOrder } from "./order_detail.js";

export const TITLE = "Orders";
const EVERY_MS = 2000;
const PAGE = 100;
const OPEN = new Set(["reserved", "submitting", "accepted", "partially_filled", "unknown"]);
const STATUSES = [["", "all"], ["open", "open"], ["final", "final"], ["filled", "filled"], ["denied", "denied"], ["rejected", "rejected"], ["cancelled", "cancelled"], ["unknown", "unknown"]];

/** Show them. */
export function mount(root, route) {
  const asked = { status: route.query.get("status") ?? "", symbol: route.query.get("symbol") ?? "", account: route.query.get("account") ?? "" };
  let before = null;
  let opened = null;
  const problem = el("div.problem", { hidden: true });
  const account = el("section.card.account", { "aria-label": "Account" });
  const orders = new Table({
    caption: "Orders, newest first",
    columns: ORDER_COLUMNS,
    key: (row) => row.order_id,
    command: (row) => row.commands.show,
    open: (row) => go(address("orders", [row.order_id], asked)),
    actions: (row) => (OPEN.has(row.status) ? [{ label: "Cancel", about: `Cancel order ${row.order_id}`, run: cancelOrder, disabled: !mayAct(), title: whyNot() }] : []),
    empty: () => [el("p", {}, asked.status || asked.symbol || asked.account ? "No order is like that." : "No order was placed yet. Place one on paper:"), commandLine("tacore call execute.order --symbol AAPL --action buy --quantity 10")],
  });
  const positions = new Table({
    caption: "Positions",
    columns: POSITION_COLUMNS,
    key: (row) => `${row.market} ${row.symbol}`,
    command: (row) => row.commands.orders,
    open: (row) => go(address("chart", [row.symbol], { market: row.market })),
    empty: () => [el("p.muted", {}, "Nothing is held.")],
  });
  const halting = button("Halt trading …", halt, { class: "danger" });
  const resuming = button("Resume …", resume, { class: "primary" });
  const older = button("Older ›", () => { before = orders.rows.at(-1)?.order_id ?? null; polling.now(); });
  const newest = button("Newest", () => { before = null; polling.now(); });

  const ask = async (signal) => {
    try {
      const [listed, held, kept] = await Promise.all([
        get("/api/orders", { ...asked, before, limit: PAGE }, signal),
        get("/api/positions", { account: asked.account }, signal),
        get("/api/account", { account: asked.account }, signal),
      ]);
      problem.hidden = true;
      root.classList.remove("old");
      orders.set(listed.orders);
      positions.set(held.positions);
      drawAccount(account, kept);
      newest.hidden = before === null;
      older.disabled = listed.orders.length < PAGE;
    } catch (error) {
      if (signal.aborted) return;
      root.classList.add("old");
      problem.hidden = false;
      fill(problem, el("p", {}, error.message), error.code === "unavailable" ? commandLine("tacore worker spawn --pool orders") : null);
    }
  };
  const allow = () => {
    for (const each of [halting, resuming]) {
      each.disabled = !mayAct();
      each.title = whyNot() ?? "";
    }
    const state = latest()?.trading.state;
    halting.hidden = state === "halted";
    resuming.hidden = !state || state === "active";
  };
  const typed = (name, label) => {
    const input = el("input", { type: "search", value: asked[name], autocomplete: "off", size: "10", on: { change: () => narrow(name, input.value.trim()) } });
    return el("label.field", {}, el("span", {}, label), input);
  };
  const narrow = (name, value) => {
    asked[name] = value;
    before = null;
    go(address("orders", [], asked), { quietly: true });
    polling.now();
  };
  const symbol = typed("symbol", "Symbol");
  const filters = el("div.filters", {}, choice("Status", STATUSES, asked.status, (value) => narrow("status", value)), symbol, typed("account", "Account"), newest, older);
  fill(
    root,
    el("div.head", {}, el("h1", {}, TITLE), el("div.buttons", {}, resuming, halting)),
    problem,
    account,
    el("section.card", {}, el("h2", {}, "Positions"), positions.whole),
    el("section.card", {}, el("div.head", {}, el("h2", {}, "Orders"), filters), orders.whole),
  );
  newest.hidden = true;
  const openOrder = (id) => {
    opened = id;
    showOrder(id, () => {
      opened = null;
      go(address("orders", [], asked), { quietly: true });
    });
  };
  const polling = poll(ask, EVERY_MS);
  const offs = [on("overview", allow), on("link", allow)];
  allow();
  if (route.rest[0]) openOrder(route.rest[0]);
  return {
    leave() {
      polling.stop();
      root.classList.remove("old");
      offs.forEach((off) => off());
    },
    filter: symbol.querySelector("input"),
    keys: () => (positions.body.contains(document.activeElement) ? positions : orders).keys,
    reroute(next) {
      const wanted = next.rest[0];
      if (wanted && wanted !== opened) openOrder(wanted);
      else if (!wanted) {
        opened = null;
        hidePanel();
      }
    },
  };
}

function halt() {
  const shell = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;
  confirmAction({
    title: "Halt trading?",
    text: "No order is taken until trading is resumed. What is open stays open; cancelling always works.",
    action: "halt",
    label: "Halt trading",
    danger: true,
    fields: [
      { name: "how", label: "How", value: "halted", options: [["halted", "take none"], ["reducing", "take what makes a position smaller"]] },
      { name: "reason", label: "Reason", value: "", maxlength: "500", required: true },
    ],
    body: ({ how, reason }) => ({ reason, reducing: how === "reducing" }),
    command: ({ how, reason }) => `tacore halt${how === "reducing" ? " --reducing" : ""}${reason ? ` --reason ${shell(reason)}` : ""}`,
    done: ({ how }) => (how === "reducing" ? "only reducing orders are taken" : "trading is halted"),
  });
}

function resume() {
  confirmAction({
    title: "Resume trading?",
    text: `Orders are taken again. It was stopped for: ${latest()?.trading.reason || "no reason given"}`,
    action: "resume",
    label: "Resume trading",
    fields: [{ name: "reason", label: "Reason", value: "", maxlength: "500" }],
    body: ({ reason }) => ({ reason }),
    command: () => "tacore resume",
    done: () => "trading is resumed",
  });
}
