// What follows the first picture: controls, telemetry, messages, dialogs, keys.

/** @import {Board} from "./board.js" */
/** @import {Page} from "./page.js" */
/** @import {View} from "./view.js" */

import { CarPanel } from "./car.js";
import { Controls } from "./controls.js";
import { Dialogs } from "./dialogs.js";
import { BestGhost } from "./ghost.js";
import { kept } from "./kept.js";
import { listenToKeys } from "./keys.js";
import { Messages } from "./messages.js";
import { addPanel } from "./panel.js";
import { byId } from "./facts.js";
import { Result } from "./result.js";
import { Sync } from "./sync.js";
import { TowerView } from "./tower.js";

const AHEAD = 3; // chunks of a minute, once the tower is complete
const KEPT_WIDTH = "f1-replay-tower";
const KEPT_THEME = "f1-replay-theme";

/** @param {Page} page @param {Board} board @param {View} view */
export function add(page, board, view) {
  const tower = new TowerView(page, board);
  const ahead = () => (page.race.ahead = AHEAD);
  tower.complete.then(([timing]) => {
    const comes = timing.status === "fulfilled" && timing.value && !tower.now; // the tower is to be seen first
    if (comes) tower.addEventListener("tower", ahead, { once: true });
    else ahead();
  });
  page.player.addEventListener("change", ahead, { once: true }); // whoever plays needs it now
  const controls = new Controls(page);
  const ghost = new BestGhost(page);
  page.views.push(tower, controls, new CarPanel(page, tower), new Messages(page), ghost);
  const widen = chooseWidth();
  choosePanel();
  chooseGaps();
  const dialogs = new Dialogs(page);
  const result = new Result(page);
  const sync = new Sync(page);
  page.views.push(result, sync);
  const toggle = addPanel(page);
  listenToKeys(page, controls, {
    l: () => toggle("charts"),
    c: () => toggle("compare"),
    q: () => dialogs.open(dialogs.quality),
    "?": () => dialogs.open(dialogs.help),
    t: () => switchTheme(page),
    w: widen,
    r: () => result.open(),
    s: () => sync.open(),
    f: () => view.toggleFollow(),
    g: () => controls.askLap(),
    h: () => ghost.toggle(),
    "+": () => view.nearer(1.5),
    "=": () => view.nearer(1.5),
    "-": () => view.nearer(1 / 1.5),
    0: () => view.reset(),
    ";": () => sync.nudge(-0.1),
    "'": () => sync.nudge(0.1),
  });
  byId("theme").onclick = () => switchTheme(page);
  const theme = kept(KEPT_THEME);
  if (theme) setTheme(page, theme);
  keepAddress(page);
  keepAwake(page);
}

/** Where the tower takes room from the map: all its columns, or those that fit beside it. */
function chooseWidth() {
  const set = (/** @type {boolean} */ wide) => {
    document.documentElement.toggleAttribute("data-wide", wide);
    byId("wide").setAttribute("aria-pressed", String(wide));
  };
  const turn = () => {
    const wide = !document.documentElement.hasAttribute("data-wide");
    set(wide);
    kept(KEPT_WIDTH, wide ? "wide" : "");
  };
  set(kept(KEPT_WIDTH) === "wide");
  byId("wide").onclick = turn;
  return turn;
}

/** Where there is no room for both: the tower, or race control. */
function choosePanel() {
  const buttons = byId("tabs").querySelectorAll("button");
  for (const button of buttons)
    button.onclick = () => {
      document.documentElement.dataset.panel = button.value;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    };
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
  kept(KEPT_THEME, dark ? "light" : "dark");
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

/** While it plays the screen does not go dark, where the browser grants that. @param {Page} page */
function keepAwake({ player }) {
  /** @type {Promise<WakeLockSentinel | undefined>} */ let held = Promise.resolve(undefined);
  const ask = () => {
    held = held.then((lock) => lock?.release()).then(() => (player.playing ? navigator.wakeLock?.request("screen") : undefined)).catch(() => undefined);
  };
  player.addEventListener("change", ask);
  document.addEventListener("visibilitychange", ask); // it is lost while the page is hidden
}
