// How times and gaps are written.

/** @import {Car} from "../f1-replay.js" */

/** 83.081 as 1:23.081, and 28.4 as 28.400. @param {number | null | undefined} seconds @param {number} [digits] of the fraction */
export function lapText(seconds, digits = 3) {
  if (seconds === null || seconds === undefined) return "";
  const units = Math.round(seconds * 10 ** digits);
  const minutes = Math.floor(units / (60 * 10 ** digits));
  const rest = ((units % (60 * 10 ** digits)) / 10 ** digits).toFixed(digits);
  return minutes ? `${minutes}:${rest.padStart(digits ? digits + 3 : 2, "0")}` : rest;
}

/** 6126.304 as 1:42:06.304. @param {number} seconds */
export function raceText(seconds) {
  const hours = Math.floor(seconds / 3600);
  const rest = lapText(seconds - hours * 3600);
  return hours ? `${hours}:${rest.includes(":") ? rest.padStart(9, "0") : `00:${rest.padStart(6, "0")}`}` : rest;
}

/** @param {number} laps */
export function lapsText(laps) {
  return `+${laps} lap${laps > 1 ? "s" : ""}`;
}

const LINE_M = 1; // distances are whole metres: cars that finished a lap apart are that much off at most

/**
 * Behind the car in front: in seconds, else in laps.
 * @param {Car} car @param {Car} front @param {number | null | undefined} seconds older races have no interval
 * @param {number | null | undefined} laps_down @param {number | null} length of the lap (m)
 */
export function behindText(car, front, seconds, laps_down, length) {
  if (typeof seconds === "number") return `+${seconds.toFixed(3)}`;
  const known = length && car.dist !== null && front.dist !== null;
  const laps = laps_down || (known ? Math.floor((Number(front.dist) - Number(car.dist) + LINE_M) / length) : 0);
  return laps > 0 ? lapsText(laps) : "–";
}
