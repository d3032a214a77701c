/** An account at a glance. */

import { el, fill } from "../dom.js";
import { amount } from "../format.js";
import { money, profit } from "./order_columns.js";

/** Draw what get.account tells. */
export function drawAccount(section, told) {
  const spelled = JSON.stringify({ ...told, at: null });
  if (section.dataset.spelled === spelled) return;
  section.dataset.spelled = spelled;
  const base = told.base_currency;
  const sum = (value) => (value == null ? "–" : `${amount(value, 2)} ${base}`);
  const cash = Object.entries(told.cash ?? {}).map(([currency, each]) => `${amount(each, 2)} ${currency}`);
  const tiles = [
    ["Equity", sum(told.equity)],
    ["Unrealised P&L", profit(told.unrealised_pnl, base)],
    ["Realised P&L", profit(told.realised_pnl, base)],
    ["Buying power", sum(told.buying_power)],
    ["Exposure", sum(told.exposure_gross)],
    ["Fees", sum(told.fees)],
    ["Open orders", String(told.open_orders)],
  ].map(([name, value]) => el("div.tile", {}, el("span.name", {}, name), el("strong", {}, value)));
  const warnings = (told.warnings ?? []).map((each) => el("p.problem", {}, each));
  fill(
    section,
    el("div.head", {}, el("h2", {}, `Account ${told.account}`), money(told)),
    el("div.tiles", {}, tiles),
    el(
      "p.muted",
      {},
      `Cash: ${cash.join(", ") || "none"}. Prices: ${told.source || "none"}${told.simulated ? ", simulated" : ""}${told.as_of ? `, as of ${told.as_of}` : ""}.`,
    ),
    warnings,
  );
}
