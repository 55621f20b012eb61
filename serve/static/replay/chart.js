// One chart of the race: it grows as the race goes on, or shows the whole of it where that is wanted.

/** @import {Desk} from "./desk.js" */
/** @import {State} from "../f1-replay.js" */
/** @import {Scene} from "./paint.js" */
/** @import {Asked} from "./scenes.js" */
/** @import {RaceLaps} from "./laps.js" */

import { make } from "./facts.js";
import { Plot } from "./plot.js";
import { gaps, lapTimes, positions } from "./scenes.js";
import { degradation, stops } from "./scenes-tyres.js";

/** @type {Record<string, {name: string, about: string, raced?: boolean, timeless?: boolean, scene: (laps: RaceLaps, asked: Asked) => Scene}>} */
export const CHARTS = {
  positions: { name: "Positions", about: "Position at the end of each lap", raced: true, scene: positions },
  gaps: { name: "Gaps", about: "Gap to the leader at the end of each lap", raced: true, scene: gaps },
  laps: { name: "Lap times", about: "Lap times, in the colours of the tyres", scene: lapTimes },
  stops: { name: "Stints", about: "Stints and pit stops", scene: stops },
  tyres: { name: "Tyre wear", about: "Lap times by the age of the tyres, not corrected for fuel", timeless: true, scene: degradation },
};
const EARLY_S = 4; // before the moment that was clicked, so that it is seen coming

export class Chart {
  #drawn = "";

  /** @param {Desk} desk @param {string} kind of CHARTS */
  constructor(desk, kind) {
    this.desk = desk;
    this.kind = CHARTS[kind];
    this.plot = new Plot(`${this.kind.about}. With the arrow keys from point to point; Enter goes to that moment.`);
    this.plot.picked = ({ t }) => t !== undefined && desk.page.player.seek(Math.max(t - EARLY_S, 0));
    this.early = make("p", { className: "early", hidden: true }, "No lap has been completed yet. ", desk.wholeLink());
    this.body = make("div", { className: "chartbody" }, this.plot.element, this.early);
    this.chips = make("div", { className: "codes" });
    this.element = make("div", { className: "chartview" }, this.chips, this.body);
    this.element.setAttribute("aria-label", this.kind.about);
    this.#makeChips();
  }

  /** @param {State} state */
  update({ t }) {
    const { laps, whole, page } = this.desk;
    const until = whole ? Infinity : t;
    const key = [laps.known(until), !this.kind.timeless && !whole ? flagsBegun(page.race.manifest, t) : "", page.selection.codes].join();
    if (key !== this.#drawn) this.#show(until);
    this.#drawn = key;
    this.plot.cursor = !this.kind.timeless ? laps.lapAt(t) : null;
  }

  /** Draw what is shown anew, with other colours or in another size. */
  redraw() {
    this.#drawn = "";
  }

  /** @param {number} until */
  #show(until) {
    const { laps, page } = this.desk;
    const { codes } = page.selection;
    this.scene = this.kind.scene(laps, { until, codes });
    this.plot.show(this.scene);
    this.early.hidden = laps.cars.some((car) => laps.done(car, until).length > 0);
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", String(codes.includes(chip.dataset.code)));
    this.table?.replaceWith((this.table = tableOf(this.scene)));
  }

  /** The same as a table. */
  toggleTable() {
    if (this.table) this.table.remove(), (this.table = null);
    else if (this.scene) this.body.append((this.table = tableOf(this.scene)));
  }

  #makeChips() {
    const { laps, page } = this.desk;
    for (const { code, name, color } of laps.cars) {
      const chip = make("button", { type: "button", textContent: code, title: name, onclick: () => page.selection.toggle(code) });
      chip.dataset.code = code;
      chip.style.setProperty("--team", color);
      this.chips.append(chip);
    }
  }
}

/** @param {import("../f1-replay.js").Manifest} manifest @param {number} t */
function flagsBegun({ track_statuses }, t) {
  const under = track_statuses.filter(({ start_time }) => start_time <= t);
  const last = under.at(-1);
  return `${under.length}${last && last.status !== "1" ? Math.floor(t / 10) : ""}`; // a flag that is out grows
}

/** What a scene shows, in words: a row for each line or bar. @param {Scene} scene */
export function tableOf(scene) {
  const cell = (/** @type {{says?: import("./paint.js").Said[]}} */ { says = [] }) => make("td", { textContent: says.slice(1).map(({ text }) => text).join(", ") });
  const bodies = scene.bands.map(({ lines, bars = [] }) => {
    const own = new Map(bars.map(({ row }) => [row, bars.filter((bar) => bar.row === row)]));
    return make(
      "tbody",
      {},
      ...lines.map((line) => make("tr", {}, make("th", { scope: "row", textContent: line.code }), ...line.points.filter(({ says }) => says).map(cell))),
      ...[...own].map(([row, list]) => make("tr", {}, make("th", { scope: "row", textContent: scene.bands[0].y.say(row) }), ...list.map(cell))),
    );
  });
  return make("div", { className: "tableview", tabIndex: 0 }, make("table", {}, ...bodies));
}
