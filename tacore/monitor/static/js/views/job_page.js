/** One agent job in full: decision, whether to trust it, what each agent wrote and looked at, what it cost. */

import { get } from "../api.js";
import { button, el, fill } from "../dom.js";
import { on } from "../live.js";
import { poll } from "../polling.js";
import { address } from "../route.js";
import { jobActions } from "./job_actions.js";
import { ENDED } from "./job_columns.js";
import { asked, banner, events, ways } from "./job_parts.js";
import { debates, reports } from "./job_texts.js";
import { tools, usage } from "./job_tables.js";

const EVERY_MS = 2000;
const SLOWLY_MS = 10_000;
const PARTS = [banner, reports, debates, events, asked, usage, tools, ways];

/** Shows a job, and what changes of it: a part that says the same as before is left as it is. */
export class JobPage {
  constructor(root, id) {
    this.root = root;
    this.id = id;
    this.drawn = new Map();
    this.job = null;
    this.askedAt = 0;
    this.problem = el("div.problem", { role: "alert", hidden: true });
    this.title = el("h1", {}, `Job ${id}`);
    this.buttons = el("div.buttons");
    this.places = PARTS.map(() => el("section.card", { hidden: true }));
    const back = el("a", { href: address("jobs") }, "‹ Jobs");
    const head = el("div.head", {}, el("div", {}, back, this.title), this.buttons);
    fill(root, head, this.problem, el("div.job", {}, this.places));
    this.polling = poll((signal) => this.#ask(signal), EVERY_MS);
    this.offs = [on("overview", () => this.#allow()), on("link", () => this.#allow())];
  }

  keys() {
    return {};
  }

  leave() {
    this.polling.stop();
    this.root.classList.remove("old");
    this.offs.forEach((off) => off());
  }

  /** Ask; a job that has ended only changes when it is taken up again. */
  async #ask(signal) {
    if (this.job && ENDED.has(this.job.state) && Date.now() - this.askedAt < SLOWLY_MS) return;
    this.askedAt = Date.now();
    try {
      this.#show(await get(`/api/jobs/${encodeURIComponent(this.id)}`, {}, signal));
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    }
  }

  #show(job) {
    this.job = job;
    this.problem.hidden = true;
    this.root.classList.remove("old");
    const title = `${job.symbol} as of ${job.date}`;
    if (this.title.textContent !== title) this.title.textContent = title;
    PARTS.forEach((part, index) => this.#draw(part, this.places[index], job));
    this.#allow();
  }

  #draw(part, place, job) {
    const spelled = JSON.stringify(part.of(job));
    if (this.drawn.get(part) === spelled) return;
    this.drawn.set(part, spelled);
    const made = part.draw(job, place);
    place.hidden = !made;
    place.className = `card ${part.name}`;
    if (made && made !== place) fill(place, made);
  }

  #allow() {
    if (!this.job) return;
    const wanted = jobActions(this.job);
    const spelled = JSON.stringify(wanted);
    if (this.buttons.dataset.spelled === spelled) return;
    this.buttons.dataset.spelled = spelled;
    const made = wanted.map((each) =>
      button(`${each.label} …`, () => this.#act(each), {
        disabled: each.disabled,
        title: each.title,
        "aria-label": each.about,
        class: each.label === "Cancel" ? "danger" : "primary",
      }),
    );
    fill(this.buttons, made);
  }

  #act(action) {
    this.askedAt = 0;
    action.run(this.job);
  }

  /** Say why there is nothing new; what was shown stays, dimmed. */
  #tell(error) {
    this.root.classList.add("old");
    this.problem.hidden = false;
    fill(this.problem, el("p", {}, error.message));
  }
}
