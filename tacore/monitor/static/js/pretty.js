/** JSON as people read it: indented, coloured by kind, everything as text. */

import { el } from "./dom.js";
import { Digits } from "./exact.js";

const STEP = "  ";
const MOST_LINES = 2000;

/** Make a block of a value; a text stays one, for it is what was cut. */
export function pretty(value) {
  const state = { lines: 0 };
  const code = el("code");
  if (typeof value === "string") code.append(value);
  else write(value, "", code, state);
  return el("pre.json", { tabindex: "0" }, code);
}

/** Make a list of names and values. */
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value != null && value !== "");
  return el(
    "dl.facts",
    {},
    given.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

function write(value, indent, into, state) {
  if (value === null || typeof value !== "object" || value instanceof Digits) {
    into.append(leaf(value));
    return;
  }
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  if (!entries.length || (list && entries.every(([, each]) => isShort(each)) && entries.length <= 12)) {
    into.append(list ? "[" : "{");
    entries.forEach(([, each], index) => into.append(index ? ", " : "", leaf(each)));
    into.append(list ? "]" : "}");
    return;
  }
  into.append(list ? "[\n" : "{\n");
  writeEntries(entries, list, indent + STEP, into, state);
  into.append(`${indent}${list ? "]" : "}"}`);
}

function writeEntries(entries, list, indent, into, state) {
  for (const [index, [name, each]] of entries.entries()) {
    if (++state.lines > MOST_LINES) {
      into.append(`${indent}… ${entries.length - index} more\n`);
      return;
    }
    into.append(indent);
    if (!list) into.append(el("span.key", {}, JSON.stringify(name)), ": ");
    write(each, indent, into, state);
    into.append(index < entries.length - 1 ? ",\n" : "\n");
  }
}

function isShort(value) {
  return (
    value === null ||
    typeof value === "number" ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.length < 12)
  );
}

function leaf(value) {
  const kind = value === null ? "null" : value instanceof Digits ? "number" : typeof value;
  return el(`span.${kind}`, {}, kind === "string" ? JSON.stringify(value) : String(value));
}
