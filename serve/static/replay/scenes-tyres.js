// Stints and stops of all cars, and how lap times grow with the tyres' age.

/** @import {CarLaps, Lap, RaceLaps} from "./laps.js" */
/** @import {Bar, Line, Scene} from "./paint.js" */
/** @import {Asked} from "./scenes.js" */

import { median, signed, ticksOf } from "./axes.js";
import { lapAxis, partsOf, sayOf } from "./scenes.js";
import { lapText } from "./format.js";

const FEW = 4; // laps of which a slope says something

/** @param {RaceLaps} laps @param {Asked} asked @returns {Scene} */
export function stops(laps, asked) {
  const order = [...laps.cars].sort((a, b) => placeOf(laps, a, asked) - placeOf(laps, b, asked));
  const bars = order.flatMap((car, row) => [...stintBars(laps, car, row, asked), ...stopBars(laps, car, row, asked)]);
  const ticks = order.map((_, row) => row);
  return {
    x: lapAxis(laps),
    marks: partsOf(laps, asked),
    flags: laps.flags(asked.until),
    bands: [{ weight: 1, lines: [], bars, y: { name: "", min: -0.6, max: order.length - 0.4, ticks, say: (row) => order[row]?.code ?? "", down: true } }],
  };
}

/** Where the car was last: who went further comes first. @param {RaceLaps} laps @param {CarLaps} car @param {Asked} asked */
function placeOf(laps, car, { until }) {
  const last = laps.done(car, until).at(-1);
  if (!laps.race) return last?.position ?? 99;
  return last ? (last.position ?? 99) - (last.n < laps.lapAt(until) - 3 ? 100 * (last.n - laps.total) : 0) : (car.grid || 99) + 1e4;
}

/** @param {RaceLaps} laps @param {CarLaps} car @param {number} row @param {Asked} asked @returns {Bar[]} */
function stintBars(laps, car, row, { until, codes }) {
  const reached = Math.max(laps.done(car, until).at(-1)?.n ?? 0, 0);
  return car.stints.flatMap((stint) => {
    const first = stint.first_lap - 1;
    const last = Math.min(stint.last_lap, reached);
    if (last <= first) return [];
    const [start, end] = [stint.start_s ?? 0, Math.min(stint.end_s ?? Infinity, until, laps.manifest.clock.duration_s)];
    const [from, to] = laps.race ? [first, last] : [start / 60, end / 60];
    const { name, color } = laps.tyre(stint.tyre);
    const age = stint.tyre_life_start ? `${stint.tyre_life_start} laps old when fitted` : stint.fresh_tyre ? "new" : "";
    const says = sayOf(car, `Stint ${stint.stint} · ${name}`, `Laps ${stint.first_lap} to ${last} (${last - first})`, age);
    return { from, to, row, color, text: String(last - first), faint: codes.length > 0 && !codes.includes(car.code), t: stint.start_s ?? undefined, says };
  });
}

/** @param {RaceLaps} laps @param {CarLaps} car @param {number} row @param {Asked} asked @returns {Bar[]} */
function stopBars(laps, car, row, { until }) {
  if (!laps.race) return []; // who waits in the garage has not stopped
  return car.stops.flatMap((stop) => {
    const t = stop.pit_in_s ?? stop.pit_out_s;
    if (t === null || t > until) return [];
    const over = stop.pit_out_s !== null && stop.pit_out_s <= until;
    const stood = over && stop.stationary_s !== null ? `${stop.stationary_s.toFixed(1)} s standing` : "";
    const lane = over && stop.lane_time_s !== null ? `${stop.lane_time_s.toFixed(1)} s in the pit lane` : "in the pit lane";
    const moved = over && stop.position_before !== null && stop.position_after !== null ? `P${stop.position_before} to P${stop.position_after}` : "";
    const says = sayOf(car, `Lap ${stop.lap} · ${over ? kindOf(stop.kind) : "stop"}`, lane, stood, moved);
    return { from: stop.lap - 0.18, to: stop.lap + 0.18, row, color: stop.kind === "tyres" ? "#e10600" : "#8a93a1", text: "", half: true, t, says };
  });
}

