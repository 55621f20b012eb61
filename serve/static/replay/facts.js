// What the manifest says about a moment, and how it is written. Pure functions.

/** @import {Driver, Manifest, State} from "../f1-replay.js" */

import { TRACK_STATUSES } from "../f1-replay.js";

/** @type {Record<string, string>} */
const KINDS = { 1: "clear", 2: "yellow", 4: "sc", 5: "red", 6: "vsc", 7: "vsc" };
/** What is written where a flag is a stretch of time, by its kind. @type {Record<string, string>} */
export const FLAG_WORDS = { sc: "SC", vsc: "VSC", red: "RED" };
/** Flags by F1's track status code. @type {Record<string, {name: string, kind: string}>} */
export const FLAGS = {};
for (const [code, said] of Object.entries(TRACK_STATUSES))
  FLAGS[code] = { name: said[0].toUpperCase() + said.slice(1), kind: KINDS[code] };

/** Index of the last item at or before `t`, -1 for none. @param {ReadonlyArray<any>} items @param {number} t */
export function lastAt(items, t, key = "t") {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle][key] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The track status at `t`. @param {Manifest} manifest @param {number} t */
export function flagAt(manifest, t) {
  const { status } = manifest.track_statuses[lastAt(manifest.track_statuses, t, "start_time")] ?? {};
  return FLAGS[status ?? "1"] ?? FLAGS[1];
}

/** @param {number} t */
export function clockText(t) {
  const s = Math.max(0, Math.floor(t));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Whether the car has come to its final halt. @param {Driver | undefined} driver @param {number} t */
export function isOut(driver, t) {
  return typeof driver?.retired_at === "number" && t >= driver.retired_at;
}

/** When the leader takes the flag. @param {Manifest} manifest */
export function finishTime(manifest) {
  const times = manifest.drivers.map((driver) => driver.finished_at).filter((t) => t !== null);
  return times.length ? Math.min(...times) : null;
}

/** Qualifying and practice: nobody races there, cars go by their best laps. @param {Manifest} manifest */
export function isTimed({ event }) {
  return event.session !== "R" && event.session !== "S";
}

/** The part of qualifying that has begun last. @param {Manifest} manifest @param {number} t */
export function partAt({ parts = [] }, t) {
  return parts[lastAt(parts, t, "start")] ?? null;
}

/** @param {Driver | undefined} driver */
export function colorOf(driver) {
  return driver?.color ? `#${driver.color}` : "#9aa4b2";
}

/** Black or white, whichever is read better on a colour. @param {string} color six hex digits after a # */
export function inkOn(color) {
  const [r, g, b] = [1, 3, 5].map((i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff"; // where both have the same contrast
}

/** An element by id that the page has. @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * A new element. @param {string} tag @param {Record<string, any>} [set] properties @param {(Node | string)[]} inside
 * @returns {any}
 */
export function make(tag, set = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), set);
  element.append(...inside);
  return element;
}

/** Write text only where it changed: no layout for nothing. @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
