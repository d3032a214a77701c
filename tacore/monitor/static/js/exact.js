/** JSON whose numbers keep their digits: ids and amounts of more than a double holds stay as they were written. */

const SAFE_DIGITS = 15;

/** A number that a double would change. It computes as one, and is shown as it came. */
export class Digits {
  constructor(text) {
    this.text = text;
  }

  valueOf() {
    return Number(this.text);
  }

  toString() {
    return this.text;
  }

  toJSON() {
    return JSON.rawJSON ? JSON.rawJSON(this.text) : Number(this.text);
  }
}

/** Read JSON; browsers that do not tell a number's source read long ones as doubles. */
export function parse(text) {
  return JSON.parse(text, (_name, value, context) => {
    if (typeof value !== "number" || !context?.source || context.source.length <= SAFE_DIGITS) return value;
    return String(value) === context.source ? value : changed(value, context.source);
  });
}

function changed(value, source) {
  const digits = source
    .replace(/[eE].*$/, "")
    .replace(/\D/g, "")
    .replace(/^0+/, "")
    .replace(/0+$/, "");
  return digits.length > SAFE_DIGITS ? new Digits(source) : value;
}
