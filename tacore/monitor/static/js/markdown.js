/**
 * Markdown that models wrote, as elements: what it marks is shown, what it could do is not. Nothing is parsed as HTML,
 * and no link or picture is made: an address is shown as text.
 */

import { el } from "./dom.js";

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const ITEM = /^(\s*)(?:([-*+])|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const LINK = /!?\[([^[\]]*)\]\(([^)\s]{1,2000})(?:\s[^)]{0,300})?\)/g;
const MARKED = /\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|`([^`]+)`|(?<![\w*])\*(?=[^\s*])([^*]+?)\*(?!\w)/g;
/** Headings of a text stand below those of the page. */
const BELOW = 3;

/** Make the elements of a text. */
export function markdown(text) {
  const lines = String(text ?? "").split(/\r\n?|\n/);
  const made = [];
  for (let at = 0; at < lines.length; ) {
    const take = [fenced, table, list, quote, alone].find((each) => each.is(lines, at)) ?? paragraph;
    const [element, next] = take.make(lines, at);
    if (element) made.push(element);
    at = next;
  }
  return el("div.markdown", {}, made);
}

const fenced = {
  is: (lines, at) => FENCE.test(lines[at]),
  make(lines, at) {
    let end = at + 1;
    while (end < lines.length && !FENCE.test(lines[end])) end++;
    return [
      el("pre", { tabindex: "0" }, el("code", {}, lines.slice(at + 1, end).join("\n"))),
      Math.min(end + 1, lines.length),
    ];
  },
};

const table = {
  is: (lines, at) => isRow(lines[at]) && isDivider(lines[at + 1]),
  make(lines, at) {
    let end = at + 2;
    while (end < lines.length && isRow(lines[end])) end++;
    const row = (line, tag) =>
      el(
        "tr",
        {},
        cells(line).map((each) => el(tag, {}, inline(each))),
      );
    const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
    const whole = el(
      "table",
      {},
      el("caption.unseen", {}, "A table of the report"),
      el("thead", {}, row(lines[at], "th")),
      el("tbody", {}, body),
    );
    return [
      el("div.scroll", { role: "region", "aria-label": "A table of the report", tabindex: "0" }, whole),
      end,
    ];
  },
};

const list = {
  is: (lines, at) => ITEM.test(lines[at]) && !RULE.test(lines[at]),
  make(lines, at) {
    const ordered = !ITEM.exec(lines[at])[2];
    const items = [];
    let end = at;
    for (; end < lines.length && this.is(lines, end); end++) {
      const [, indent, , text] = ITEM.exec(lines[end]);
      items.push(el(indent.length >= 2 ? "li.deeper" : "li", {}, inline(text)));
    }
    return [el(ordered ? "ol" : "ul", {}, items), end];
  },
};

const quote = {
  is: (lines, at) => QUOTE.test(lines[at]),
  make(lines, at) {
    let end = at;
    const inner = [];
    for (; end < lines.length && QUOTE.test(lines[end]); end++)
      inner.push(inline(QUOTE.exec(lines[end])[1]), "\n");
    return [el("blockquote", {}, inner), end];
  },
};

const alone = {
  is: (lines, at) => !lines[at].trim() || RULE.test(lines[at]) || HEADING.test(lines[at]),
  make(lines, at) {
    const heading = HEADING.exec(lines[at]);
    if (heading)
      return [el(`h${Math.min(6, heading[1].length + BELOW)}`, {}, inline(heading[2])), at + 1];
    return [RULE.test(lines[at]) ? el("hr") : null, at + 1];
  },
};

const paragraph = {
  make(lines, at) {
    let end = at + 1;
    while (end < lines.length && ![fenced, table, list, quote, alone].some((each) => each.is(lines, end)))
      end++;
    return [el("p", {}, inline(lines.slice(at, end).join("\n"))), end];
  },
};

function inline(text) {
  const plain = text.replace(LINK, (_all, label, address) => (label ? `${label} (${address})` : address));
  const made = [];
  let at = 0;
  for (const found of plain.matchAll(MARKED)) {
    made.push(plain.slice(at, found.index), marked(found));
    at = found.index + found[0].length;
  }
  return [...made, plain.slice(at)];
}

function marked([, bold, strong, code, italic]) {
  if (code !== undefined) return el("code", {}, code);
  return italic === undefined ? el("strong", {}, bold ?? strong) : el("em", {}, italic);
}

function isRow(line) {
  return line !== undefined && line.includes("|") && line.trim().length > 1;
}

function isDivider(line) {
  return isRow(line) && cells(line).every((each) => /^:?-+:?$/.test(each));
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((each) => each.trim());
}
