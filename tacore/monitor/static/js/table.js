/** A table whose rows are kept, changed in place, walked by keys and opened. */

import { copy, copyButton } from "./copy.js";
import { el, fill, write } from "./dom.js";

/**
 * Columns are {label, text(row) | draw(cell, row), title?, num?, by?(row), rank?}: `by` makes it sortable, `rank` 2 is
 * left out on a phone, 3 on a narrow screen too. `key(row)` tells rows apart, `command(row)` is what its button copies.
 */
export class Table {
  constructor({ caption, columns, key, command, open = null, sort = null, empty = null, actions = null }) {
    Object.assign(this, { caption, columns, key, command, open, sort, empty, actions });
    this.rows = [];
    this.current = null;
    this.made = new Map();
    this.onSelect = null;
    this.head = el("tr");
    this.body = el("tbody");
    this.nothing = el("div.empty", { hidden: true });
    const table = el("table", {}, el("caption.unseen", {}, caption), el("thead", {}, this.head), this.body);
    this.element = el("div.scroll", { role: "region", "aria-label": caption, tabindex: "0" }, table);
    this.whole = el("div.tabled", {}, this.element, this.nothing);
    this.#drawHead();
    this.#listen();
  }

  /** Show these rows; equal objects are left as they are. */
  set(rows) {
    this.rows = this.sort ? this.#sorted(rows) : rows;
    const wanted = new Set();
    this.rows.forEach((row, index) => {
      const key = this.key(row);
      wanted.add(key);
      const line = this.#line(key, row);
      if (this.body.children[index] !== line) this.body.insertBefore(line, this.body.children[index] ?? null);
    });
    for (const [key, { line }] of this.made) {
      if (wanted.has(key)) continue;
      line.remove();
      this.made.delete(key);
    }
    this.#drawEmpty();
  }

  /** Select the row so many further on, and give it. */
  move(by) {
    if (!this.rows.length) return null;
    const at = this.rows.findIndex((row) => this.key(row) === this.current);
    const next =
      at < 0 ? (by > 0 ? 0 : this.rows.length - 1) : Math.min(Math.max(at + by, 0), this.rows.length - 1);
    return this.select(this.key(this.rows[next]), true);
  }

  /** Select a row by its key; with `focus` it gets the keyboard. */
  select(key, focus = false) {
    this.made.get(this.current)?.line.removeAttribute("aria-current");
    this.current = key;
    const found = this.made.get(key);
    found?.line.setAttribute("aria-current", "true");
    if (found && focus) {
      found.line.focus({ preventScroll: true });
      found.line.scrollIntoView({ block: "nearest" });
    }
    if (found) this.onSelect?.(found.row);
    return found?.row ?? null;
  }

  /** The row that is selected, if it is still there. */
  get selected() {
    return this.made.get(this.current)?.row ?? null;
  }

  /** The keys that work on every table. */
  get keys() {
    return {
      j: () => this.move(1),
      ArrowDown: () => this.move(1),
      k: () => this.move(-1),
      ArrowUp: () => this.move(-1),
      Enter: () => this.selected && this.open?.(this.selected),
      y: () => this.selected && copy(JSON.stringify(this.selected), "the row as JSON"),
      Y: () => this.selected && copy(this.command(this.selected)),
    };
  }

