/** The parts of a job's page that are not the models' texts: `of(job)` is what a part rests on, `draw` makes it. */

import { commandLine } from "../copy.js";
import { el } from "../dom.js";
import { amount, count, span, time } from "../format.js";
import { markdown } from "../markdown.js";
import { facts } from "../pretty.js";
import {
  AGAIN,
  cost,
  degraded,
  ENDED,
  isDegraded,
  progress,
  score,
  simulated,
  state,
  sure,
} from "./job_columns.js";

const FEW = 8;
const FLAW = "DEGRADED:";

/** What was decided, and whether to trust it; how far it is while nothing is. */
export const banner = {
  name: "banner",
  of: ({ commands: _, events: _events, reports: _reports, tool_calls: _calls, ...job }) => job,
  draw(job, place) {
    place.setAttribute("aria-label", "Decision");
    return [headline(job), distrust(job), wrong(job), figures(job), reasons(job)].flat();
  },
};

/** What was asked. */
export const asked = {
  name: "asked",
  of: (job) => [job.started_at, job.ended_at, job.attempts, job.source, job.as_of, job.engine_version],
  draw: (job) => [
    el("h2", {}, "What was asked"),
    facts([
      ["Symbol", `${job.symbol} (${job.market}) as of the close of ${job.date}`],
      ["Engine", `${job.engine} ${job.engine_version}`],
      ["Analysts", job.analysts.join(", ")],
      ["Rounds", `${job.debate_rounds} of bull and bear, ${job.risk_rounds} of risk`],
      ["Models", [...new Set([job.quick_model, job.deep_model])].join(", ")],
      ["Limits", limits(job)],
      ["Data", job.source ? `${job.source}, as of ${job.as_of || "–"}` : null],
      ["Asked", el("span", {}, time(job.created_at, { date: true }), ` by ${job.principal}`)],
      ["Began", job.started_at ? time(job.started_at, { date: true }) : null],
      ["Ended", job.ended_at ? time(job.ended_at, { date: true }) : null],
      ["Attempts", job.attempts > 1 ? count(job.attempts) : null],
      ["Job", job.job_id],
    ]),
  ],
};

/** What happened; while more comes, the newest first. */
export const events = {
  name: "happened",
  of: (job) => [job.last_event_id, job.state],
  draw(job) {
    if (!job.events.length) return null;
    const ended = ENDED.has(job.state);
    const all = ended ? job.events : [...job.events].reverse();
    const title = el("h2", {}, ended ? "What happened" : "What happens");
    if (all.length <= FEW) return [title, lines(all)];
    const more = el("details", {}, el("summary", {}, `${all.length - FEW} more`), lines(all.slice(FEW)));
    return [title, lines(all.slice(0, FEW)), more];
  },
};

/** The command lines that do or show the same. */
export const ways = {
  name: "ways",
  of: (job) => job.state,
  draw({ state: now, commands: { show, cancel, retry } }) {
    const given = [show, ENDED.has(now) ? null : cancel, AGAIN.has(now) ? retry : null];
    return [el("h2", {}, "In a terminal"), ...given.filter(Boolean).map(commandLine)];
  },
};

function headline(job) {
  const action = job.recommendation;
  const word = action ? el(`strong.action.${action}`, {}, action.toUpperCase()) : null;
  const marks = [state(job), isDegraded(job) ? degraded() : null, simulated(job)];
  return el("div.headline", {}, word, el("span.marks", {}, marks));
}

function distrust(job) {
  if (!isDegraded(job)) return [];
  const flaws = job.quality.flaws.map((each) =>
    el("li", {}, el("code", {}, each.code), ` ${each.message}`),
  );
  const text = el("p", {}, el("strong", {}, "DEGRADED: this decision is not to be trusted."));
  return [el("div.problem.distrusted", {}, text, el("ul", {}, flaws))];
}

function wrong(job) {
  const others = job.warnings.filter((each) => !each.startsWith(FLAW));
  const fault = job.error
    ? el("p.problem.failed", {}, el("code", {}, job.error.code), ` ${job.error.message}`)
    : null;
  return [fault, ...others.map((each) => el("p.problem", {}, each))];
}

function figures(job) {
  const { tokens } = job;
  const tiles = [
    ["Confidence", job.recommendation ? sure(job) : null],
    ["Target", money(job.decision?.target_price, job)],
    ["Price then", money(job.price, job)],
    ["Risk score", score(job.decision?.risk_score)],
    ["Horizon", job.decision?.horizon || null],
    ["Tokens", count(tokens.total), `${count(tokens.calls)} calls`],
    ["Cost", cost(job.cost)],
    ["Elapsed", span(Math.round(job.elapsed_s)), job.attempts > 1 ? `attempt ${job.attempts}` : null],
  ];
  const shown = tiles.filter(([, value]) => value != null);
  const far = ENDED.has(job.state)
    ? null
    : el("p.stage", {}, progress(job), ` ${job.stage || "waits for its turn"}`);
  return [far, el("div.tiles", {}, shown.map(tile))];
}

function reasons({ decision }) {
  if (!decision) return [];
  const whole = decision.text && decision.text !== decision.reasoning ? decision.text : null;
  const more = whole
    ? el("details.text", {}, el("summary", {}, "The decision in full"), markdown(whole))
    : null;
  return [decision.reasoning ? markdown(decision.reasoning) : null, more];
}

function tile([name, value, more]) {
  return el(
    "div.tile",
    {},
    el("span.name", {}, name),
    el("strong", {}, value),
    more ? el("span.more", {}, more) : null,
  );
}

function money(value, { currency }) {
  return value == null ? null : `${amount(value)} ${currency}`;
}

function limits({ limits: most, cost: { currency } }) {
  const told = `${span(most.max_s)}, ${count(most.max_tokens)} tokens`;
  return most.max_cost == null ? told : `${told}, ${amount(most.max_cost)} ${currency}`;
}

function lines(given) {
  const item = (each) =>
    el("li", {}, time(each.at), " ", el("strong", {}, each.kind), ` ${each.text}`);
  return el("ol.events", {}, given.map(item));
}
