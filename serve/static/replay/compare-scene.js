// Two to four laps as one scene: speed, delta, throttle, brake, gear and DRS over the distance.

/** @import {Manifest, Trace} from "../f1-replay.js" */
/** @import {Band, Line, Point, Scene} from "./paint.js" */
/** @import {Channel} from "./delta.js" */

import { signed, ticksOf } from "./axes.js";
import { make } from "./facts.js";
import { deltaOf, timeAt, valueAt } from "./delta.js";

/** A lap in a comparison. @typedef {{trace: Trace, session: string, code: string, label: string, color: string, dash: number[] | undefined}} Laid */

const EVERY_M = 10;
const DRS_OPEN = [10, 12, 14];
const LEAST_DELTA = 0.1; // s

/** @param {Laid[]} laid the first is the reference @param {Manifest} manifest @returns {Scene} */
export function compareScene(laid, manifest) {
  const length = Number(manifest.circuit.length_m);
  const hole = manifest.replay.hole_ms / 1000;
  const speeds = laid.flatMap(({ trace }) => trace.speed.flatMap((v) => v ?? []));
  const top = Math.ceil(Math.max(...speeds, 100) / 20) * 20;
  const least = Math.floor(Math.min(...speeds, top - 100) / 20) * 20;
  const line = (/** @type {Channel} */ name, /** @type {Partial<Line>} */ more = {}) => laid.map((one) => ({ ...bare(one), ...more, points: pointsOf(one.trace, name, hole) }));
  /** @type {Band[]} */ const bands = [
    { weight: 5, lines: line("speed"), y: { name: "Speed, km/h", min: least, max: top, ticks: ticksOf(least, top, 5), say: String } },
    deltaBand(laid, length, hole),
    { weight: 1.7, lines: line("throttle"), y: { name: "Throttle, %", min: 0, max: 104, ticks: [0, 50, 100], say: String } },
    onOff("Brake", laid, (trace, i) => trace.brake[i] === 1, hole),
    { weight: 1.8, lines: line("gear", { step: true }), y: { name: "Gear", min: 0.5, max: 8.5, ticks: [2, 4, 6, 8], say: String } },
    onOff("DRS", laid, (trace, i) => DRS_OPEN.includes(trace.drs[i] ?? 0), hole),
  ];
  return {
    x: { name: "m", min: 0, max: length, ticks: ticksOf(0, length, 12), say: (n) => n.toLocaleString("en-GB") },
    bands: bands.filter(({ y }) => y.name !== "DRS" || laid.some(({ trace }) => trace.drs.some((code) => DRS_OPEN.includes(code ?? 0)))),
    marks: manifest.circuit.corners.flatMap(({ dist, number, letter }) => (dist === null ? [] : { x: dist, text: `${number}${letter}` })),
    zooms: true,
    tell: (x) => told(laid, x, hole),
  };
}

/** @param {Laid} laid @returns {Omit<Line, "points">} */
function bare({ code, color, dash }) {
  return { code, color, dash };
}

/** @param {Trace} trace @param {Channel} name @param {number} hole @returns {Point[]} */
function pointsOf(trace, name, hole) {
  return trace.dist.flatMap((x, i) => {
    const point = { x, y: trace[name][i] };
    return trace.t[i] - (trace.t[i - 1] ?? 0) > hole ? [{ x, y: null }, point] : [point];
  });
}

/** @param {Laid[]} laid @param {number} length @param {number} hole @returns {Band} */
function deltaBand(laid, length, hole) {
  const [reference, ...others] = laid;
  const dists = Array.from({ length: Math.floor(length / EVERY_M) + 1 }, (_, i) => i * EVERY_M).concat(length);
  const lines = others.map((one) => {
    const delta = deltaOf(one.trace, reference.trace, dists, hole);
    return { ...bare(one), points: dists.map((x, i) => ({ x, y: delta[i] })) };
  });
  const all = lines.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []));
  const [low, high] = [Math.min(-LEAST_DELTA, ...all), Math.max(LEAST_DELTA, ...all)];
  const pad = (high - low) * 0.06;
  const base = { ...bare(reference), points: [{ x: 0, y: 0 }, { x: length, y: 0 }] };
  const digits = high - low > 2 ? 0 : 1;
  return {
    weight: 2.6,
    lines: [base, ...lines],
    y: { name: `Behind ${reference.label}, s`, min: low - pad, max: high + pad, ticks: ticksOf(low - pad, high + pad, 5), say: (n) => (n ? signed(n, digits) : "0"), down: true },
  };
}

/** A row for each lap, filled where something is on. @param {string} name @param {Laid[]} laid @param {(trace: Trace, i: number) => boolean} on @param {number} hole @returns {Band} */
function onOff(name, laid, on, hole) {
  const lines = laid.map((one, row) => {
    const { dist, t } = one.trace;
    const points = dist.flatMap((x, i) => {
      const lost = t[i] - (t[i - 1] ?? 0) > hole;
      const y = on(one.trace, i) ? laid.length - row - 0.5 : null;
      return y === null && i && on(one.trace, i - 1) && !lost ? [{ x, y: laid.length - row - 0.5 }, { x, y }] : [{ x, y }];
    });
    return { code: one.code, color: one.color, wide: 4, points };
  });
  return { weight: 0.35 + 0.22 * laid.length, lines, y: { name, min: 0, max: laid.length, ticks: [], say: String } };
}

/** Everyone's values there. @param {Laid[]} laid @param {number} x @param {number} hole */
function told(laid, x, hole) {
  const first = timeAt(laid[0].trace, x, hole);
  const says = laid.map(({ trace, label, color }, i) => {
    const t = timeAt(trace, x, hole);
    const value = (/** @type {Channel} */ name, unit = "") => {
      const v = valueAt(trace, name, x);
      return v === null ? "–" : `${Math.round(v)}${unit}`;
    };
    const behind = !i || t === null || first === null ? "" : ` · ${signed(t - first)} s`;
    return { color, text: `${label} · ${value("speed", " km/h")} · gear ${value("gear")} · ${value("throttle", " %")}${valueAt(trace, "brake", x) === 1 ? " · brake" : ""}${behind}` };
  });
  return { t: first === null ? undefined : laid[0].trace.start_s + first, says: [{ text: `${Math.round(x).toLocaleString("en-GB")} m` }, ...says] };
}

/** The same in words: speed and delta at each corner, and at the line. @param {Laid[]} laid @param {Manifest} manifest */
export function cornerTable(laid, manifest) {
  const hole = manifest.replay.hole_ms / 1000;
  const corners = manifest.circuit.corners.flatMap(({ dist, number, letter }) => (dist === null ? [] : { dist, name: `Turn ${number}${letter}` }));
  const rows = [...corners, { dist: Number(manifest.circuit.length_m), name: "Line" }].map(({ dist, name }) => {
    const first = timeAt(laid[0].trace, dist, hole);
    const cells = laid.map(({ trace }, i) => {
      const [speed, t] = [valueAt(trace, "speed", dist), timeAt(trace, dist, hole)];
      const behind = !i || t === null || first === null ? "" : `, ${signed(t - first)} s`;
      return make("td", { textContent: `${speed === null ? "–" : Math.round(speed)} km/h${behind}` });
    });
    return make("tr", {}, make("th", { scope: "row", textContent: name }), ...cells);
  });
  const head = make("tr", {}, make("td"), ...laid.map(({ label }) => make("th", { scope: "col", textContent: label })));
  return make("div", { className: "tableview", tabIndex: 0 }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}
