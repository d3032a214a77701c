// Runs before anything is painted, so that a chosen theme does not flash in the other one first.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is refused here: the system's theme holds.
}
