// What timing says of the chosen car, on its card: gaps, laps, sectors, tyres, stops, and what race control ruled.

/** @import {Page} from "./page.js" */
/** @import {TowerView} from "./tower.js" */
/** @import {Tower, TowerCar} from "../f1-replay.js" */

import { clockText, make, write } from "./facts.js";
import { lapsText, lapText } from "./format.js";
import { showSector, showTime } from "./tower.js";
import { showStints, stintText, stopText } from "./tyres.js";

const TIMES = ["Gap", "Interval", "Last", "Best", "S1", "S2", "S3"];
const COLORS = { purple: "fastest of all", green: "his best", yellow: "" };

export class CarTiming {
  /** @type {Record<string, any>} */ #cells = {};

  /** @param {Page} page @param {TowerView} tower */
  constructor(page, tower) {
    this.page = page;
    this.tower = tower;
    this.times = make("dl", { className: "times", hidden: true }, ...TIMES.map((name) => this.#cell(name)));
    this.bar = make("div", { className: "bar" });
    this.bar.setAttribute("role", "img");
    this.lists = make("ul", { className: "told" });
    this.more = make("div", { hidden: true }, make("h3", { textContent: "Tyres" }), this.bar, this.lists);
    tower.addEventListener("tower", () => this.show());
  }

  show() {
    const car = this.tower.now?.cars.find(({ code }) => code === this.page.selection.last);
    this.times.hidden = this.more.hidden = !car;
    if (car) this.#show(car, /** @type {Tower} */ (this.tower.now));
  }

  /** @param {TowerCar} car @param {Tower} tower */
  #show(car, tower) {
    const cells = this.#cells;
    const behind = car.laps_down ? lapsText(car.laps_down) : car.gap === null ? "–" : `+${car.gap.toFixed(3)}`;
    write(cells.Gap, car.position === 1 ? "Leader" : behind);
    write(cells.Interval, car.position === 1 || car.interval === null ? "–" : `+${car.interval.toFixed(3)}`);
    for (const [name, time] of /** @type {const} */ ([["Last", car.last_lap], ["Best", car.best_lap]])) {
      showTime(cells[name], time);
      if (!time) write(cells[name], "–");
      cells[name].title = time ? `Lap ${time.lap}` : "";
    }
    delete cells.Best.dataset.color; // the colour that it once had says nothing now
    car.sectors.forEach((time, i) => {
      showSector(cells[`S${i + 1}`], time, car.segments?.[i] ?? []);
      cells[`S${i + 1}`].title = time ? COLORS[time.color] : "";
    });
    showStints(this.bar, car.tyres, this.page.race.manifest.total_laps ?? tower.lap ?? 1);
    this.bar.setAttribute("aria-label", car.tyres.map(stintText).join("; "));
    this.#list([...car.stops.map(stopText), ...this.#rulings(car)]);
  }

  /** @param {TowerCar} car */
  #rulings({ rulings, deleted_laps }) {
    const said = rulings.map(({ t_s, kind, detail }) => `${clockText(t_s)} ${kind.replaceAll("_", " ")}${detail ? `: ${detail}` : ""}`);
    return deleted_laps.length ? [...said, `Lap times deleted: ${deleted_laps.join(", ")}`] : said;
  }

  /** @param {string[]} lines */
  #list(lines) {
    const key = lines.join("\n");
    if (this.lists.dataset.key === key) return;
    this.lists.dataset.key = key;
    this.lists.replaceChildren(...lines.map((textContent) => make("li", { textContent })));
  }

  /** @param {string} name */
  #cell(name) {
    const sector = /^S\d/.test(name);
    const value = make("dd", { className: sector ? "sector" : "" }, ...(sector ? [make("span"), make("i", { className: "minis" })] : []));
    this.#cells[name] = value;
    const cell = make("div", {}, make("dt", { textContent: name }), value);
    cell.dataset.field = name;
    return cell;
  }
}
