// The keyboard.

/** @import {Page} from "./page.js" */
/** @import {Controls} from "./controls.js" */

import { SPEEDS } from "./player.js";

/** @type {[string, string][]} */
export const KEYS = [
  ["Space", "Play or pause"],
  ["← →", "10 seconds back or on; with Shift a minute"],
  ["↑ ↓", "Faster or slower"],
  ["1 … 7", `A speed from ${SPEEDS[0]} to ${SPEEDS.at(-1)}`],
  ["< >", "One second back or on"],
  [", .", "One frame back or on"],
  ["PgUp PgDn", "To the lap before or after"],
  ["G", "To a lap: its number, then Enter"],
  ["B N", "To the one before or the next of what is chosen beside Play: overtakes, stops…"],
  ["[ ]", "To the flag or retirement before or after"],
  ["Home End", "To the start or the end"],
  ["J K", "Follow the next car or the one before, in the table's order"],
  ["Shift Click", "Choose one more car"],
  ["Esc", "Follow no car"],
  ["F", "The map follows the chosen car"],
  ["H", "The session's best lap as a ghost beside the chosen car"],
  ["+ - 0", "Nearer, farther, the whole map; the wheel does too, and a drag moves it"],
  ["W", "All columns of the tower, or more of the map"],
  ["R", "Result"],
  ["S", "Sync with a broadcast"],
  ["; '", "In step with a broadcast: a tenth of a second back or on"],
  ["L", "Lap charts"],
  ["C", "Compare laps"],
  ["Q", "Data quality"],
  ["T", "Dark or light"],
  ["?", "This help"],
];

/** @param {Page} page @param {Controls} controls @param {Record<string, () => void>} more */
export function listenToKeys(page, controls, more) {
  const { player, race } = page;
  const frame = 1 / race.manifest.clock.fps;
  const jump = (/** @type {KeyboardEvent} */ event) => (event.shiftKey ? 60 : 10);
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const acts = {
    " ": () => player.toggle(),
    ArrowLeft: (event) => player.seek(player.t - jump(event)),
    ArrowRight: (event) => player.seek(player.t + jump(event)),
    ArrowUp: () => player.shift(1),
    ArrowDown: () => player.shift(-1),
    ",": () => (player.pause(), player.seek(player.t - frame)),
    ".": () => (player.pause(), player.seek(player.t + frame)),
    "<": () => player.seek(player.t - 1),
    ">": () => player.seek(player.t + 1),
    "[": () => controls.jump(-1, "flag"),
    "]": () => controls.jump(1, "flag"),
    PageUp: () => controls.jump(-1, "lap"),
    PageDown: () => controls.jump(1, "lap"),
    b: () => controls.jump(-1),
    n: () => controls.jump(1),
    Home: () => player.seek(0),
    End: () => player.seek(race.duration),
    j: () => follow(page, 1),
    k: () => follow(page, -1),
    ...Object.fromEntries(SPEEDS.map((speed, i) => [String(i + 1), () => player.setSpeed(speed)])),
    Escape: () => page.selection.set([]),
    ...more,
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { activeElement } = document;
    if (activeElement instanceof HTMLInputElement && activeElement.type === "text") return void (event.key === "Escape" && activeElement.blur());
    if (activeElement instanceof HTMLSelectElement) return;
    const pressing = event.key === " " && activeElement instanceof HTMLButtonElement;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || pressing) return; // a focused button takes the space bar for itself
    event.preventDefault();
    act(event);
  });
}

/** @param {Page} page @param {1 | -1} way */
function follow(page, way) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#order tbody tr")]);
  const at = rows.findIndex((row) => row.dataset.code === page.selection.last);
  const next = at < 0 ? (way > 0 ? 0 : rows.length - 1) : (at + way + rows.length) % rows.length;
  page.selection.set([rows[next]?.dataset.code ?? ""]);
}
