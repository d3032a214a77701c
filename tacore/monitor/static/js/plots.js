/** Plots over time, drawn by uPlot in the page's colours. */

import { el } from "./dom.js";
import { colour, onTheme } from "./theme.js";

const HEIGHT = 170;

/** Series are {label, colour, fill?, dash?, value(number) => text}; `title` names the plot. */
export class Plot {
  constructor(title, series, { unit = "", height = HEIGHT, value } = {}) {
    this.series = series;
    this.options = { unit, height, value };
    this.data = null;
    this.plot = null;
    this.said = el("figcaption", {}, el("h3", {}, title), el("span.now"));
    this.area = el("div.plot", { role: "img" });
    this.element = el("figure", {}, this.said, this.area);
    this.title = title;
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(this.area);
    this.offTheme = onTheme(() => this.#draw());
  }

  /** Show columns: times in epoch seconds first. */
  set(data) {
    const fresh = this.plot === null;
    this.data = data;
    const last = this.series
      .map((each, index) => `${each.label} ${each.value(lastOf(data[index + 1]))}`)
      .join(", ");
    this.area.setAttribute("aria-label", `${this.title}; latest: ${last}`);
    this.said.lastChild.textContent = last;
    if (fresh) this.#draw();
    else this.plot.setData(data);
  }

  /** Take it away. */
  end() {
    this.sizes.disconnect();
    this.offTheme();
    this.plot?.destroy();
  }

  #draw() {
    if (!this.data || !this.area.clientWidth) return;
    this.plot?.destroy();
    this.plot = new globalThis.uPlot(this.#described(), this.data, this.area);
  }

  #described() {
    const axis = {
      stroke: colour("muted"),
      grid: { stroke: colour("line"), width: 1 },
      ticks: { stroke: colour("line"), width: 1 },
      font: "12px system-ui",
    };
    return {
      width: this.area.clientWidth,
      height: this.options.height,
      padding: [10, 28, 0, 0],
      cursor: { y: false, sync: { key: "time" }, drag: { x: true, y: false } },
      hooks: { setCursor: [showLast], setData: [showLast] },
      scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, space: 70, size: 32, values: clocks },
        { ...axis, size: 72, values: (_plot, ticks) => ticks.map((each) => this.options.value(each)) },
      ],
      series: [
        {
          value: (_plot, at) =>
            at == null ? "–" : new Date(at * 1000).toLocaleTimeString([], { hour12: false }),
        },
        ...this.series.map(drawn),
      ],
    };
  }

  #resize() {
    if (!this.plot) this.#draw();
    else if (this.area.clientWidth)
      this.plot.setSize({ width: this.area.clientWidth, height: this.options.height });
  }
}

function drawn(each) {
  const stroke = colour(each.colour);
  return {
    label: each.label,
    stroke,
    width: 1.75,
    dash: each.dash,
    fill: each.fill ? stroke.replace("rgb(", "rgba(").replace(")", ", 0.15)") : undefined,
    points: { size: 4, filter: alone },
    spanGaps: false,
    value: (_plot, number) => each.value(number),
  };
}

/** Where the pointer is elsewhere the legend shows the newest values. */
export function showLast(plot) {
  if (plot.cursor.idx == null && plot.data[0].length) plot.setLegend({ idx: plot.data[0].length - 1 }, false);
}

/** A value between two gaps has no line: it gets a point. */
function alone(plot, series) {
  const column = plot.data[series];
  const found = [];
  for (let at = 0; at < column.length; at++) {
    if (column[at] != null && column[at - 1] == null && column[at + 1] == null) found.push(at);
  }
  return found;
}

function clocks(_plot, ticks) {
  const oneDay =
    ticks.length > 1 && new Date(ticks[0] * 1000).getDate() === new Date(ticks.at(-1) * 1000).getDate();
  const options = oneDay ? {} : { month: "short", day: "2-digit" };
  return ticks.map((each) =>
    new Date(each * 1000).toLocaleString([], {
      ...options,
      hour: "2-digit",
      minute: "2-digit",
      ...(ticks[1] - ticks[0] < 60 ? { second: "2-digit" } : {}),
      hour12: false,
    }),
  );
}

function lastOf(column) {
  return column.findLast((each) => each != null) ?? null;
}
