/** What a job used of each model, and which data its agents looked at. */

import { el } from "../dom.js";
import { amount, count, ms, time } from "../format.js";

/** What it used, by model and node. */
export const usage = {
  name: "usage",
  of: (job) => job.usage,
  draw({ usage: given, cost: { currency } }) {
    if (!given.length) return null;
    const columns = ["Model", "Node", "Calls", "Read", "Written", `Cost ${currency}`];
    const rows = given.map((each) => [
      el("td.name", {}, each.model),
      el("td", {}, each.node),
      ...[each.calls, each.input_tokens, each.output_tokens].map((n) => el("td.num", {}, count(n))),
      el("td.num", {}, each.cost == null ? "no price" : amount(each.cost)),
    ]);
    return [el("h2", {}, "Usage"), table("Usage by model and node", columns, rows, 2)];
  },
};

/** Which data the agents looked at, and of when it was. */
export const tools = {
  name: "tools",
  of: (job) => job.tool_calls,
  draw({ tool_calls: given }) {
    if (!given.length) return null;
    const columns = ["When", "Agent", "Tool", "Asked", "Source", "As of", "Marks", "Took"];
    const rows = given.map((each) => [
      el("td", {}, time(each.at)),
      el("td", {}, each.node),
      el("td.name", {}, each.tool),
      el("td.asked", {}, wrote(each.arguments)),
      el("td", {}, each.source || "–"),
      el("td", {}, each.as_of || "–"),
      el("td.wrapped", {}, marks(each)),
      el("td.num", {}, ms(each.took_ms)),
    ]);
    return [el("h2", {}, "Data that was looked at"), table("Tool calls, oldest first", columns, rows, 7)];
  },
};

function marks(call) {
  const found = [];
  if (call.simulated) found.push(el("span.badge.distrust", {}, "SIMULATED"));
  if (call.stale) found.push(el("span.badge.distrust", {}, "STALE"));
  if (call.error) found.push(el("span.bad", {}, call.error));
  return el("span.marks", {}, found.length ? found : "–");
}

function wrote(given) {
  const pairs = Object.entries(given ?? {});
  return pairs.length ? pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ") : "–";
}

function table(caption, columns, rows, numbersFrom) {
  const head = columns.map((each, index) =>
    el(index >= numbersFrom ? "th.num" : "th", { scope: "col" }, each),
  );
  const made = el(
    "table",
    {},
    el("caption.unseen", {}, caption),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells))),
  );
  return el("div.scroll", { role: "region", "aria-label": caption, tabindex: "0" }, made);
}
