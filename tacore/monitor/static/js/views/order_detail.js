/** One order in full: its fills, what happened to it, why. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { confirmAction } from "../dialog.js";
import { el, fill } from "../dom.js";
import { amount, time } from "../format.js";
import { openPanel } from "../panel.js";
import { facts, pretty } from "../pretty.js";
import { money, status } from "./order_columns.js";

/** Open the panel on an order. */
export async function showOrder(id, onClose) {
  const content = openPanel(`Order ${id}`, onClose);
  fill(content, el("p.muted", {}, "Looking …"));
  try {
    fill(content, ...shown(await get(`/api/orders/${encodeURIComponent(id)}`)));
  } catch (error) {
    fill(content, el("p.problem", { role: "alert" }, error.message));
  }
}

/** Ask, then cancel an order. */
export function cancelOrder(row) {
  confirmAction({
    title: `Cancel ${row.order_id}?`,
    text: `${row.action} ${amount(row.quantity)} ${row.symbol}, ${row.order_type} ${row.time_in_force}, ${row.status.replaceAll("_", " ")}; ${row.paper ? "PAPER" : "LIVE: real money"}. A fill may still cross the cancel.`,
    action: "cancel",
    label: "Cancel the order",
    danger: true,
    body: () => ({ order_id: row.order_id }),
    command: () => row.commands.cancel,
    done: () => `${row.order_id}: cancel was asked for`,
  });
}

function shown(row) {
  const pairs = [
    ["Status", status(row)],
    ["Money", money(row)],
    ["Why", row.reason],
    ["Order", `${row.action} ${amount(row.quantity)} ${row.symbol} (${row.market})`],
    ["Type", `${row.order_type} ${row.time_in_force}`],
    ["Limit", row.price == null ? null : `${amount(row.price)} ${row.currency}`],
    ["Stop", row.stop_price == null ? null : `${amount(row.stop_price)} ${row.currency}`],
    [
      "Filled",
      `${amount(row.filled_quantity)} at ${amount(row.average_price)}, fees ${amount(row.fees)} ${row.currency}`,
    ],
    ["Account, venue", `${row.account}, ${row.venue}`],
    ["Placed", time(row.created_at, { millis: true, date: true })],
    ["Changed", time(row.updated_at, { millis: true, date: true })],
    ["The market's time", time(row.market_time, { date: true })],
    ["Client's id", row.client_order_id],
    ["Key", row.idempotency_key],
  ];
  const warnings = (row.warnings ?? []).map((each) => el("p.problem", {}, each));
  return [
    ...warnings,
    facts(pairs),
    list("Fills", row.fills, (each) => [
      time(each.at, { millis: true }),
      ` ${amount(each.quantity)} at ${amount(each.price)}, fee ${amount(each.fee)} ${each.fee_currency}`,
    ]),
    list("What happened", row.events, (each) => [
      time(each.at, { millis: true }),
      " ",
      el("strong", {}, each.what),
      ` → ${each.status}`,
      Object.keys(each.details ?? {}).length
        ? el("details", {}, el("summary", {}, "details"), pretty(each.details))
        : null,
    ]),
    row.quote ? [el("h3", {}, "Judged by this price"), pretty(row.quote)] : null,
    el("h3", {}, "In a terminal"),
    Object.values(row.commands).map(commandLine),
  ].flat();
}

function list(title, rows, parts) {
  if (!rows?.length) return null;
  return [
    el("h3", {}, title),
    el(
      "ol.events",
      {},
      rows.map((each) => el("li", {}, parts(each))),
    ),
  ];
}
