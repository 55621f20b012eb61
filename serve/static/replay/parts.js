// What follows the first picture: controls, telemetry, messages, dialogs, keys.

/** @import {Page} from "./page.js" */

import { CarPanel } from "./car.js";
import { Controls } from "./controls.js";
import { Dialogs } from "./dialogs.js";
import { listenToKeys } from "./keys.js";
import { Messages } from "./messages.js";
import { byId } from "./facts.js";

const KEPT_THEME = "f1-replay-theme";

/** @param {Page} page */
export function add(page) {
  page.views.push(new Controls(page), new CarPanel(page), new Messages(page));
  const dialogs = new Dialogs(page);
  listenToKeys(page, dialogs, () => switchTheme(page));
  byId("theme").onclick = () => switchTheme(page);
  const kept = localStorage.getItem(KEPT_THEME);
  if (kept) setTheme(page, kept);
  keepAddress(page);
}

/** @param {Page} page */
function switchTheme(page) {
  const root = document.documentElement.style;
  const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(page, dark ? "light" : "dark");
  localStorage.setItem(KEPT_THEME, dark ? "light" : "dark");
}

/** @param {Page} page @param {string} theme */
function setTheme(page, theme) {
  document.documentElement.style.colorScheme = theme;
  page.dispatchEvent(new Event("theme"));
}

/** Whoever pauses or chooses a car has an address to share. @param {Page} page */
function keepAddress(page) {
  const { player } = page;
  const keep = () => {
    if (player.playing) return;
    const said = new URLSearchParams();
    if (player.t > 0) said.set("t", player.t.toFixed(1).replace(/\.0$/, ""));
    if (page.selected) said.set("car", page.selected);
    const { pathname, search } = location;
    history.replaceState(null, "", pathname + search + (said.size ? `#${said}` : ""));
  };
  let timer = 0;
  const soon = () => {
    clearTimeout(timer); // browsers allow few changes of the address a second
    timer = setTimeout(keep, 300);
  };
  player.addEventListener("change", soon);
  player.addEventListener("seek", soon);
  page.addEventListener("select", soon);
}
