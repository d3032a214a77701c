/** The overview's plots: rate, errors, latency and queues. */

import { el } from "../dom.js";
import { count, ms, percent, rate } from "../format.js";
import { Plot } from "../plots.js";

const STEP_S = 10;
const QUEUES = 4;
const COLOURS = ["line1", "line2", "line3", "line4"];

/** Make them: {element, set(series | null), end()}. */
export function loadPlots() {
  const plots = {
    rate: new Plot("Requests per second", [{ label: "requests", colour: "line1", fill: true, value: rate }], {
      value: rate,
    }),
    errors: new Plot("Error rate", [{ label: "errors", colour: "bad", fill: true, value: percent }], {
      value: percent,
    }),
    latency: new Plot(
      "Latency",
      [
        { label: "p50", colour: "line1", value: ms },
        { label: "p95", colour: "line2", dash: [6, 3], value: ms },
        { label: "p99", colour: "line3", dash: [2, 3], value: ms },
      ],
      { value: ms },
    ),
  };
  let queue = null;
  const area = el(
    "div.plots",
    {},
    Object.values(plots).map((each) => each.element),
  );
  const nothing = el("p.empty", { hidden: true });
  const set = (series) => {
    nothing.hidden = series !== null && series.points.length > 0;
    area.hidden = !nothing.hidden;
    if (series === null)
      nothing.textContent = "The journal can't be read at present; the plots come back with it.";
    else if (!series.points.length)
      nothing.replaceChildren(
        "No request was answered in this time. Try: ",
        el("code", {}, "tacore bench debug.echo"),
      );
    if (area.hidden) return;
    const { times, column } = grid(series.points, series.window_s);
    plots.rate.set([times, column("per_s", 0)]);
    plots.errors.set([times, column("error_rate", 0)]);
    plots.latency.set([times, column("p50_ms", null), column("p95_ms", null), column("p99_ms", null)]);
    queue = showQueues(queue, area, series, times);
  };
  const end = () => [...Object.values(plots), queue?.plot].forEach((each) => each?.end());
  return { element: el("div", {}, nothing, area), set, end };
}

/** Only steps that had answers come: the others are none, or nobody knows. */
function grid(points, windowS) {
  const by = new Map(points.map((each) => [each.start, each]));
  const last = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S - STEP_S;
  const first = Math.max(last - windowS, points[0].start - 2 * STEP_S);
  const times = [];
  for (let at = Math.floor(first / STEP_S) * STEP_S; at <= last; at += STEP_S) times.push(at);
  return { times, column: (name, none) => times.map((at) => by.get(at)?.[name] ?? none) };
}

function showQueues(before, area, series, times) {
  const pools = [...new Set(series.queue.map((each) => each.pool))].sort().slice(0, QUEUES);
  let made = before;
  if (!made || made.pools.join() !== pools.join()) {
    made?.plot.end();
    made?.plot.element.remove();
    if (!pools.length) return null;
    const lines = pools.map((pool, index) => ({
      label: pool,
      colour: COLOURS[index],
      dash: index ? [2 + 2 * index, 3] : undefined,
      value: count,
    }));
    made = { pools, plot: new Plot("Queue depth, most in 10 s", lines, { value: count }) };
    area.append(made.plot.element);
  }
  const by = new Map(series.queue.map((each) => [`${each.pool} ${each.start}`, each.most]));
  made.plot.set([times, ...pools.map((pool) => times.map((at) => by.get(`${pool} ${at}`) ?? null))]);
  return made;
}
