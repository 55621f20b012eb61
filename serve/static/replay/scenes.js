// What the charts of a race show, up to a moment: positions, gaps, lap times.

/** @import {CarLaps, Lap, RaceLaps} from "./laps.js" */
/** @import {Axis, Line, Point, Said, Scene} from "./paint.js" */

import { median, quantile, signed, ticksOf } from "./axes.js";
import { lapText } from "./format.js";

/** What a chart is asked: nothing after `until`; the chosen cars stand out. @typedef {{until: number, codes: readonly string[]}} Asked */

const LAPPED = 1.15; // of a lap: who is further behind is not what the gaps are looked at for
const LEAST_GAP = 10; // s
const SLOW = 1.11; // of the usual lap: pit stops and safety cars run off the chart

/** @param {RaceLaps} laps @returns {Axis} */
export function lapAxis({ race, span }) {
  return { name: race ? "lap" : "min", min: 0, max: span, ticks: ticksOf(0, span, 14, 1), say: String };
}

/** Where the parts of qualifying begin. @param {RaceLaps} laps @param {Asked} asked @returns {{x: number, text: string}[] | undefined} */
export function partsOf({ manifest }, { until }) {
  return manifest.parts?.filter(({ start }) => start <= until).map(({ name, start }) => ({ x: start / 60, text: name }));
}

/** A car's line among the others. @param {CarLaps} car @param {Asked} asked @param {Point[]} points @returns {Line} */
export function lineOf(car, { codes }, points) {
  const strong = codes.includes(car.code);
  return { code: car.code, color: car.color, dash: car.dash, strong, faint: codes.length > 0 && !strong, tag: car.code, points };
}

/** @param {CarLaps} car @param {string[]} words @returns {Said[]} */
export function sayOf(car, ...words) {
  return [{ text: car.name, color: car.color }, ...words.filter(Boolean).map((text) => ({ text }))];
}

/** @param {RaceLaps} laps @param {Asked} asked @returns {Scene} */
export function positions(laps, asked) {
  const { cars } = laps;
  const lines = cars.map((car) => {
    const points = laps.done(car, asked.until).map((lap) => ({ x: lap.n, y: lap.position, t: lap.end, says: sayOf(car, `Lap ${lap.n} · P${lap.position ?? "–"}`, stopped(lap)) }));
    const grid = car.grid === 0 ? cars.length : car.grid;
    const start = { x: 0, y: grid, t: laps.first[0], says: sayOf(car, car.grid === 0 ? "From the pit lane" : `Grid ${grid}`) };
    return { ...lineOf(car, asked, [start, ...points]), cross: gone(laps, car, asked) };
  });
  const ticks = cars.map((_, i) => i + 1);
  return {
    x: lapAxis(laps),
    flags: laps.flags(asked.until),
    bands: [{ weight: 1, lines, y: { name: "", min: 0.5, max: cars.length + 0.5, ticks, say: (n) => `P${n}`, down: true } }],
  };
}

/** Whether the car will not come by again. @param {RaceLaps} laps @param {CarLaps} car @param {Asked} asked */
function gone(laps, { code }, { until }) {
  const driver = laps.manifest.drivers.find((one) => one.code === code);
  return driver?.retired_at != null && driver.retired_at <= until;
}

/** @param {Lap} lap */
function stopped({ kind }) {
  return kind === "in" || kind === "out_in" ? "into the pits" : kind === "out" ? "out of the pits" : "";
}

/** Behind whoever completed the lap first. @param {RaceLaps} laps @param {Asked} asked @returns {Scene} */
export function gaps(laps, asked) {
  const usual = median(laps.cars.flatMap((car) => laps.done(car, asked.until).flatMap(({ lap_time_s }) => lap_time_s ?? [])));
  const near = /** @type {number[]} */ ([]);
  const lines = laps.cars.map((car) => {
    const points = laps.done(car, asked.until).map((lap) => {
      const gap = lap.end - laps.first[lap.n];
      if (gap < usual * LAPPED) near.push(gap);
      const behind = gap ? signed(gap, 1) + " s" : "Leader";
      return { x: lap.n, y: gap, t: lap.end, says: sayOf(car, `Lap ${lap.n} · ${behind}`, lap.position === null ? "" : `P${lap.position}`, stopped(lap)) };
    });
    return lineOf(car, asked, points);
  });
  const max = Math.max(LEAST_GAP, ...near) * 1.04;
  return {
    x: lapAxis(laps),
    flags: laps.flags(asked.until),
    bands: [{ weight: 1, lines, y: { name: "Behind the leader, s", min: 0, max, ticks: ticksOf(0, max, 7), say: (n) => (n ? `+${n}` : "0"), down: true } }],
  };
}

/** The chosen cars' laps as lines, with the tyres' colours; without any, all cars' as dots. @param {RaceLaps} laps @param {Asked} asked @returns {Scene} */
export function lapTimes(laps, asked) {
  const times = laps.cars.flatMap((car) => laps.clean(car, asked.until).map(({ lap_time_s }) => Number(lap_time_s)));
  const usual = median(times);
  const [min, max] = times.length ? [Math.min(...times) * 0.995, Math.max(quantile(times, 0.99) * 1.01, usual * SLOW)] : [60, 120];
  const lines = laps.cars.map((car) => {
    const strong = asked.codes.includes(car.code);
    const points = laps.done(car, asked.until).map((lap) => {
      const { name, color } = laps.tyre(lap.tyre);
      const off = lap.deleted ? "deleted" : stopped(lap);
      const worn = lap.tyre_life === null ? name : `${name}, ${lap.tyre_life} laps old`;
      const says = sayOf(car, `Lap ${lap.n} · ${lapText(lap.lap_time_s) || "–"}`, worn, off);
      return { x: laps.xOf(lap), y: lap.lap_time_s, t: lap.end, fill: color, hollow: Boolean(off), says };
    });
    return { ...lineOf(car, asked, points), dots: true, bare: !strong, tag: strong ? car.code : "" };
  });
  const half = laps.race ? 0.5 : 0; // a lap's time is of the lap before its end
  return {
    x: { ...lapAxis(laps), min: half, max: laps.span + half },
    flags: laps.flags(asked.until).map((flag) => ({ ...flag, from: flag.from + half, to: flag.to + half })),
    marks: partsOf(laps, asked),
    bands: [{ weight: 1, lines, y: { name: "Lap time", min, max, ticks: ticksOf(min, max, 7), say: (n) => lapText(n, 1) } }],
  };
}
