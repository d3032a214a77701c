/** The window of requests that is shown: it follows the newest, stands still, or pages through the past. */

import { getPage } from "../api.js";
import { count } from "../format.js";
import { followRequests } from "../live.js";

const WINDOW = 300;
const PAGE = 100;
const LOOKS = 40;

/** `rows` are newest first, never more than a window; `changed()` runs at most once a frame. */
export class Feed {
  constructor({ changed }) {
    this.changed = changed;
    this.rows = [];
    this.mode = "live";
    this.done = false;
    this.loading = false;
    this.error = null;
    this.before = 0;
    this.q = "";
    this.#forget();
  }

  /** Begin anew with a filter line, at the newest. */
  async load(q) {
    if (q !== this.q) this.rows = [];
    this.q = q;
    this.mode = "live";
    this.starts = [];
    this.#forget();
    followRequests(null);
    const page = await this.#ask({});
    if (page) followRequests(q, page.after);
  }

  /** Look again after a failure that was not the filter's. */
  recover() {
    if (this.error && this.error.status !== 400 && !this.loading && this.mode !== "page") this.load(this.q);
  }

  /** Take what came; it is shown with the next frame, or when one follows again. */
  take({ rows, skipped }) {
    if (this.mode === "page") return;
    const fresh = rows.toReversed();
    if (fresh[0]?.id <= (this.held[0] ?? this.rows[0])?.id) Object.assign(this, { rows: [], held: [] }); // another journal
    this.left += skipped;
    this.heldCount += fresh.length;
    this.held = [...fresh, ...this.held].slice(0, WINDOW);
    if (fresh.length || skipped) this.#soon();
  }

  /** Hold the list still, if it follows. */
  pause() {
    if (this.mode === "live") this.toggle();
  }

  /** Pause, or follow again. */
  toggle() {
    if (this.mode === "page") this.load(this.q);
    else {
      this.mode = this.mode === "live" ? "paused" : "live";
      this.#soon();
    }
  }

  /** Show the page before the oldest row that is shown. */
  async older() {
    if (this.loading || (this.mode === "page" && this.done)) return;
    followRequests(null);
    const from = this.mode === "page" || this.rows.length < PAGE ? this.before : this.rows.at(-1).id;
    const start = this.start ?? null;
    const page = await this.#ask({ before: from }, "page");
    if (page) {
      this.starts.push(start);
      this.start = from;
    }
  }

  /** Go back to the page after it, in the end to the newest. */
  async newer() {
    if (this.loading || this.mode !== "page") return;
    const start = this.starts.pop() ?? null;
    if (start === null) await this.load(this.q);
    else if (await this.#ask({ before: start }, "page")) this.start = start;
  }

  /** Say how it stands: what is held back, what was left out. */
  told() {
    if (this.loading) return "looking …";
    if (this.mode === "page")
      return this.rows.length ? `rows ${this.rows.at(-1).id} to ${this.rows[0].id}` : "";
    const left = this.left ? ` · too many to show: ${count(this.left)} left out` : "";
    if (this.mode === "paused") return `paused · ${count(this.heldCount)} new${left}`;
    return `live${left}`;
  }

  /** Follow no more. */
  end() {
    this.asking?.abort();
    followRequests(null);
  }

  #forget() {
    this.held = [];
    this.heldCount = 0;
    this.left = 0;
    this.starts = [];
    this.start = null;
  }

  /** Fill a page; rare rows are looked for a piece at a time. */
  async #ask(where, mode = "live") {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    this.loading = true;
    this.#soon();
    try {
      const page = await look({ ...where, q: this.q, limit: PAGE }, asking.signal);
      Object.assign(this, { rows: page.rows, before: page.before, done: page.done, error: null, mode });
      return page;
    } catch (error) {
      if (asking.signal.aborted) return null;
      Object.assign(this, { error, rows: error.status === 400 ? [] : this.rows });
      return null;
    } finally {
      if (this.asking === asking) {
        this.loading = false;
        this.#soon();
      }
    }
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.mode === "live" && this.held.length) {
        this.rows = [...this.held, ...this.rows].slice(0, WINDOW);
        this.held = [];
        this.heldCount = 0;
      }
      this.changed();
    });
  }
}

async function look(params, signal) {
  const found = await getPage(params, signal);
  for (let looks = 1; !found.done && found.rows.length < params.limit && looks < LOOKS; looks++) {
    const next = await getPage(
      { ...params, before: found.before, limit: params.limit - found.rows.length },
      signal,
    );
    found.rows.push(...next.rows);
    Object.assign(found, { before: next.before, done: next.done });
  }
  return found;
}