  #line(key, row) {
    let found = this.made.get(key);
    if (!found) {
      const line = el(
        "tr",
        { tabindex: "-1" },
        this.columns.map((each) => el(cellTag(each), {})),
      );
      line.append(el("td.acts"));
      line.dataset.key = String(key);
      found = { line, row: null };
      this.made.set(key, found);
      if (key === this.current) line.setAttribute("aria-current", "true");
    }
    if (found.row !== row) {
      const buttons = found.row === null || this.command(found.row) !== this.command(row) || this.actions;
      found.row = row;
      this.columns.forEach((each, index) => drawCell(found.line.children[index], each, row));
      if (buttons) this.#drawActs(found, row);
    }
    return found.line;
  }

  #drawActs(found, row) {
    const cell = found.line.lastChild;
    const wanted = this.actions?.(row) ?? [];
    const spelled = `${this.command(row)}|${wanted.map((each) => `${each.label}${each.disabled ?? ""}`).join()}`;
    if (cell.dataset.spelled === spelled) return;
    cell.dataset.spelled = spelled;
    fill(
      cell,
      el(
        "div",
        {},
        wanted.map((each) => act(each, found)),
        copyButton(this.command(row)),
      ),
    );
  }

  #drawHead() {
    const cells = this.columns.map((each) => {
      const sorted = this.sort?.label === each.label;
      const direction = sorted ? (this.sort.down ? "descending" : "ascending") : each.by ? "none" : null;
      const sign = sorted ? (this.sort.down ? " ▼" : " ▲") : "";
      const inner = each.by
        ? el(
            "button.sort",
            { type: "button", on: { click: () => this.#resort(each) } },
            each.label,
            el("span", { "aria-hidden": "true" }, sign),
          )
        : each.label;
      return el(cellTag(each, "th"), { scope: "col", title: each.title, "aria-sort": direction }, inner);
    });
    fill(this.head, cells, el("th.acts", { scope: "col" }, el("span.unseen", {}, "Actions")));
  }

  #resort(column) {
    this.sort = {
      label: column.label,
      down: this.sort?.label === column.label ? !this.sort.down : Boolean(column.num),
    };
    this.#drawHead();
    this.head.querySelectorAll("button.sort")[this.columns.filter((each) => each.by).indexOf(column)].focus();
    this.set(this.rows);
  }

  #sorted(rows) {
    const { by } = this.columns.find((each) => each.label === this.sort.label);
    const sign = this.sort.down ? -1 : 1;
    return [...rows].sort((a, b) => sign * compare(by(a), by(b)));
  }

  #drawEmpty() {
    const nothing = !this.rows.length;
    this.nothing.hidden = !nothing || !this.empty;
    this.element.hidden = nothing && Boolean(this.empty);
    if (nothing && this.empty) fill(this.nothing, this.empty());
  }

  /** Rows may move under the pointer between press and release: what counts is where it was pressed. */
  #listen() {
    let pressed = null;
    this.body.addEventListener("pointerdown", (event) => {
      pressed = event.target.closest("tr");
    });
    this.element.addEventListener("click", (event) => {
      if (event.target.closest("button, a, thead") || String(getSelection())) return;
      const line = pressed ?? event.target.closest("tr"); // a screen reader clicks without pressing
      const found = [...this.made.values()].find((each) => each.line === line);
      pressed = null;
      if (!found) return;
      this.select(this.key(found.row));
      this.open?.(found.row);
    });
    this.body.addEventListener("focusin", (event) => {
      const line = event.target.closest("tr");
      const found = [...this.made.entries()].find(([, each]) => each.line === line);
      if (found && found[0] !== this.current) this.select(found[0]);
    });
  }
}

function act(each, found) {
  const run = (event) => {
    event.stopPropagation();
    each.run(found.row);
  };
  return el(
    "button.small",
    {
      type: "button",
      disabled: each.disabled,
      title: each.title,
      "aria-label": each.about,
      on: { click: run },
    },
    each.label,
  );
}

function cellTag(column, tag = "td") {
  return [tag, column.num && "num", column.rank && `rank${column.rank}`, tag === "td" && column.class]
    .filter(Boolean)
    .join(".");
}

function drawCell(cell, column, row) {
  if (column.draw) column.draw(cell, row);
  else write(cell, column.text(row));
}

function compare(a, b) {
  if (a == null || b == null) return (a == null) - (b == null);
  const [left, right] = [a.valueOf(), b.valueOf()];
  return typeof left === "string" ? left.localeCompare(right) : left - right;
}
