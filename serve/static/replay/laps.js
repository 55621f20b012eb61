// A session as laps, for charts and comparisons: from timing.json.gz and the manifest alone.

/** @import {LapsColumns, Manifest, PitStopsColumns, Row, StintsColumns, TimingDocument} from "../f1-replay.js" */

import { rows, TYRES } from "../f1-replay.js";
import { median } from "./axes.js";
import { compounds } from "./colors.js";
import { colorOf, FLAG_WORDS, FLAGS } from "./facts.js";

/** @typedef {Row<LapsColumns> & {n: number, end: number, track: "clear" | string}} Lap a completed one */
/** @typedef {{code: string, name: string, color: string, dash: number[] | undefined, grid: number | null, laps: Lap[], stints: Row<StintsColumns>[], stops: Row<PitStopsColumns>[]}} CarLaps */

const RACES = ["R", "S"];
const DASH = [6, 3]; // a team's second car

export class RaceLaps {
  /** In the order of the grid, which tells nothing of the result. @type {CarLaps[]} */ cars = [];
  /** When the first car completed each lap, from lap 0 on. @type {number[]} */ first = [];

  /** @param {Manifest} manifest @param {TimingDocument} timing */
  constructor(manifest, timing) {
    this.manifest = manifest;
    /** Whether all drive at once: charts of a race go by its laps, those of qualifying and practice by minutes. */
    this.race = RACES.includes(manifest.event.session);
    this.kinds = TYRES.map((word) => word.toLowerCase());
    this.tyreColors = compounds(this.kinds);
    const [laps, stints, stops] = [rows(timing.laps), rows(timing.stints), rows(timing.pit_stops)];
    const grid = new Map(rows(timing.results).map((row) => [row.driver, row.grid]));
    const teams = new Set();
    for (const driver of manifest.drivers) {
      const own = (/** @type {{driver: string | null}} */ row) => row.driver === driver.code;
      const done = laps.filter(own).flatMap((row) => {
        if (row.lap === null || row.end_s === null || row.generated) return [];
        return { ...row, n: row.lap, end: row.end_s, track: this.#trackOf(row.start_s ?? row.end_s, row.end_s) };
      });
      this.cars.push({
        code: driver.code,
        name: driver.name,
        color: colorOf(driver),
        dash: teams.has(driver.team) ? DASH : undefined,
        grid: grid.get(driver.code) ?? driver.grid,
        laps: done,
        stints: stints.filter(own),
        stops: stops.filter(own),
      });
      teams.add(driver.team);
    }
    this.cars.sort((a, b) => (a.grid || 99) - (b.grid || 99) || (a.code < b.code ? -1 : 1));
    this.total = Math.max(manifest.total_laps ?? 0, ...this.cars.map(({ laps }) => laps.at(-1)?.n ?? 0), 1);
    this.span = this.race ? this.total : Math.ceil(manifest.clock.duration_s / 60);
    this.first = this.#firsts();
    /** When something new was known, by time. */
    this.news = [...laps.map(({ end_s }) => end_s), ...stops.flatMap(({ pit_in_s, pit_out_s }) => [pit_in_s, pit_out_s])]
      .flatMap((t) => t ?? [])
      .sort((a, b) => a - b);
  }

  #firsts() {
    const first = [this.manifest.clock.lights_out_s ?? 0];
    for (const { laps } of this.cars) for (const { n, end } of laps) first[n] = Math.min(first[n] ?? Infinity, end);
    for (let n = 1; n < first.length; n++) first[n] ??= first[n - 1];
    return first;
  }

  /** The worst that the track was during a stretch. @param {number} from @param {number} to */
  #trackOf(from, to) {
    const under = this.manifest.track_statuses.filter(({ start_time, end_time }) => start_time < to && (end_time ?? Infinity) > from);
    const kinds = under.map(({ status }) => FLAGS[status]?.kind ?? "clear");
    return ["red", "sc", "vsc", "yellow"].find((kind) => kinds.includes(kind)) ?? "clear";
  }

  /** @param {string} code */
  car(code) {
    return this.cars.find((car) => car.code === code);
  }

  /** Where a lap's end is on the x axis. @param {Lap} lap */
  xOf({ n, end }) {
    return this.race ? n : end / 60;
  }

  /** The race's lap at a moment, with its fraction: 12.5 is half way through lap 13; else its minute. @param {number} t */
  lapAt(t) {
    const { first } = this;
    if (!this.race) return t / 60;
    let n = first.findLastIndex((end) => end <= t);
    if (n < 0) return 0;
    while (first[n - 1] === first[n]) n--;
    const next = first[n + 1];
    return next === undefined ? n : n + (t - first[n]) / (next - first[n]);
  }

  /** Stretches of laps under a flag that had begun by then. @param {number} until */
  flags(until) {
    return this.manifest.track_statuses.flatMap(({ status, start_time, end_time }) => {
      const kind = FLAGS[status]?.kind ?? "clear";
      if (kind === "clear" || start_time > until) return [];
      return { kind, text: FLAG_WORDS[kind] ?? "", from: this.lapAt(start_time), to: this.lapAt(Math.min(end_time ?? Infinity, until, this.race ? (this.first.at(-1) ?? 0) : this.manifest.clock.duration_s)) };
    });
  }

  /** How much is known at a moment: another number, another picture. @param {number} t */
  known(t) {
    const at = this.news.findIndex((news) => news > t);
    return at < 0 ? this.news.length : at;
  }

  /** @param {CarLaps} car @param {number} until */
  done({ laps }, until) {
    return laps.filter(({ end }) => end <= until);
  }

  /** The fastest lap of all that had been driven by then, and whose it is. @param {number} until */
  best(until) {
    let best = /** @type {{code: string, color: string, lap: Lap} | null} */ (null);
    for (const car of this.cars) {
      const lap = fastest(this.done(car, until));
      if (lap && !(best && quicker(best.lap, lap))) best = { code: car.code, color: car.color, lap };
    }
    return best;
  }

  /** Laps that say how fast the car was: timed, on a clear track, not far off the driver's usual. @param {CarLaps} car @param {number} until */
  clean(car, until) {
    const timed = this.done(car, until).filter((lap) => counts(lap) && lap.track === "clear");
    const times = timed.map(({ lap_time_s }) => Number(lap_time_s));
    const usual = this.race ? median(times) : Math.min(...times); // beside the fast laps of qualifying are as many slow ones
    return timed.filter(({ lap_time_s }) => Number(lap_time_s) < usual * 1.04);
  }

  /** @param {number | null} tyre */
  tyre(tyre) {
    const kind = this.kinds[tyre ?? 0] ?? "unknown";
    return { kind, name: kind[0].toUpperCase() + kind.slice(1), color: this.tyreColors[kind] ?? "#8a93a1" };
  }
}

/** Whether it has a time that counts: the first lap does not, and none out of the pits or into them. @param {Lap} lap */
function counts({ n, kind, deleted, lap_time_s }) {
  return n > 1 && kind === "timed" && !deleted && lap_time_s !== null;
}

/** @param {Lap} a @param {Lap} b */
function quicker(a, b) {
  return Number(a.lap_time_s) <= Number(b.lap_time_s);
}

/** The fastest of a car's laps that counts. @param {Lap[]} laps @returns {Lap | undefined} */
export function fastest(laps) {
  return laps.filter(counts).reduce((best, lap) => (best && quicker(best, lap) ? best : lap), /** @type {Lap | undefined} */ (undefined));
}
