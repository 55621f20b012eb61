// What the reader's tower(t) says of each car, written into the rows of the board: times, sectors, tyres, penalties.

/** @import {Page} from "./page.js" */
/** @import {Board, Row} from "./board.js" */
/** @import {Part, SegmentColor, State, Tower, TowerCar, TowerLap} from "../f1-replay.js" */

import { byId, clockText, isTimed, make, partAt, write } from "./facts.js";
import { lapText } from "./format.js";
import { showStints, stintText, stopText } from "./tyres.js";

const STOP_SHOWN_S = 15; // how long a stop stands in the row after it
/** @type {Record<SegmentColor, string>} */
const HUES = { none: "--line", yellow: "--slow", green: "--go", purple: "--purple", pit: "--accent", unknown: "--line" };

export class TowerView extends EventTarget {
  /** The newest one; a `tower` event tells that it is there. @type {Tower | null} */ now = null;
  #wanted = NaN;
  #there = true;

  /** @param {Page} page @param {Board} board */
  constructor(page, board) {
    super();
    this.page = page;
    this.board = board;
    for (const row of board.rows.values()) furnish(row);
    const coloured = page.race.segments().then(() => this.#again());
    /** Settled when all is there that there is. */
    this.complete = Promise.allSettled([page.race.timing(), coloured]);
  }

  /** @param {State} state */
  update({ t }) {
    if (!this.#there || t === this.#wanted) return;
    this.#wanted = t;
    this.page.race.tower(t).then(
      (tower) => this.#show(tower, t),
      () => (this.#wanted = NaN), // the loop reports trouble
    );
  }

  /** The same moment once more: more is known of it. */
  #again() {
    this.#wanted = NaN;
    this.page.player.redraw();
  }

  /** @param {Tower | null} tower @param {number} t */
  #show(tower, t) {
    this.#there = tower !== null; // a race of before there was timing.json.gz
    document.documentElement.toggleAttribute("data-timed", this.#there);
    if (!tower || t !== this.#wanted) return;
    if (!this.now) this.complete.then(() => performance.mark("tower"));
    const { manifest } = this.page.race;
    const timed = isTimed(manifest);
    const cars = timed ? tower.cars.map((car) => ({ ...car, stops: [], pit: null })) : tower.cars; // who waits in the garage has not stopped
    this.now = { ...tower, cars };
    const total = manifest.total_laps ?? Math.max(...tower.cars.map(({ laps }) => laps + 1));
    if (timed) write(byId("lap"), remains(tower, partAt(manifest, t)));
    for (const car of cars) {
      const row = this.board.rows.get(car.code);
      if (row) show(row, car, tower, total);
    }
    this.dispatchEvent(new Event("tower"));
  }
}

/**
 * What is left of the part, by the session's clock or else by when it ended: it does not run while a red flag is
 * out. @param {Tower} tower @param {Part | null} part
 */
function remains({ t, remaining_s }, part) {
  const end = Math.max(part?.end ?? t, t);
  const stopped = (part?.stops ?? []).reduce((sum, stop) => sum + Math.max(0, Math.min(stop.end, end) - Math.max(stop.start, t)), 0);
  return clockText(remaining_s ?? end - t - stopped).replace(/^0:/, "");
}

/** What stands in the row's cells. @param {Row} row */
function furnish(row) {
  for (const name of ["s1", "s2", "s3"]) row[name].append(make("span"), make("i", { className: "minis" }));
  row.stints.append(make("div", { className: "bar" }));
  row.clock = make("span", { className: "clock" });
  row.signs = ["penalty", "inquiry", "deleted", "fastest"].map((name) => make("span", { className: `sign ${name}` }));
  row.marks.append(row.clock, ...row.signs);
}

/** @param {Row} row @param {TowerCar} car @param {Tower} tower @param {number} total */
function show(row, car, tower, total) {
  const fastest = tower.fastest_lap?.code === car.code;
  row.override = car.state === "disqualified" ? "DSQ" : "";
  showGain(row.gain, car);
  showTime(row.last, car.last_lap);
  write(row.best, lapText(car.best_lap?.seconds));
  row.best.classList.toggle("fastest", fastest);
  car.sectors.forEach((time, i) => showSector(row[`s${i + 1}`], time, car.segments?.[i] ?? []));
  const bar = row.stints.firstChild;
  showStints(bar, car.tyres, total);
  write(row.clock, clockOf(car, tower.t));
  showSigns(row, car, fastest);
  const history = [...car.tyres.map(stintText), ...car.stops.map(stopText)].join("\n");
  if (row.stints.title !== history) row.stints.title = history;
}

/** Places won since the grid. @param {any} cell @param {TowerCar} car */
function showGain(cell, { gained, state }) {
  const known = gained === null || state === "grid" ? null : gained;
  write(cell, known === null ? "" : known > 0 ? `▲${known}` : known < 0 ? `▼${-known}` : "·");
  cell.dataset.way = String(Math.sign(known ?? 0));
}

/** @param {any} cell @param {TowerLap | null} time */
export function showTime(cell, time) {
  write(cell, lapText(time?.seconds));
  if (cell.dataset.color !== (time?.color ?? "")) cell.dataset.color = time?.color ?? "";
}

/** @param {any} cell @param {TowerLap | null} time @param {readonly SegmentColor[]} colors of the mini-sectors */
export function showSector(cell, time, colors) {
  showTime(cell.firstChild, time);
  if (time && time.seconds >= 60) write(cell.firstChild, lapText(time.seconds).slice(0, -2)); // an out lap's
  const minis = cell.lastChild;
  const key = colors.join();
  if (minis.dataset.key === key) return;
  minis.dataset.key = key;
  const share = 100 / colors.length;
  const stops = colors.map((color, i) => `var(${HUES[color]}) ${i * share}% calc(${(i + 1) * share}% - 1px), #0000 0 ${(i + 1) * share}%`);
  minis.style.background = colors.length ? `linear-gradient(90deg, ${stops.join()})` : "";
}

/** Seconds in the pit lane, and for a while how long the stop was. @param {TowerCar} car @param {number} t */
function clockOf({ pit, stops }, t) {
  if (pit) return pit.seconds === null ? "" : pit.seconds.toFixed(1);
  const { pit_out_s, stationary_s, lane_time_s } = stops.at(-1) ?? {};
  if (typeof pit_out_s !== "number" || t - pit_out_s > STOP_SHOWN_S) return "";
  const seconds = stationary_s ?? lane_time_s;
  return typeof seconds === "number" ? `${seconds.toFixed(1)} s` : "";
}

/** @param {Row} row @param {TowerCar} car @param {boolean} fastest */
function showSigns(row, { penalty_s, rulings, investigated, deleted_laps }, fastest) {
  const open = rulings.filter(({ kind }) => kind === "penalty").length - rulings.filter(({ kind }) => ["served", "rescinded"].includes(kind)).length;
  const [penalty, inquiry, deleted, best] = row.signs;
  sign(penalty, penalty_s ? `+${penalty_s}s` : open > 0 ? "PEN" : "", rulings.map(({ detail }) => detail ?? "").filter(Boolean).join("\n"));
  penalty.classList.toggle("served", open <= 0);
  sign(inquiry, investigated ? "INV" : "", "Noted or under investigation");
  sign(deleted, deleted_laps.length ? `×${deleted_laps.length}` : "", `Lap times deleted: ${deleted_laps.join(", ")}`);
  sign(best, fastest ? "FL" : "", "Fastest lap so far");
}

/** @param {any} element @param {string} text @param {string} title */
function sign(element, text, title) {
  write(element, text);
  if (element.title !== title) element.title = title;
}
