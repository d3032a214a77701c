/** The plots of a chart, one below the other with one cursor: price, volume, RSI, MACD. */

import { el, fill } from "../dom.js";
import { count, short } from "../format.js";
import { showLast } from "../plots.js";
import { colour, onTheme } from "../theme.js";
import { candles, guides } from "./candles.js";

const HEIGHTS = { price: 380, volume: 110, rsi: 120, macd: 130 };
const OVERLAYS = ["line1", "line2", "line3", "line4", "line5"];
const DAY = new Set(["1d", "1w"]);

/** Name a bar: its session, or the local time of its end. */
export function dated(time, timeframe) {
  const at = new Date(Date.parse(time) - 1000); // a bar that ends at midnight is of the day before
  if (DAY.has(timeframe)) return at.toISOString().slice(0, 10);
  return new Date(time).toLocaleString([], {
    month: "short",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
}

/** Made once; `set` shows an answer of /api/bars. */
export class BarPlots {
  constructor() {
    this.element = el("div.bar-plots");
    this.plots = [];
    this.told = null;
    this.offTheme = onTheme(() => this.#draw());
    this.sizes = new ResizeObserver(() =>
      this.plots.forEach((each) => each.setSize({ width: this.#width(), height: each.height })),
    );
    this.sizes.observe(this.element);
  }

  /** Show bars and indicators. */
  set(told) {
    this.told = told;
    this.#draw();
  }

  /** Take them away. */
  end() {
    this.sizes.disconnect();
    this.offTheme();
    this.#clear();
  }

  #width() {
    return Math.max(this.element.clientWidth, 200);
  }

  #clear() {
    this.plots.forEach((each) => each.destroy());
    this.plots = [];
  }

  #draw() {
    if (!this.told) return;
    this.#clear();
    fill(this.element);
    const { bars, indicators } = this.told;
    const column = (name) => bars.map((each) => Number(each[name]));
    const line = (name) => indicators[name].map((each) => (each == null ? null : Number(each)));
    const names = Object.keys(indicators);
    this.#price(
      column,
      line,
      names.filter((name) => /^(sma|ema|bollinger)/.test(name)),
    );
    this.#add(
      "volume",
      "Volume",
      [column("volume")],
      [
        {
          label: "Volume",
          stroke: colour("muted"),
          fill: colour("line"),
          paths: globalThis.uPlot.paths.bars({ size: [0.6, 20] }),
          value: (_plot, number) => count(number),
        },
      ],
    );
    for (const name of names.filter((each) => each.startsWith("rsi"))) this.#rsi(name, line);
    if (names.includes("macd")) this.#macd(line);
  }

  #price(column, line, overlays) {
    const hidden = { paths: () => null, points: { show: false } };
    const ohlc = ["open", "high", "low", "close"];
    const series = ohlc.map((name) => ({
      label: name[0].toUpperCase() + name.slice(1),
      stroke: colour("ink"),
      ...hidden,
    }));
    const lines = overlays.map((name, index) => ({
      label: name.replace("_", " "),
      stroke: colour(OVERLAYS[index % OVERLAYS.length]),
      width: 1.5,
      dash: name.startsWith("bollinger") ? [4, 3] : undefined,
    }));
    this.#add("price", "Price", [...ohlc.map(column), ...overlays.map(line)], [...series, ...lines], {
      drawAxes: [candles(colour("good"), colour("bad"))],
    });
  }

  #rsi(name, line) {
    const label = name.toUpperCase().replace("RSI", "RSI ");
    this.#add(
      "rsi",
      label,
      [line(name)],
      [{ label, stroke: colour("line3"), width: 1.5 }],
      { drawAxes: [guides([30, 70], colour("muted"))] },
      [0, 100],
    );
  }

  #macd(line) {
    const bars = {
      label: "Histogram",
      stroke: colour("muted"),
      fill: colour("line"),
      paths: globalThis.uPlot.paths.bars({ size: [0.6, 20] }),
    };
    const series = [
      bars,
      { label: "MACD", stroke: colour("line1"), width: 1.5 },
      { label: "Signal", stroke: colour("line2"), width: 1.5, dash: [4, 3] },
    ];
    this.#add("macd", "MACD", [line("macd_histogram"), line("macd"), line("macd_signal")], series, {
      drawAxes: [guides([0], colour("muted"))],
    });
  }

  #add(kind, title, columns, series, hooks = {}, range = null) {
    const area = el("div.plot", {
      role: "img",
      "aria-label": `${title} of ${this.told.symbol}, ${this.told.bars.length} bars; the table below has the last ones`,
    });
    this.element.append(el("figure", {}, el("figcaption", {}, el("h3", {}, title)), area));
    const { bars, timeframe } = this.told;
    const name = (index) => (bars[index] ? dated(bars[index].time, timeframe) : "");
    const axis = {
      stroke: colour("muted"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { stroke: colour("line"), width: 1 },
      font: "12px system-ui",
    };
    const options = {
      width: this.#width(),
      height: HEIGHTS[kind],
      cursor: { sync: { key: "bars" }, y: kind === "price" },
      scales: {
        x: { time: false, range: (_plot, low, high) => [low - 0.7, high + 0.7] },
        y: range ? { range } : {},
      },
      axes: [
        {
          ...axis,
          show: true,
          space: 90,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200],
          size: kind === "price" ? 34 : 8,
          values: (_plot, ticks) =>
            ticks.map((each) => (kind === "price" && Number.isInteger(each) ? name(each) : "")),
        },
        { ...axis, size: 64, values: (_plot, ticks) => ticks.map(scaled) },
      ],
      series: [
        { label: "Bar", value: (_plot, index) => (index == null ? "–" : name(index)) },
        ...series.map((each) => ({
          points: { show: false },
          value: (_plot, number) => (number == null ? "–" : short(number)),
          ...each,
        })),
      ],
      hooks: { ...hooks, ready: [showLast], setCursor: [showLast] },
    };
    this.plots.push(new globalThis.uPlot(options, [bars.map((_bar, index) => index), ...columns], area));
  }
}

function scaled(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${value / 1e9} G`;
  if (size >= 1e6) return `${value / 1e6} M`;
  if (size >= 1e4) return `${value / 1e3} k`;
  return String(Number(value.toPrecision(6)));
}
