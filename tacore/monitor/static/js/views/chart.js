/** Chart: a symbol's candles with indicators, and what analyze.stock says of it. */

import { get } from "../api.js";
import { commandLine } from "../copy.js";
import { choice, el, fill } from "../dom.js";
import { poll } from "../polling.js";
import { address, go } from "../route.js";
import { BarPlots } from "./bar_plots.js";
import { below, headline } from "./chart_words.js";

export const TITLE = "Chart";
const EVERY_MS = 15_000;
const MARKETS = [["", "by symbol"], ...["US", "CN", "HK", "CRYPTO", "SIM"].map((each) => [each, each])];
const FRAMES = [
  ["1d", "day"],
  ["1w", "week"],
  ["1h", "hour"],
  ["15m", "15 min"],
  ["5m", "5 min"],
  ["1m", "minute"],
];
const LIMITS = ["60", "120", "250", "500", "1000"].map((each) => [each, each]);
const PRICES = [
  ["true", "adjusted"],
  ["false", "as traded"],
];
const CHOICES = [
  ["market", "Market", MARKETS],
  ["timeframe", "Bars of a", FRAMES],
  ["limit", "How many", LIMITS],
  ["adjusted", "Prices", PRICES],
];
const INDICATORS = [
  ["sma20", "SMA 20"],
  ["sma50", "SMA 50"],
  ["sma200", "SMA 200"],
  ["ema12", "EMA 12"],
  ["bollinger", "Bollinger 20, 2"],
  ["rsi14", "RSI 14"],
  ["macd", "MACD 12, 26, 9"],
];
const DEFAULTS = {
  market: "",
  timeframe: "1d",
  limit: "250",
  indicators: "sma20,sma50,rsi14",
  adjusted: "true",
};

/** Show it. */
export function mount(root, route) {
  return new ChartView(root, route);
}

class ChartView {
  constructor(root, route) {
    this.asked = read(route);
    this.drawn = null;
    this.polling = null;
    this.plots = new BarPlots();
    this.problem = el("p.problem", { role: "alert", hidden: true });
    this.area = el("div.chart-area");
    fill(root, el("div.head", {}, el("h1", {}, TITLE)), this.#form(), this.#boxes(), this.problem, this.area);
    this.#begin();
  }

  get filter() {
    return this.symbol;
  }

  reroute(route) {
    const wanted = read(route);
    if (JSON.stringify(wanted) === JSON.stringify(this.asked)) return;
    this.asked = wanted;
    this.symbol.value = wanted.symbol;
    this.#begin();
  }

  leave() {
    this.polling?.stop();
    this.plots.end();
  }

  #form() {
    const { asked } = this;
    const options = {
      type: "search",
      value: asked.symbol,
      placeholder: "AAPL",
      size: "10",
      autocomplete: "off",
      spellcheck: "false",
    };
    this.symbol = el("input", { ...options, "aria-keyshortcuts": "/" });
    const submit = (event) => {
      event.preventDefault();
      this.#change("symbol", this.symbol.value.trim());
    };
    return el(
      "form.filters",
      { on: { submit } },
      el("label.field", {}, el("span", {}, "Symbol"), this.symbol),
      CHOICES.map(([name, label, given]) =>
        choice(label, given, asked[name], (value) => this.#change(name, value)),
      ),
      el("button.primary", { type: "submit" }, "Show"),
    );
  }

  #boxes() {
    const chosen = this.asked.indicators.split(",");
    const changed = () => {
      const checked = [...boxes.querySelectorAll("input:checked")].map((each) => each.value);
      this.#change("indicators", checked.join());
    };
    const box = ([name, label]) => {
      const input = el("input", {
        type: "checkbox",
        value: name,
        checked: chosen.includes(name),
        on: { change: changed },
      });
      return el("label", {}, input, label);
    };
    const boxes = el("fieldset.boxes", {}, el("legend", {}, "Indicators"), INDICATORS.map(box));
    return boxes;
  }

  #change(name, value) {
    this.asked[name] = value;
    const { symbol, ...query } = this.asked;
    go(address("chart", symbol ? [symbol] : [], query), { quietly: true });
    this.#begin();
  }

  #begin() {
    this.polling?.stop();
    this.problem.hidden = true;
    if (this.asked.symbol) this.polling = poll((signal) => this.#load(signal), EVERY_MS);
    else {
      this.drawn = null;
      fill(this.area, nothing());
    }
  }

  async #load(signal) {
    if (!this.drawn) fill(this.area, el("p.muted", {}, "Looking …"));
    try {
      this.#show(await get("/api/bars", { ...this.asked, analysis: this.asked.timeframe === "1d" }, signal));
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    }
  }

  #show(told) {
    this.problem.hidden = true;
    this.area.classList.remove("old");
    if (!this.drawn) {
      this.drawn = { head: el("div.told"), below: el("div.below") };
      fill(this.area, el("div", {}, this.drawn.head, this.plots.element, this.drawn.below));
    }
    this.plots.set(told);
    fill(this.drawn.head, headline(told));
    below(this.drawn.below, told, this.asked);
  }

  /** Say why there is nothing; another symbol's chart does not stay, an older one of this does, dimmed. */
  #tell(error) {
    this.problem.hidden = false;
    this.problem.textContent = error.message;
    if (this.drawn && error.status !== 404 && error.status !== 400) this.area.classList.add("old");
    else {
      this.drawn = null;
      fill(this.area);
    }
  }
}

function read(route) {
  const given = Object.keys(DEFAULTS).map((name) => [name, route.query.get(name) ?? DEFAULTS[name]]);
  return { symbol: route.rest[0] ?? "", ...Object.fromEntries(given) };
}

function nothing() {
  const example = el("a", { href: address("chart", ["AAPL"]) }, "AAPL");
  const command = commandLine("tacore call scan.market --market US --columns symbol,price");
  return [el("p.empty", {}, "Type a symbol, such as ", example, ", or see what there is:"), command];
}
