// What follows the first picture: controls, telemetry, messages, dialogs, keys.

/** @import {Board} from "./board.js" */
/** @import {Page} from "./page.js" */

import { CarPanel } from "./car.js";
import { Controls } from "./controls.js";
import { Dialogs } from "./dialogs.js";
import { listenToKeys } from "./keys.js";
import { Messages } from "./messages.js";
import { byId } from "./facts.js";
import { TowerView } from "./tower.js";

const KEPT_THEME = "f1-replay-theme";

/** @param {Page} page @param {Board} board */
export function add(page, board) {
  const tower = new TowerView(page, board);
  page.views.push(tower, new Controls(page), new CarPanel(page), new Messages(page));
  chooseGaps();
  const dialogs = new Dialogs(page);
  listenToKeys(page, dialogs, () => switchTheme(page));
  byId("theme").onclick = () => switchTheme(page);
  const kept = keptTheme();
  if (kept) setTheme(page, kept);
  keepAddress(page);
}

/** Where there is room for one of them alone: behind the leader, or behind the car ahead. */
function chooseGaps() {
  const buttons = byId("gaps").querySelectorAll("button");
  for (const button of buttons)
    button.onclick = () => {
      byId("order").dataset.gaps = button.value;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    };
}

/** @param {Page} page */
function switchTheme(page) {
  const root = document.documentElement.style;
  const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(page, dark ? "light" : "dark");
  keptTheme(dark ? "light" : "dark");
}

/** The theme chosen before, or the one to keep. Browsers may forbid storage: then none is. @param {string} [theme] */
function keptTheme(theme) {
  try {
    if (theme) localStorage.setItem(KEPT_THEME, theme);
    return localStorage.getItem(KEPT_THEME);
  } catch {
    return null;
  }
}

/** @param {Page} page @param {string} theme */
function setTheme(page, theme) {
  document.documentElement.style.colorScheme = theme;
  page.dispatchEvent(new Event("theme"));
}

/** Whoever pauses or chooses a car has an address to share. @param {Page} page */
function keepAddress({ address, player, selection }) {
  const soon = () => address.soon(() => !player.playing);
  player.addEventListener("change", soon);
  player.addEventListener("seek", soon);
  selection.addEventListener("change", soon);
}