/** @param {string | null} kind */
function kindOf(kind) {
  return (kind ?? "stop").replaceAll("_", " ");
}

/** Clean laps by the age of the tyres: a line a stint of the chosen cars, over the median of each compound. @param {RaceLaps} laps @param {Asked} asked @returns {Scene} */
export function degradation(laps, asked) {
  const clean = laps.cars.map((car) => ({ car, laps: laps.clean(car, asked.until).filter(({ tyre_life }) => tyre_life !== null) }));
  const chosen = clean.filter(({ car }) => asked.codes.includes(car.code));
  const lines = chosen.length ? chosen.flatMap((one) => stintLines(laps, one.car, one.laps)) : compoundLines(laps, clean.flatMap((one) => one.laps));
  const points = lines.flatMap((line) => line.points);
  const times = points.flatMap(({ y }) => y ?? []);
  const [min, max] = times.length ? [Math.min(...times) - 0.4, Math.max(...times) + 0.4] : [60, 120];
  const oldest = Math.max(10, ...points.map(({ x }) => x));
  return {
    right: 84,
    x: { name: "laps on the tyres", min: 0, max: oldest + 1, ticks: ticksOf(0, oldest, 12, 1), say: String },
    bands: [{ weight: 1, lines, y: { name: chosen.length ? "Lap time" : "Lap time, median of all cars", min, max, ticks: ticksOf(min, max, 7), say: (n) => lapText(n, 1) } }],
  };
}

/** @param {RaceLaps} laps @param {CarLaps} car @param {Lap[]} clean @returns {Line[]} */
function stintLines(laps, car, clean) {
  const stints = new Map(clean.map(({ stint }) => [stint, clean.filter((lap) => lap.stint === stint)]));
  return [...stints.values()].map((own) => {
    const { name, color } = laps.tyre(own[0].tyre);
    const rate = slope(own.map(({ tyre_life, lap_time_s }) => [Number(tyre_life), Number(lap_time_s)]));
    const points = own.map((lap) => ({
      x: Number(lap.tyre_life),
      y: lap.lap_time_s,
      t: lap.end,
      fill: color,
      says: sayOf(car, `Lap ${lap.n} · ${lapText(lap.lap_time_s) || "–"}`, `${name}, ${lap.tyre_life} laps old`, rate === null ? "" : `${signed(rate)} s a lap in this stint`),
    }));
    const tag = rate === null ? car.code : `${car.code} ${signed(rate, 2)}`;
    return { code: car.code, color: car.color, dash: car.dash, strong: true, dots: true, tag, points };
  });
}

/** @param {RaceLaps} laps @param {Lap[]} clean @returns {Line[]} */
function compoundLines(laps, clean) {
  const tyres = [...new Set(clean.map(({ tyre }) => tyre))];
  return tyres.map((tyre) => {
    const { name, color } = laps.tyre(tyre);
    const ages = [...new Set(clean.filter((lap) => lap.tyre === tyre).map(({ tyre_life }) => Number(tyre_life)))].sort((a, b) => a - b);
    const points = ages.flatMap((age) => {
      const times = clean.filter((lap) => lap.tyre === tyre && lap.tyre_life === age).map(({ lap_time_s }) => Number(lap_time_s));
      const y = median(times);
      const says = [{ text: name, color }, { text: `${age} laps old · ${lapText(y)}` }, { text: `median of ${times.length} ${times.length > 1 ? "laps" : "lap"}` }];
      return { x: age, y, fill: color, says };
    });
    return { code: name, color, dots: true, strong: true, tag: name, points };
  });
}

/** Seconds a lap, by least squares; null of too few laps. @param {[number, number][]} points */
function slope(points) {
  if (points.length < FEW) return null;
  const [mx, my] = [0, 1].map((i) => points.reduce((sum, point) => sum + point[i], 0) / points.length);
  const [over, under] = points.reduce(([a, b], [x, y]) => [a + (x - mx) * (y - my), b + (x - mx) ** 2], [0, 0]);
  return under ? over / under : null;
}
