/** Chart: a symbol's candles with indicators, and what analyze.stock says of it. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { choice, el, fill } from "../dom.js";
import { poll } from "../polling.js";
import { facts } from "../pretty.js";
import { address, go } from "../route.js";
import { short } from "../format.js";
import { BarPlots, dated } from "./bar_plots.js";

export const TITLE = "Chart";
const EVERY_MS = 15_000;
const MARKETS = [["", "by symbol"], ...["US", "CN", "HK", "CRYPTO", "SIM"].map((each) => [each, each])];
const FRAMES = [["1d", "day"], ["1w", "week"], ["1h", "hour"], ["15m", "15 min"], ["5m", "5 min"], ["1m", "minute"]];
const LIMITS = ["60", "120", "250", "500", "1000"].map((each) => [each, each]);
const INDICATORS = [["sma20", "SMA 20"], ["sma50", "SMA 50"], ["sma200", "SMA 200"], ["ema12", "EMA 12"], ["bollinger", "Bollinger 20, 2"], ["rsi14", "RSI 14"], ["macd", "MACD 12, 26, 9"]];
const DEFAULTS = { market: "", timeframe: "1d", limit: "250", indicators: "sma20,sma50,rsi14", adjusted: "true" };

/** Show it. */
export function mount(root, route) {
  const asked = read(route);
  let drawn = null;
  let polling = null;
  const symbol = el("input", { type: "search", value: asked.symbol, placeholder: "AAPL", size: "10", autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/" });
  const problem = el("p.problem", { role: "alert", hidden: true });
  const area = el("div.chart-area");
  const plots = new BarPlots();
  const form = el(
    "form.filters",
    { on: { submit: (event) => { event.preventDefault(); change("symbol", symbol.value.trim()); } } },
    el("label.field", {}, el("span", {}, "Symbol"), symbol),
    choice("Market", MARKETS, asked.market, (value) => change("market", value)),
    choice("Bars of a", FRAMES, asked.timeframe, (value) => change("timeframe", value)),
    choice("How many", LIMITS, asked.limit, (value) => change("limit", value)),
    choice("Prices", [["true", "adjusted"], ["false", "as traded"]], asked.adjusted, (value) => change("adjusted", value)),
    el("button.primary", { type: "submit" }, "Show"),
  );
  const boxes = el("fieldset.boxes", {}, el("legend", {}, "Indicators"), INDICATORS.map(([name, label]) => box(name, label)));
  fill(root, el("div.head", {}, el("h1", {}, TITLE)), form, boxes, problem, area);
  begin();

  function box(name, label) {
    const input = el("input", { type: "checkbox", value: name, checked: asked.indicators.split(",").includes(name) });
    input.addEventListener("change", () => change("indicators", [...boxes.querySelectorAll("input:checked")].map((each) => each.value).join()));
    return el("label", {}, input, label);
  }

  function change(name, value) {
    asked[name] = value;
    const { symbol: of, ...query } = asked;
    go(address("chart", of ? [of] : [], query), { quietly: true });
    begin();
  }

  function begin() {
    polling?.stop();
    problem.hidden = true;
    if (!asked.symbol) fill(area, nothing());
    else polling = poll(load, EVERY_MS);
  }

  async function load(signal) {
    if (!drawn) fill(area, el("p.muted", {}, "Looking …"));
    try {
      const told = await get("/api/bars", { ...asked, analysis: asked.timeframe === "1d" }, signal);
      problem.hidden = true;
      area.classList.remove("old");
      if (!drawn) fill(area, (drawn = el("div", {}, el("div.told"), plots.element, el("div.below"))));
      plots.set(told);
      fill(drawn.firstChild, headline(told));
      below(drawn.lastChild, told, asked);
    } catch (error) {
      if (signal.aborted) return;
      problem.hidden = false;
      problem.textContent = error.message;
      if (drawn) area.classList.add("old");
      else fill(area);
    }
  }

  return {
    leave() {
      polling?.stop();
      plots.end();
    },
    filter: symbol,
    reroute(next) {
      const wanted = read(next);
      if (JSON.stringify(wanted) === JSON.stringify(asked)) return;
      Object.assign(asked, wanted);
      symbol.value = asked.symbol;
      begin();
    },
  };
}

function read(route) {
  const given = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, route.query.get(name) ?? DEFAULTS[name]]));
  return { symbol: route.rest[0] ?? "", ...given };
}

function headline(told) {
  const last = told.bars.at(-1);
  const before = told.bars.at(-2);
  const change = last && before ? (100 * (last.close - before.close)) / before.close : null;
  const moved = change == null ? null : el(`span.${change < 0 ? "bad" : "good"}`, {}, `${change < 0 ? "▼ −" : "▲ +"}${Math.abs(change).toFixed(2)} %`);
  return [
    el("h2", {}, told.symbol, " ", el("span.muted", {}, told.market)),
    el("p.price", {}, el("strong", {}, short(last?.close)), " ", moved, told.signal ? [" ", el(`span.badge.${told.signal}`, {}, `signal: ${told.signal}`)] : null),
    el("p.muted", {}, `${told.bars.length} bars from ${told.source}${told.simulated ? ", simulated" : ""}, as of ${told.as_of ?? "unknown"}${told.adjusted ? ", adjusted for splits and dividends" : ""}`),
    (told.warnings ?? []).map((each) => el("p.problem", {}, each)),
  ];
}

function below(into, told, asked) {
  const open = into.querySelector("details")?.open ?? false;
  const heads = ["Bar", "Open", "High", "Low", "Close", "Volume"].map((each, index) => el(index ? "th.num" : "th", { scope: "col" }, each));
  const rows = told.bars.slice(-20).reverse().map((bar) => el("tr", {}, el("th", { scope: "row" }, dated(bar.time, told.timeframe)), ["open", "high", "low", "close", "volume"].map((name) => el("td.num", {}, short(bar[name])))));
  const table = el("table", {}, el("caption.unseen", {}, `The last 20 bars of ${told.symbol}`), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
  const market = asked.market ? ` --market ${asked.market}` : "";
  const commands = [`tacore call get.market_data --symbols ${told.symbol}${market} --timeframe ${told.timeframe} --limit ${asked.limit}`, `tacore call analyze.stock --symbol ${told.symbol}${market}`];
  fill(into, levels(told.levels), el("details", { open }, el("summary", {}, "The last 20 bars as a table"), el("div.scroll", {}, table)), el("h3", {}, "In a terminal"), commands.map(commandLine));
}

function levels(told) {
  if (!told) return null;
  const named = (rows) => (Array.isArray(rows) && rows.length ? rows.map((each) => short(each.price ?? each)).join(", ") : null);
  return facts([["Resistance", named(told.resistance)], ["Support", named(told.support)]]);
}

function nothing() {
  const example = el("a", { href: address("chart", ["AAPL"]) }, "AAPL");
  return [el("p.empty", {}, "Type a symbol, such as ", example, ", or see what there is: "), commandLine("tacore call scan.market --market US --columns symbol,price")];
}
