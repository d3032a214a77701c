/** Copying commands and rows. */

import { el } from "./dom.js";
import { note } from "./words.js";

/** Copy a text, and say so. */
export async function copy(text, what = text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyTheOldWay(text)) {
      note("the browser refuses to copy here");
      return;
    }
  }
  note(`copied: ${what}`);
}

/** Make the button that copies a command line. */
export function copyButton(command, about = "") {
  const label = `Copy the command: ${about || command}`;
  const made = el("button.copy", { type: "button", title: command, "aria-label": label });
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    copy(command);
  });
  return made;
}

/** Show a command line with its button. */
export function commandLine(command) {
  return el("div.command", {}, el("code", {}, command), copyButton(command));
}

/** A page that is not on loopback or https has no clipboard; this way works there. */
function copyTheOldWay(text) {
  const area = el("textarea.unseen", { readonly: true });
  area.value = text;
  const before = document.activeElement;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}
