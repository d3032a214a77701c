/** Numbers, times and ages as the page shows them. */

import { el } from "./dom.js";

const whole = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "2-digit" });
const NONE = "–";

/** Write a whole number with separators. */
export function count(value) {
  return value == null ? NONE : whole.format(Number(value));
}

/** Write milliseconds with about three digits; small ones in microseconds, large ones in seconds. */
export function ms(value) {
  if (value == null) return NONE;
  const number = Number(value);
  if (number === 0) return "0 ms";
  if (number < 0.1) return `${(number * 1000).toFixed(0)} µs`;
  if (number >= 1000) return `${(number / 1000).toFixed(number < 10_000 ? 2 : 1)} s`;
  return `${number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0)} ms`;
}

/** Write a rate per second. */
export function rate(value) {
  if (value == null) return NONE;
  const number = Number(value);
  return number >= 100 ? whole.format(Math.round(number)) : number.toFixed(number < 10 ? 2 : 1);
}

/** Write a share of 1 in percent. */
export function percent(value) {
  if (value == null) return NONE;
  const number = Number(value) * 100;
  return `${number === 0 || number === 100 ? number : number < 0.01 ? "<0.01" : number.toFixed(number < 10 ? 2 : 1)} %`;
}

/** Write an amount of money, or a quantity, with the digits that came, and separators. */
export function amount(value, digits = null) {
  if (value == null) return NONE;
  const text = digits == null ? String(value) : Number(value).toFixed(digits);
  const [, sign, integer, rest] = /^(-?)(\d+)(.*)$/.exec(text) ?? [null, "", text, ""];
  return `${sign === "-" ? "−" : ""}${integer.replace(/\B(?=(\d{3})+$)/g, ",")}${rest}`;
}

/** Write a price or another computed number with seven digits at most. */
export function short(value) {
  return value == null ? NONE : amount(Number(Number(value).toPrecision(7)));
}

/** Write how long something took, or is ago: 4 s, 12 min, 3 h 20 min, 5 d 2 h. */
export function span(seconds) {
  if (seconds == null) return NONE;
  const s = Math.max(0, Number(seconds));
  if (s < 10) return `${s.toFixed(Number.isInteger(s) ? 0 : 1)} s`;
  if (s < 100) return `${Math.round(s)} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${Math.floor(hours / 24)} d`;
}

/** Give epoch seconds of an ISO 8601 text or of a number of them. */
export function seconds(moment) {
  return typeof moment === "number" ? moment : Date.parse(moment) / 1000;
}

/** Make a moment: local time, with UTC and the full date on hover. */
export function time(moment, { millis = false, date = false } = {}) {
  const at = new Date(seconds(moment) * 1000);
  if (Number.isNaN(at.getTime())) return el("span", {}, NONE);
  const before = date || !isToday(at) ? `${day.format(at)} ` : "";
  const text = `${before}${clock(at)}${millis ? `.${String(at.getMilliseconds()).padStart(3, "0")}` : ""}`;
  return el("time", { datetime: at.toISOString(), title: `${utc(at)} (UTC)` }, text);
}

/** Write a local time of day; by hand, for Intl takes several times as long and lists have thousands. */
export function clock(at) {
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((each) => String(each).padStart(2, "0"))
    .join(":");
}

function isToday(at) {
  const now = new Date();
  return (
    at.getDate() === now.getDate() &&
    at.getMonth() === now.getMonth() &&
    at.getFullYear() === now.getFullYear()
  );
}

/** Make an age that goes on counting. */
export function age(moment) {
  const at = seconds(moment);
  const made = el("time.age", {
    datetime: new Date(at * 1000).toISOString(),
    title: `${utc(new Date(at * 1000))} (UTC)`,
  });
  made.textContent = ago(at);
  return made;
}

/** Write how long ago a moment was. */
export function ago(at) {
  const past = Date.now() / 1000 - at;
  return past < 1.5 ? "now" : past < 100 ? `${Math.round(past)} s ago` : `${span(past)} ago`;
}

setInterval(() => {
  for (const each of document.querySelectorAll("time.age")) {
    const told = ago(Date.parse(each.dateTime) / 1000);
    if (each.textContent !== told) each.textContent = told;
  }
}, 1000);

function utc(at) {
  return at.toISOString().replace("T", " ").replace("Z", "");
}
