/** What a chart says in words and numbers, above and below its plots. */

import { commandLine } from "../copy.js";
import { el, fill } from "../dom.js";
import { amount, short } from "../format.js";
import { facts } from "../pretty.js";
import { dated } from "./bar_plots.js";

const SHOWN = 20;
const NAMES = ["open", "high", "low", "close", "volume"];

/** Make the head: symbol, price, change, signal, source. */
export function headline(told) {
  const adjusted = told.adjusted ? ", adjusted for splits and dividends" : "";
  const source = `${told.bars.length} bars from ${told.source}${told.simulated ? ", simulated" : ""}`;
  const signal = told.signal ? [" ", el(`span.badge.${told.signal}`, {}, `signal: ${told.signal}`)] : null;
  return [
    el("h2", {}, told.symbol, " ", el("span.muted", {}, told.market)),
    el("p.price", {}, el("strong", {}, short(told.bars.at(-1)?.close)), " ", moved(told.bars), signal),
    el("p.muted", {}, `${source}, as of ${told.as_of ?? "unknown"}${adjusted}`),
    (told.warnings ?? []).map((each) => el("p.problem", {}, each)),
  ];
}

/** Fill what stands below: levels, the last bars as a table, the command lines. */
export function below(into, told, asked) {
  const open = into.querySelector("details")?.open ?? false;
  const market = asked.market ? ` --market ${asked.market}` : "";
  const bars = `tacore call get.market_data --symbols ${told.symbol}${market} --timeframe ${told.timeframe} --limit ${asked.limit}`;
  const commands = [bars, `tacore call analyze.stock --symbol ${told.symbol}${market}`];
  const table = el(
    "details",
    { open },
    el("summary", {}, `The last ${SHOWN} bars as a table`),
    lastBars(told),
  );
  fill(into, levels(told.levels), table, el("h3", {}, "In a terminal"), commands.map(commandLine));
}

function moved(bars) {
  const [before, last] = bars.slice(-2);
  if (!last) return null;
  const change = (100 * (last.close - before.close)) / before.close;
  const text = `${change < 0 ? "▼ −" : "▲ +"}${Math.abs(change).toFixed(2)} %`;
  return el(`span.${change < 0 ? "bad" : "good"}`, {}, text);
}

function lastBars(told) {
  const heads = ["Bar", "Open", "High", "Low", "Close", "Volume"];
  const rows = told.bars
    .slice(-SHOWN)
    .reverse()
    .map((bar) => {
      const numbers = NAMES.map((name) =>
        el("td.num", {}, name === "volume" ? amount(bar[name]) : short(bar[name])),
      );
      return el("tr", {}, el("th", { scope: "row" }, dated(bar.time, told.timeframe)), numbers);
    });
  const head = el(
    "tr",
    {},
    heads.map((each, index) => el(index ? "th.num" : "th", { scope: "col" }, each)),
  );
  const caption = el("caption.unseen", {}, `The last ${SHOWN} bars of ${told.symbol}`);
  return el("div.scroll", {}, el("table", {}, caption, el("thead", {}, head), el("tbody", {}, rows)));
}

function levels(told) {
  if (!told) return null;
  const named = (rows) => (rows ?? []).map((each) => short(each.price)).join(", ");
  return facts([
    ["Resistance", named(told.resistance)],
    ["Support", named(told.support)],
  ]);
}
