// Tyres: a letter in the compound's colour, and the history of a car's sets as a bar.

/** @import {TowerStop, TowerTyres} from "../f1-replay.js" */

import { TYRES } from "../f1-replay.js";
import { make } from "./facts.js";

/** The feed's codes of an open flap. */
export const DRS_OPEN = [10, 12, 14];

const KINDS = TYRES.map((word, code) => {
  const kind = word.toLowerCase();
  const letter = word.replace(/^(HYPER|ULTRA|SUPER)?(.).*/, (_, rank = "", first) => rank.slice(0, 1) + first);
  return code ? { letter, kind, name: kind } : { letter: "?", kind, name: "unknown tyre" };
});

/** @param {any} element @param {number | null} tyre null hides it */
export function showTyre(element, tyre) {
  const { letter, kind, name } = tyre === null ? { letter: "", kind: "none", name: "" } : (KINDS[tyre] ?? KINDS[0]);
  if (element.dataset.kind === kind) return;
  element.dataset.kind = kind;
  element.textContent = letter;
  element.title = name;
}

/**
 * The sets as a bar over the laps of the race; set anew only where something changed.
 * @param {any} element @param {readonly TowerTyres[]} sets @param {number} total laps of the race
 */
export function showStints(element, sets, total) {
  const key = sets.map(({ tyre, laps, age }) => `${tyre} ${laps} ${age}`).join();
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(
    ...sets.map(({ tyre, laps, age }) => {
      const part = make("i", { textContent: laps > total / 12 ? laps : "" });
      part.dataset.kind = (KINDS[tyre] ?? KINDS[0]).kind;
      part.style.width = `${(100 * Math.max(laps, 0.5)) / Math.max(total, 1)}%`;
      part.title = stintText({ tyre, laps, age });
      return part;
    }),
  );
}

/** @param {Pick<TowerTyres, "tyre" | "laps" | "age">} set */
export function stintText({ tyre, laps, age }) {
  const { name } = KINDS[tyre] ?? KINDS[0];
  const old = age === null || age === laps ? "" : `, ${age} laps old`;
  return `${name[0].toUpperCase() + name.slice(1)}: ${laps} lap${laps === 1 ? "" : "s"}${old}`;
}

/** @param {TowerStop} stop */
export function stopText({ lap, lane_time_s, stationary_s, kind }) {
  const what = { tyres: "stop", drive_through: "drive-through", stop_and_go: "stop and go", red_flag: "red flag" }[kind ?? ""];
  const stood = stationary_s === null ? "" : `, stood ${stationary_s.toFixed(1)} s`;
  return `Lap ${lap}: ${what ?? "pit lane"}${lane_time_s === null ? "" : ` ${lane_time_s.toFixed(1)} s`}${stood}`;
}
