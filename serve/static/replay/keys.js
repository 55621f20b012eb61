// The keyboard.

/** @import {Page} from "./page.js" */
/** @import {Dialogs} from "./dialogs.js" */

/** @type {[string, string][]} */
export const KEYS = [
  ["Space", "Play or pause"],
  ["← →", "10 seconds back or on; with Shift a minute"],
  ["↑ ↓", "Faster or slower"],
  [", .", "One frame back or on"],
  ["[ ]", "To the flag or retirement before or after"],
  ["Home End", "To the start or the end"],
  ["J K", "Follow the next car or the one before, in the table's order"],
  ["Shift Click", "Choose one more car"],
  ["Esc", "Follow no car"],
  ["Q", "Data quality"],
  ["T", "Dark or light"],
  ["?", "This help"],
];
const EDGE_S = 2;

/** @param {Page} page @param {Dialogs} dialogs @param {() => void} switchTheme */
export function listenToKeys(page, dialogs, switchTheme) {
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
    "[": () => player.seek(moments(page).findLast((t) => t < player.t - EDGE_S) ?? 0),
    "]": () => player.seek(moments(page).find((t) => t > player.t + 0.1) ?? race.duration),
    Home: () => player.seek(0),
    End: () => player.seek(race.duration),
    j: () => follow(page, 1),
    k: () => follow(page, -1),
    Escape: () => page.selection.set([]),
    q: () => dialogs.open(dialogs.quality),
    t: switchTheme,
    "?": () => dialogs.open(dialogs.help),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const pressing = event.key === " " && document.activeElement instanceof HTMLButtonElement;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || pressing) return; // a focused button takes the space bar for itself
    event.preventDefault();
    act(event);
  });
}

/** When flags change and cars retire, in order. @param {Page} page */
function moments({ race }) {
  const { track_statuses, drivers } = race.manifest;
  const out = drivers.flatMap(({ retired_at }) => retired_at ?? []);
  return [...track_statuses.map(({ start_time }) => start_time), ...out].sort((a, b) => a - b);
}

/** @param {Page} page @param {1 | -1} way */
function follow(page, way) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#order tbody tr")]);
  const at = rows.findIndex((row) => row.dataset.code === page.selection.last);
  const next = at < 0 ? (way > 0 ? 0 : rows.length - 1) : (at + way + rows.length) % rows.length;
  page.selection.set([rows[next]?.dataset.code ?? ""]);
}
