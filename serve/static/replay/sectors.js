// Which stretches of the track are under a yellow flag: the marshal sectors that race control names.

/** @import {Circuit, Message} from "../f1-replay.js" */

/** The marshal sectors under yellow at `t`, in order. @param {readonly Message[]} messages by time @param {number} t */
export function yellowSectors(messages, t) {
  const yellow = new Set();
  for (const { t: when, flag, scope, sector } of messages) {
    if (when > t) break;
    if (scope === "Track") yellow.clear();
    else if (scope !== "Sector" || sector === null) continue;
    else if (flag?.includes("YELLOW")) yellow.add(sector);
    else if (flag === "CLEAR") yellow.delete(sector);
  }
  return [...yellow].sort((a, b) => a - b);
}

/**
 * Indices of the outline's points in a marshal sector, which ends where the next begins; null where the map does
 * not know it.
 * @param {Circuit} circuit @param {number} number
 */
export function stretchOf({ marshal_sectors: marks, length_m: length, x }, number) {
  const placed = (marks ?? []).flatMap(({ number, dist }) => (dist === null ? [] : [{ number, dist }]));
  placed.sort((a, b) => a.dist - b.dist);
  const i = placed.findIndex((mark) => mark.number === number);
  if (i < 0 || placed.length < 2 || !length) return null;
  const [from, to] = [placed[i], placed[(i + 1) % placed.length]].map(({ dist }) => Math.round((dist / length) * x.length));
  const points = (to - from + x.length) % x.length;
  return Array.from({ length: points + 1 }, (_, k) => (from + k) % x.length);
}
