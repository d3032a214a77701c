/** The keyboard: keys of the page, of the view, and g with a letter for each view. */

const GO_MS = 1500;
let go = null;
let viewKeys = () => ({});

/** Listen: `views` maps a letter to what shows a view, `page` a key to what it does, `ofView` gives the view's keys. */
export function startKeys({ views, page, ofView }) {
  viewKeys = ofView;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      leaveField(event.target);
      page.Escape();
      return;
    }
    if (isField(event.target)) return;
    if (go && views[event.key]) {
      stop(event, views[event.key]);
      return;
    }
    go = null;
    if (event.key === "g") {
      go = setTimeout(() => {
        go = null;
      }, GO_MS);
      return;
    }
    if (["Enter", " "].includes(event.key) && event.target.closest?.("a, button, summary, input")) return;
    const run = viewKeys()[event.key] ?? page[event.key];
    if (run) stop(event, run);
  });
}

function stop(event, run) {
  event.preventDefault();
  clearTimeout(go);
  go = null;
  run();
}

function isField(target) {
  return Boolean(target.closest?.("input:not([type=checkbox]), select, textarea"));
}

function leaveField(target) {
  if (isField(target)) target.blur();
}
