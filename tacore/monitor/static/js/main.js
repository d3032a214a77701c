/** Starts the page: its frame, its views and its keys. */

import { el, fill } from "./dom.js";
import { startFrame } from "./frame.js";
import { showHelp } from "./help.js";
import { startKeys } from "./keys.js";
import { open } from "./live.js";
import { closePanel, hidePanel } from "./panel.js";
import { address, go, readRoute } from "./route.js";
import { themeButton } from "./theme.js";
import * as chart from "./views/chart.js";
import * as jobs from "./views/jobs.js";
import * as methods from "./views/methods.js";
import * as orders from "./views/orders.js";
import * as overview from "./views/overview.js";
import * as requests from "./views/requests.js";
import * as workers from "./views/workers.js";

/** A view's `mount(root, route)` gives {leave(), keys?(), filter?, reroute?(route)}. */
const VIEWS = { overview, workers, methods, requests, orders, jobs, chart };
const LETTERS = { h: "overview", w: "workers", m: "methods", r: "requests", o: "orders", j: "jobs", c: "chart" };
const main = document.getElementById("main");
let shown = null;

function showRoute() {
  const route = readRoute();
  const name = VIEWS[route.view] ? route.view : "overview";
  if (shown?.name === name && shown.view.reroute) {
    shown.view.reroute(route);
    return;
  }
  shown?.view.leave();
  hidePanel();
  fill(main);
  const moved = shown !== null;
  shown = { name, view: VIEWS[name].mount(main, route) };
  markLink(name);
  if (moved) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function drawLinks() {
  const letters = Object.fromEntries(Object.entries(LETTERS).map(([letter, name]) => [name, letter]));
  const links = Object.entries(VIEWS).map(([name, { TITLE }]) =>
    el(
      "li",
      {},
      el("a", { href: address(name), "data-view": name, title: `${TITLE} (g ${letters[name]})` }, TITLE),
    ),
  );
  fill(document.getElementById("views"), links);
}

function markLink(name) {
  for (const each of document.querySelectorAll("#views a")) {
    if (each.dataset.view === name) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

drawLinks();
startFrame();
themeButton(document.getElementById("theme"));
document.getElementById("help").addEventListener("click", showHelp);
startKeys({
  views: Object.fromEntries(
    Object.entries(LETTERS).map(([letter, name]) => [letter, () => go(address(name))]),
  ),
  page: { "?": showHelp, "/": () => shown?.view.filter?.focus(), Escape: closePanel },
  ofView: () => shown?.view.keys?.() ?? {},
});
addEventListener("hashchange", showRoute);
open();
showRoute();
