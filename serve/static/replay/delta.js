// Laps laid over each other by distance: who is ahead by how much, and where.

/** @import {Trace} from "../f1-replay.js" */
/** @typedef {"speed" | "throttle" | "brake" | "gear" | "drs" | "x" | "y"} Channel */

/** Index of the last value at or below `value`, 0 at least. @param {number[]} rising @param {number} value */
function below(rising, value) {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rising[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** On the line between two samples; null in a hole. @param {number[]} at @param {(number | null)[]} values @param {number} value */
function between(at, values, value) {
  const i = below(at, value);
  const [a, b] = [values[i], values[i + 1] ?? values[i]];
  const span = (at[i + 1] ?? at[i]) - at[i];
  if (a === null || b === null) return null;
  return span > 0 ? a + ((b - a) * Math.min(Math.max(value - at[i], 0), span)) / span : a;
}

/** When the lap came there, in seconds from its begin; null in a hole. @param {Trace} trace @param {number} dist @param {number} hole s */
export function timeAt(trace, dist, hole) {
  const i = below(trace.dist, dist);
  return (trace.t[i + 1] ?? trace.t[i]) - trace.t[i] > hole ? null : between(trace.dist, trace.t, dist);
}

/** Where the lap was after so many seconds. @param {Trace} trace @param {number} t */
export function distAt(trace, t) {
  return Number(between(trace.t, trace.dist, t));
}

/** A value by distance; stepped ones hold until the next. @param {Trace} trace @param {Channel} name @param {number} dist */
export function valueAt(trace, name, dist) {
  const stepped = name === "gear" || name === "brake" || name === "drs";
  return stepped ? trace[name][below(trace.dist, dist)] : between(trace.dist, trace[name], dist);
}

/** Where the car was. @param {Trace} trace @param {number} t s from the lap's begin @returns {{x: number, y: number} | null} */
export function placeAt(trace, t) {
  const [x, y] = [between(trace.t, trace.x, t), between(trace.t, trace.y, t)];
  return x === null || y === null ? null : { x, y };
}

/**
 * How far a lap is behind the reference at each of `dists`, in seconds; null where either is unknown.
 * @param {Trace} trace @param {Trace} reference @param {number[]} dists @param {number} hole s
 */
export function deltaOf(trace, reference, dists, hole) {
  return dists.map((dist) => {
    const [own, other] = [timeAt(trace, dist, hole), timeAt(reference, dist, hole)];
    return own === null || other === null ? null : own - other;
  });
}
