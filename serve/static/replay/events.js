// What happened when: the moments to jump to, and how an event is told.

/** @import {Page} from "./page.js" */
/** @import {EventsColumns, Manifest, Message, Row, TimingDocument} from "../f1-replay.js" */

import { rows } from "../f1-replay.js";
import { finishTime, isTimed } from "./facts.js";
import { lapText } from "./format.js";

/** What can be told in a line: known at `t`, of the moment `at`. */
/** @typedef {{t: number, at: number, kind: string, driver: string | null, other: string | null, text: string}} Told */

/** What can be jumped to, and how many seconds before it one wants to be. @type {Record<string, {name: string, lead: number}>} */
export const JUMPS = {
  lap: { name: "Lap", lead: 0 },
  part: { name: "Part of qualifying", lead: 0 },
  flag: { name: "Flag or retirement", lead: 0 },
  overtake: { name: "Overtake", lead: 5 },
  pit_stop: { name: "Pit stop", lead: 3 },
  message: { name: "Race control", lead: 0 },
};
/** And by so many seconds: fingers have no arrow keys. @type {Record<string, number>} */
export const SPANS = { "10 seconds": 10, "1 minute": 60, "5 minutes": 300 };
const WAYS = { pits: "in the pits", slow: "who is slow", start: "at the start", red_flag: "under the red flag", safety_car: "behind the safety car", retirement: "who is out" };

/**
 * When a typed lap began, null where there is none: the race's, in other sessions that of the car chosen last.
 * @param {Page} page @param {TimingDocument} timing @param {number} n
 */
export function lapStart({ race: { manifest }, selection }, timing, n) {
  if (!isTimed(manifest)) return n === 1 ? (manifest.clock.lights_out_s ?? 0) : (lapStarts(timing)[n - 2] ?? null);
  return rows(timing.laps).find(({ driver, lap }) => driver === selection.last && lap === n)?.start_s ?? null;
}

/** When each lap of the race began, from lap 2 on: where the first car ended the one before. @param {TimingDocument} timing */
export function lapStarts({ laps }) {
  /** @type {number[]} */ const starts = [];
  laps.end_s.forEach((t, i) => {
    const lap = laps.lap[i];
    if (t !== null && lap !== null && !laps.generated[i] && t < (starts[lap - 1] ?? Infinity)) starts[lap - 1] = t;
  });
  for (let i = starts.length - 2; i >= 0; i--) starts[i] ??= starts[i + 1]; // where nobody knows it
  return starts;
}

/** When timed laps began, where nobody races. @param {TimingDocument} timing @param {(lap: {driver: string | null, other: null}) => boolean} about */
function attempts({ laps }, about) {
  const timed = rows(laps).filter(({ driver, kind }) => kind === "timed" && about({ driver, other: null }));
  return timed.flatMap(({ start_s }) => start_s ?? []);
}

/** When flags change and cars retire, the start and the finish. @param {Manifest} manifest */
function flags(manifest) {
  const { track_statuses, drivers, clock } = manifest;
  const out = drivers.flatMap(({ retired_at }) => retired_at ?? []);
  return [clock.lights_out_s ?? 0, ...track_statuses.map(({ start_time }) => start_time), ...out, finishTime(manifest) ?? 0];
}

/**
 * The times to jump to, in order: of the chosen cars, where it is a car's matter.
 * @param {Page} page @param {TimingDocument | null} timing @param {string} kind
 */
export function moments({ race, selection }, timing, kind) {
  const about = (/** @type {Pick<Told, "driver" | "other">} */ { driver, other }) => !selection.codes.length || [driver, other].some((code) => code && selection.has(code));
  const { manifest } = race;
  let times = /** @type {number[]} */ ([]);
  if (kind === "flag") times = flags(manifest);
  else if (kind === "part") times = (manifest.parts ?? []).flatMap(({ start, end }) => (end === null ? [start] : [start, end]));
  else if (kind === "message") times = messages(manifest).filter(about).map(({ at }) => at);
  else if (timing && kind === "lap") times = isTimed(manifest) ? attempts(timing, about) : lapStarts(timing);
  else if (timing) times = told(timing, manifest).filter((event) => event.kind === kind && about(event)).map(({ at }) => at);
  const lead = JUMPS[kind].lead;
  return times.map((t) => Math.max(t - lead, 0)).sort((a, b) => a - b);
}

/** Race control's messages, with whom each is about. @param {Manifest} manifest @returns {(Told & {message: Message})[]} */
export function messages({ race_control, drivers }) {
  const codes = new Map(drivers.map(({ number, code }) => [number, code]));
  return race_control.map((message) => {
    const named = [...message.message.matchAll(/\((\w{3})\)/g)].map(([, code]) => code);
    const own = codes.get(message.number ?? "") ?? named[0] ?? null;
    return { t: message.t, at: message.t, kind: "message", driver: own, other: named.find((code) => code !== own) ?? null, text: message.message, message };
  });
}

/** The events that can be told in a line. @param {TimingDocument} timing @param {Manifest} manifest @returns {Told[]} */
export function told({ events }, manifest) {
  const timed = isTimed(manifest);
  const out = rows(events).flatMap((event) => {
    const text = timed && event.kind === "pit_stop" ? waited(event) : say(event);
    const known = event.t_s + (event.kind === "pit_stop" ? (event.seconds ?? 0) : 0); // how long it took
    return text ? { t: known, at: event.t_s, kind: event.kind, driver: event.driver, other: event.other, text } : [];
  });
  return out.sort((a, b) => a.t - b.t);
}

/** Where nobody races, who is in the pits waits there. @param {Row<EventsColumns>} event */
function waited({ driver, seconds }) {
  return `${driver} in the garage${seconds === null ? "" : `, ${seconds < 60 ? `${Math.round(seconds)} s` : lapText(seconds, 0)}`}`;
}

/** @param {Row<EventsColumns>} event */
function say({ kind, driver, other, position, seconds, detail }) {
  const why = detail ? `: ${detail.toLowerCase()}` : "";
  switch (kind) {
    case "start": return "Lights out";
    case "restart": return "Restart";
    case "stop": return "Race stopped";
    case "chequered_flag": return "Chequered flag";
    case "overtake": return `${driver} passes ${other}${position ? ` for P${position}` : ""} ${/** @type {any} */ (WAYS)[detail ?? ""] ?? ""}`.trim();
    case "pit_stop": return `${driver} in the pits${seconds === null ? "" : `, ${seconds.toFixed(1)} s`}`;
    case "fastest_lap": return `${driver} fastest lap ${lapText(seconds)}`;
    case "retirement": return `${driver} is out`;
    case "deleted_lap": return `${driver} lap time deleted${why}`;
    case "penalty": return `${driver} penalty${why}`;
    case "investigation": return `${driver} under investigation${why}`;
    case "disqualified": return `${driver} disqualified${why}`;
    default: return "";
  }
}
