/** Light, dark, or as the system says. */

const ORDER = ["auto", "dark", "light"];
const root = document.documentElement;
const listeners = new Set();

/** Call `changed` whenever colours change, for canvases that have to be drawn anew. */
export function onTheme(changed) {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/** Give the present value of a colour of css/colours.css, as canvases want it. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Have a button go through the themes. */
export function themeButton(button) {
  const show = () => {
    button.textContent = `Theme: ${root.dataset.theme ?? "auto"}`;
  };
  button.addEventListener("click", () => {
    choose(ORDER[(ORDER.indexOf(root.dataset.theme ?? "auto") + 1) % ORDER.length]);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  show();
}

function choose(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is refused: the choice holds until the page is closed.
  }
  tell();
}

function tell() {
  for (const each of listeners) each();
}
