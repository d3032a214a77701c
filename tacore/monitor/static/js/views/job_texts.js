/** What the models wrote: reports and debates, each to be opened; what is open stays so. */

import { el } from "../dom.js";
import { markdown } from "../markdown.js";

/** The agents' reports. */
export const reports = {
  name: "reports",
  of: (job) => job.reports,
  draw: (job, place) =>
    texts(
      place,
      "Reports",
      job.reports.map((each) => [each.name, each.title || each.name, each.text]),
    ),
};

/** The agents' debates. */
export const debates = {
  name: "debates",
  of: (job) => job.debates,
  draw: (job, place) =>
    texts(
      place,
      "Debates",
      job.debates.map((each, index) => [
        `${each.debate} ${index}`,
        `${each.speaker} (${each.debate})`,
        each.text,
      ]),
    ),
};

/** Make a list of texts of [key, title, text]; those that were open are opened again. */
function texts(place, title, given) {
  if (!given.length) return null;
  const open = new Set([...place.querySelectorAll("details[open]")].map((each) => each.dataset.key));
  const made = given.map(([key, name, text]) =>
    el(
      "details.text",
      { "data-key": key, open: open.has(key) },
      el("summary", {}, name),
      text.trim() ? markdown(text) : el("p.muted", {}, "Empty."),
    ),
  );
  return [el("h2", {}, title), made].flat();
}
