/** What the keys do, and what a filter line may say. */

import { show } from "./dialog.js";
import { button, el } from "./dom.js";

const KEYS = [
  ["/", "go to the filter"],
  ["j k ↓ ↑", "next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close what is open, leave a field"],
  ["y", "copy the row as JSON"],
  ["Y", "copy the row's command line"],
  ["Space", "requests: pause and follow; a row that is chosen pauses, too"],
  ["n p", "requests: older and newer page"],
  ["g h", "Overview"],
  ["g w", "Workers"],
  ["g m", "Methods"],
  ["g r", "Requests"],
  ["g o", "Orders"],
  ["g j", "Jobs of agents"],
  ["g c", "Chart"],
  ["?", "this help"],
];
const FILTERS = [
  ["method:scan.market", "only this method"],
  ["status:error", "only errors (or success)"],
  ["worker:fast-06de-2", "only this worker; broker for the broker's own answers"],
  ["id:4711", "only this request_id"],
  ["since:5m until:1m", "answered since and before: an age, or a moment such as 2026-01-31T09:30Z"],
  ["watchers:yes", "also what screens like this one ask"],
  ["AAPL", "any other word: in params, answer or error"],
];

/** Show it. */
export function showHelp() {
  const close = button("Close", () => dialog.close());
  const dialog = show(
    el(
      "div.help",
      {},
      el("h2", { id: "help-title" }, "Keys"),
      list(KEYS, "kbd"),
      el("h2", {}, "Filter line"),
      filterHelp(),
      el("div.buttons", {}, close),
    ),
    "help-title",
  );
  close.focus();
}

/** Make the list of what a filter line may say. */
export function filterHelp() {
  return list(FILTERS, "code");
}

function list(pairs, tag) {
  return el(
    "dl.keys",
    {},
    pairs.map(([key, what]) => el("div", {}, el("dt", {}, el(tag, {}, key)), el("dd", {}, what))),
  );
}
