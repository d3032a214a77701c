/** Telling the person what has happened, by eye and by ear. */

const TOAST_MS = 2500;
let timer = null;

/** Have a screen reader say something: the state of health, and what one's own actions did. */
export function say(text) {
  const region = document.getElementById("said");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** Show a short note, and say it. */
export function note(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => {
    toast.hidden = true;
  }, TOAST_MS);
  say(text);
}
