// The rows of the tower, in race order with the cars that are out at their end, and what the replay says of each car.

/** @import {Page} from "./page.js" */
/** @import {Car, Driver, State} from "../f1-replay.js" */

import { byId, colorOf, isOut, isTimed, make, partAt, write } from "./facts.js";
import { knockedOut } from "../f1-replay.js";
import { behindText } from "./format.js";
import { DRS_OPEN, showTyre } from "./tyres.js";

const MOVE_MS = 350;
const CALM_ABOVE_SPEED = 10;
const CLOSE_S = 1; // within a second of the car ahead: close enough for DRS
/** Cells of a row, from left to right; those of the reader's tower(t) are empty until it is there. */
const COLUMNS = ["p", "gain", "who", "marks", "gap", "int", "last", "best", "s1", "s2", "s3", "tyre", "stints"];

/** What cars do, by their status; in qualifying and practice more than in a race. @type {Record<string, string>} */
const MARKS = { pit: "PIT", finished: "FIN", garage: "BOX", out: "OUT LAP", timed: "TIMED", in: "IN LAP" };

/** @typedef {Record<string, any> & {row: any, mark: any, override: string}} Row */

export class Board {
  /** @type {Map<string, Row>} */ rows = new Map();
  /** @type {Map<string, Driver>} */ #drivers;
  #order = "";
  #timed;
  /** How many go on from the part that runs. @type {number | null} */ #goesOn = null;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.#timed = isTimed(page.race.manifest);
    document.documentElement.toggleAttribute("data-timed-session", this.#timed);
    this.#drivers = new Map(page.race.manifest.drivers.map((driver) => [driver.code, driver]));
    this.body = byId("order").querySelector("tbody");
    for (const driver of page.race.manifest.drivers) this.rows.set(driver.code, this.#row(driver));
    page.selection.addEventListener("change", () => this.#select());
  }

  /** @param {State} state */
  update({ cars, t }) {
    const { manifest } = this.page.race;
    this.#goesOn = partAt(manifest, t)?.goes_on ?? null; // after its flag laps are driven to their end
    const out = knockedOut(manifest, t);
    if (this.#timed) for (const [code, { row }] of this.rows) row.classList.toggle("knocked", out.has(code));
    const present = new Set(cars.map((car) => car.code));
    const gone = [...this.#drivers.values()].filter((driver) => !present.has(driver.code));
    gone.sort((a, b) => (b.retired_at ?? -1) - (a.retired_at ?? -1));
    this.#arrange([...present, ...gone.map((driver) => driver.code)]);
    cars.forEach((car, i) => this.#show(car, cars[i - 1], cars[0], t));
    for (const driver of gone) this.#showGone(driver);
  }

  /** @param {Driver} driver @returns {Row} */
  #row(driver) {
    const row = /** @type {Row} */ ({ override: "" });
    row.row = make("tr");
    for (const name of COLUMNS) {
      row[name] = make(name === "who" ? "th" : "td", { className: name });
      row.row.append(row[name]);
    }
    const button = make("button", { type: "button", title: `${driver.name}, ${driver.team}` }, driver.code);
    button.setAttribute("aria-pressed", "false");
    row.who.scope = "row";
    row.who.append(button);
    row.who.style.setProperty("--team", colorOf(driver));
    row.marks.append((row.mark = make("span", { className: "mark" })));
    row.tyre.append((row.letter = make("span", { className: "letter" })), (row.age = make("span", { className: "age" })));
    row.row.dataset.code = driver.code;
    row.row.onclick = (/** @type {MouseEvent} */ event) => this.page.selection.click(driver.code, event);
    return row;
  }

  /** @param {string[]} codes */
  #arrange(codes) {
    if (codes.join() === this.#order) return;
    const before = this.#order.split(",");
    this.#order = codes.join();
    const focused = document.activeElement;
    const rows = codes.map((code) => /** @type {Row} */ (this.rows.get(code)).row);
    this.body.replaceChildren(...rows);
    if (focused instanceof HTMLElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    const { calm, player } = this.page;
    if (calm.matches || before.length < 2 || (player.playing && player.speed > CALM_ABOVE_SPEED)) return;
    const height = rows[0].offsetHeight;
    codes.forEach((code, i) => {
      const moved = (before.indexOf(code) - i) * height;
      if (moved) rows[i].animate([{ transform: `translateY(${moved}px)` }, {}], { duration: MOVE_MS, easing: "ease-out" });
    });
  }

  /** @param {Car} car @param {Car | undefined} ahead @param {Car} leader @param {number} t */
  #show(car, ahead, leader, t) {
    const row = /** @type {Row} */ (this.rows.get(car.code));
    const out = isOut(this.#drivers.get(car.code), t);
    const { length_m } = this.page.race.manifest.circuit;
    this.#mark(row, out ? (this.#timed ? "STOP" : "OUT") : (MARKS[car.status] ?? ""));
    write(row.p, String(car.position ?? ""));
    showTyre(row.letter, car.tyre);
    write(row.age, car.tyre_life === null ? "" : String(car.tyre_life));
    if (this.#timed) return this.#showTimed(row, car);
    write(row.gap, out ? "" : ahead ? behindText(car, leader, car.gap, car.laps_down, length_m) : "Leader");
    write(row.int, out || !ahead ? "" : behindText(car, ahead, car.interval, 0, length_m));
    const racing = !out && ahead && car.status === "track";
    const close = racing && typeof car.interval === "number" && car.interval < CLOSE_S;
    const drs = racing && DRS_OPEN.includes(car.drs ?? 0) ? "open" : close ? "close" : "";
    if (row.row.dataset.drs === drs) return;
    row.row.dataset.drs = drs;
    row.int.title = { open: "DRS open", close: "Within a second", "": "" }[drs];
  }

  /** Where cars go by their best laps; in qualifying a line is drawn under the last that would go on. @param {Row} row @param {Car} car */
  #showTimed(row, { position, gap, interval }) {
    const behind = (/** @type {number | null | undefined} */ seconds) => (typeof seconds === "number" && position !== 1 ? `+${seconds.toFixed(3)}` : "");
    write(row.gap, position === null ? "no time" : behind(gap));
    write(row.int, position === null ? "" : behind(interval));
    row.row.classList.toggle("cutoff", position !== null && position === this.#goesOn);
  }

  /** @param {Driver} driver */
  #showGone(driver) {
    const row = /** @type {Row} */ (this.rows.get(driver.code));
    this.#mark(row, "OUT");
    showTyre(row.letter, null);
    row.row.dataset.drs = row.int.title = "";
    for (const cell of [row.p, row.age, row.int]) write(cell, "");
    write(row.gap, driver.laps ? `lap ${driver.laps + 1}` : "lap 1");
  }

  /** @param {Row} row @param {string} mark */
  #mark(row, mark) {
    const shown = row.override || mark;
    write(row.mark, shown);
    if (row.row.dataset.mark !== shown) row.row.dataset.mark = shown;
  }

  #select() {
    for (const [code, { row }] of this.rows) {
      const chosen = this.page.selection.has(code);
      row.classList.toggle("chosen", chosen);
      row.querySelector("button").setAttribute("aria-pressed", String(chosen));
    }
  }
}
