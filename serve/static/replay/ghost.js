// The session's best lap so far as a ghost on the map, beside the car that was chosen last: it sets off when that car
// begins a timed lap, so that one sees where the time is.

/** @import {Page} from "./page.js" */
/** @import {State, Trace} from "../f1-replay.js" */
/** @import {Lap, RaceLaps} from "./laps.js" */
/** @import {Ghost} from "./ghosts.js" */

import { signed } from "./axes.js";
import { placeAt, timeAt } from "./delta.js";
import { byId, make, write } from "./facts.js";
import { lapText } from "./format.js";

/** The lap that the chosen car is on, and the one it is up against. @typedef {{code: string, lap: Lap, best: {code: string, color: string, lap: Lap}}} Duel */

export class BestGhost {
  on = false;
  /** @type {RaceLaps | null} */ #laps = null;
  /** @type {Duel | null} */ #duel = null;
  /** @type {{key: string, trace: Trace | null}} */ #driven = { key: "", trace: null };

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.button = make("button", { type: "button", title: "Ghost of the best lap (H)", onclick: () => this.toggle() });
    this.button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 14.500V7a5 5 0 0 1 10 0v7.500l-2.500-2-2.500 2-2.500-2zM6.200 7v.1M9.800 7v.1"/></svg>`;
    this.button.setAttribute("aria-label", "Ghost of the best lap");
    byId("zoom").append(this.button);
    this.said = make("p", { id: "duel", hidden: true });
    byId("zoom").after(this.said);
    page.ghosts.add((t) => this.#ghost(t));
    page.address.add("ghost", () => (this.on ? "best" : ""), (said) => this.#turn(said === "best"));
  }

  toggle() {
    this.#turn(!this.on);
    this.page.address.soon();
  }

  /** @param {boolean} on */
  #turn(on) {
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    this.said.hidden = !on;
    this.page.player.redraw();
    if (on) this.page.laps().then((laps) => this.#know(laps), () => {}); // the loop reports trouble
  }

  /** @param {RaceLaps | null} laps */
  #know(laps) {
    this.#laps = laps;
    if (!laps) write(this.said, "Ghost: this race was computed before there were lap tables");
    this.page.player.redraw();
  }

  /** @param {State} state */
  update({ t, cars }) {
    if (!this.on || !this.#laps) return;
    const code = this.page.selection.last;
    const before = this.#duel?.lap;
    this.#duel = code === null ? null : duelAt(this.#laps, code, t);
    if (this.#duel?.lap !== before) this.page.player.redraw(); // the map of this moment had the one before
    if (this.#duel) this.#load(this.#duel.best);
    const best = this.#duel?.best ?? this.#laps.best(t);
    const against = best ? `${best.code} ${lapText(best.lap.lap_time_s)}` : "no lap has been timed yet";
    const car = cars.find((one) => one.code === code);
    write(this.said, `Ghost: ${against}${code === null ? " · choose a car" : ` · ${code} ${this.#behind(t, car?.rel_dist ?? null)}`}`);
  }

  /** How far the car is behind the ghost where it is now. @param {number} t @param {number | null} share of the lap */
  #behind(t, share) {
    const { manifest } = this.page.race;
    const { trace } = this.#driven;
    if (!this.#duel) return "is on no timed lap";
    if (!trace || share === null) return "";
    const then = timeAt(trace, share * Number(manifest.circuit.length_m), manifest.replay.hole_ms / 1000);
    return then === null ? "" : `${signed(t - Number(this.#duel.lap.start_s) - then, 2)} s`;
  }

  /** @param {Duel["best"]} best */
  async #load({ code, lap }) {
    const key = `${code} ${lap.n}`;
    if (key === this.#driven.key) return;
    const driven = (this.#driven = { key, trace: /** @type {Trace | null} */ (null) });
    try {
      driven.trace = await this.page.race.trace(code, lap.n);
      this.page.player.redraw();
    } catch {
      if (this.#driven === driven) this.#driven.key = ""; // asked for again; the loop reports trouble
    }
  }

  /** @param {number} t @returns {Ghost[]} */
  #ghost(t) {
    const { trace } = this.#driven;
    const since = t - Number(this.#duel?.lap.start_s);
    if (!this.on || !this.#duel || !trace || since < 0 || since > trace.t[trace.t.length - 1]) return [];
    const place = placeAt(trace, since);
    const { code, color } = this.#duel.best;
    return place ? [{ ...place, color, label: `${code} ${lapText(this.#duel.best.lap.lap_time_s)}` }] : [];
  }
}

/**
 * The timed lap that a car is on, and the best one that anyone had driven when it began.
 * @param {RaceLaps} laps @param {string} code @param {number} t @returns {Duel | null}
 */
function duelAt(laps, code, t) {
  const lap = laps.car(code)?.laps.find(({ kind, start_s, end }) => kind === "timed" && start_s !== null && start_s <= t && t < end);
  const best = lap && laps.best(Number(lap.start_s));
  return best ? { code, lap, best } : null;
}
