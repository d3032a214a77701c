/** The panel beside a list, which shows one thing in full. */

import { button, el, fill } from "./dom.js";

const panel = document.getElementById("panel");
let closed = null;
let before = null;

/** Show something; `onClose` runs when it is closed. Gives the element to fill. */
export function openPanel(title, onClose, { keepFocus = false } = {}) {
  if (panel.hidden) before = document.activeElement;
  closed = onClose;
  const heading = el("h2", { id: "panel-title", tabindex: "-1" }, title);
  const content = el("div.content");
  const close = button("✕", closePanel, {
    class: "quiet",
    "aria-label": "Close the details",
    title: "Close (Esc)",
  });
  fill(panel, el("div.panel-head", {}, heading, close), content);
  panel.hidden = false;
  document.getElementById("body").classList.add("with-panel");
  if (!keepFocus) heading.focus({ preventScroll: true });
  return content;
}

/** Close it; tells whether it was open. */
export function closePanel() {
  if (panel.hidden) return false;
  hidePanel();
  const run = closed;
  closed = null;
  run?.();
  if (before?.isConnected) before.focus();
  return true;
}

/** Take it away without a word, as when another view comes. */
export function hidePanel() {
  panel.hidden = true;
  fill(panel);
  document.getElementById("body").classList.remove("with-panel");
}

/** Tell whether it is open. */
export function panelIsOpen() {
  return !panel.hidden;
}
