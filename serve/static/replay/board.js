// The leaderboard: a table in race order, with the cars that are out at its end.

/** @import {Page} from "./page.js" */
/** @import {Car, Driver, State} from "../f1-replay.js" */

import { TYRES } from "../f1-replay.js";
import { byId, colorOf, isOut, make, write } from "./facts.js";

const MARKS = TYRES.map((word, code) => {
  const kind = word.toLowerCase();
  const letter = word.replace(/^(HYPER|ULTRA|SUPER)?(.).*/, (_, rank = "", first) => rank.slice(0, 1) + first);
  return code ? { letter, kind, name: kind } : { letter: "?", kind, name: "unknown tyre" };
});
const MOVE_MS = 350;
const LINE_M = 1; // distances are whole metres: cars that finished a lap apart are that much off at most
const CALM_ABOVE_SPEED = 10;

/** @typedef {{code: string, row: any, position: any, mark: any, tyre: any, age: any, gap: any}} Row */

export class Board {
  /** @type {Map<string, Row>} */ #rows = new Map();
  /** @type {Map<string, Driver>} */ #drivers;
  #order = "";
  #ahead = false; // gaps to the car ahead instead of the leader

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.#drivers = new Map(page.race.manifest.drivers.map((driver) => [driver.code, driver]));
    this.body = byId("order").querySelector("tbody");
    for (const driver of page.race.manifest.drivers) this.#rows.set(driver.code, this.#row(driver));
    page.selection.addEventListener("change", () => this.#select());
    byId("gaps").onclick = () => {
      this.#ahead = !this.#ahead;
      byId("gaps").textContent = this.#ahead ? "Interval" : "Gap";
      page.player.redraw();
    };
  }

  /** @param {State} state */
  update(state) {
    const { cars, t } = state;
    const present = new Set(cars.map((car) => car.code));
    const gone = [...this.#drivers.values()].filter((driver) => !present.has(driver.code));
    gone.sort((a, b) => (b.retired_at ?? -1) - (a.retired_at ?? -1));
    this.#arrange([...present, ...gone.map((driver) => driver.code)]);
    cars.forEach((car, i) => this.#show(car, cars[i - 1], cars[0], t));
    for (const driver of gone) this.#showGone(driver);
  }

  /** @param {Driver} driver @returns {Row} */
  #row(driver) {
    const position = make("td", { className: "p" });
    const mark = make("span", { className: "mark" });
    const tyre = make("span", { className: "tyre" });
    const age = make("span", { className: "age" });
    const gap = make("td", { className: "gap" });
    const button = make("button", { type: "button", title: `${driver.name}, ${driver.team}` }, driver.code);
    button.setAttribute("aria-pressed", "false");
    const who = make("th", { scope: "row" }, button, mark);
    who.style.setProperty("--team", colorOf(driver));
    const row = make("tr", {}, position, who, make("td", { className: "t" }, tyre, age), gap);
    row.dataset.code = driver.code;
    row.onclick = (/** @type {MouseEvent} */ event) => this.page.selection.click(driver.code, event);
    return { code: driver.code, row, position, mark, tyre, age, gap };
  }

  /** @param {string[]} codes */
  #arrange(codes) {
    if (codes.join() === this.#order) return;
    const before = this.#order.split(",");
    this.#order = codes.join();
    const focused = document.activeElement;
    const rows = codes.map((code) => /** @type {Row} */ (this.#rows.get(code)).row);
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
    const row = /** @type {Row} */ (this.#rows.get(car.code));
    const out = isOut(this.#drivers.get(car.code), t);
    const mark = out ? "OUT" : car.status === "pit" ? "PIT" : car.status === "finished" ? "FIN" : "";
    write(row.position, String(car.position));
    this.#mark(row, mark);
    this.#tyre(row, car);
    write(row.gap, out ? "" : this.#gap(car, ahead, leader));
  }

  /** @param {Driver} driver */
  #showGone(driver) {
    const row = /** @type {Row} */ (this.#rows.get(driver.code));
    write(row.position, "");
    this.#mark(row, "OUT");
    row.tyre.textContent = row.age.textContent = "";
    row.tyre.dataset.kind = "none";
    write(row.gap, driver.laps ? `lap ${driver.laps + 1}` : "lap 1");
  }

  /** @param {Row} row @param {string} mark */
  #mark(row, mark) {
    write(row.mark, mark);
    row.row.dataset.mark = mark;
  }

  /** @param {Row} row @param {Car} car */
  #tyre(row, car) {
    const { letter, kind, name } = MARKS[car.tyre] ?? MARKS[0];
    if (row.tyre.dataset.kind !== kind) {
      row.tyre.dataset.kind = kind;
      row.tyre.textContent = letter;
      row.tyre.title = name;
    }
    write(row.age, car.tyre_life === null ? "" : String(car.tyre_life));
  }

  /** @param {Car} car @param {Car | undefined} ahead @param {Car} leader */
  #gap(car, ahead, leader) {
    if (!ahead) return this.#ahead ? "Interval" : "Leader";
    const seconds = (this.#ahead ? car.interval : car.gap) ?? null; // older races have no interval
    if (seconds !== null) return `+${seconds.toFixed(3)}`;
    const laps = (!this.#ahead && car.laps_down) || this.#lapsBetween(car, this.#ahead ? ahead : leader);
    return laps > 0 ? `+${laps} lap${laps > 1 ? "s" : ""}` : "–";
  }

  /** @param {Car} car @param {Car} front */
  #lapsBetween(car, front) {
    const length = this.page.race.manifest.circuit.length_m;
    if (!length || car.dist === null || front.dist === null) return 0;
    return Math.floor((front.dist - car.dist + LINE_M) / length);
  }

  #select() {
    for (const { code, row } of this.#rows.values()) {
      const chosen = this.page.selection.has(code);
      row.classList.toggle("chosen", chosen);
      row.querySelector("button").setAttribute("aria-pressed", String(chosen));
    }
  }
}
