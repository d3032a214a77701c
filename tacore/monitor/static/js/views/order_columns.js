/** The columns of orders and positions. */

import { el, fill } from "../dom.js";
import { amount, time } from "../format.js";

const SIGNS = {
  filled: "✓",
  denied: "✖",
  rejected: "✖",
  unknown: "?",
  cancelled: "–",
  expired: "–",
  accepted: "…",
  partially_filled: "…",
  reserved: "…",
  submitting: "…",
};

/** Make the sign of an order's status. */
export function status(row) {
  return el(
    `span.badge.${row.status}`,
    { title: row.reason || null },
    `${SIGNS[row.status] ?? ""} ${row.status.replaceAll("_", " ")}`,
  );
}

/** Make a profit (+, green) or a loss (−, red). */
export function profit(value, currency = "") {
  if (value == null) return el("span", {}, "–");
  const number = Number(value);
  const text = `${number > 0 ? "+" : ""}${amount(value, 2)}${currency ? ` ${currency}` : ""}`;
  return el(number > 0 ? "span.good" : number < 0 ? "span.bad" : "span", { title: String(value) }, text);
}

/** Make the mark of real money, or of none. */
export function money(row) {
  return row.paper ? el("span.badge.paper", {}, "PAPER") : el("span.badge.live", {}, "LIVE");
}

export const ORDER_COLUMNS = [
  { label: "Placed", draw: (cell, row) => fill(cell, time(row.created_at)), class: "time" },
  { label: "Order", text: (row) => row.order_id, class: "id", rank: 2 },
  { label: "Status", draw: (cell, row) => fill(cell, status(row)) },
  { label: "Side", text: (row) => row.action, class: "name" },
  { label: "Symbol", text: (row) => row.symbol, class: "name" },
  { label: "Filled", num: true, text: (row) => `${amount(row.filled_quantity)} / ${amount(row.quantity)}` },
  { label: "Type", text: (row) => `${row.order_type} ${row.time_in_force}`, rank: 2 },
  { label: "Price", num: true, text: (row) => amount(row.price ?? row.stop_price), rank: 2 },
  { label: "Average", num: true, text: (row) => amount(row.average_price), rank: 2 },
  { label: "Fees", num: true, text: (row) => `${amount(row.fees)} ${row.currency}`, rank: 3 },
  { label: "Account", text: (row) => row.account, rank: 3 },
  { label: "Money", draw: (cell, row) => fill(cell, money(row)), rank: 3 },
];

export const POSITION_COLUMNS = [
  { label: "Symbol", text: (row) => row.symbol, class: "name" },
  { label: "Market", text: (row) => row.market, rank: 2 },
  { label: "Quantity", num: true, text: (row) => amount(row.quantity) },
  { label: "Average", num: true, text: (row) => amount(row.average_price), rank: 2 },
  { label: "Price", num: true, text: (row) => amount(row.price) },
  {
    label: "Value",
    num: true,
    text: (row) => (row.value == null ? "–" : `${amount(row.value, 2)} ${row.currency}`),
    rank: 2,
  },
  { label: "Unrealised", num: true, draw: (cell, row) => fill(cell, profit(row.unrealised_pnl)) },
  { label: "Realised", num: true, draw: (cell, row) => fill(cell, profit(row.realised_pnl)), rank: 2 },
  {
    label: "Priced",
    title: "How old the price is",
    draw: (cell, row) => fill(cell, row.as_of ? time(row.as_of) : "–"),
    rank: 3,
  },
  { label: "Source", text: (row) => `${row.source}${row.simulated ? " (simulated)" : ""}`, rank: 3 },
];
