// How a scene is drawn: axes, flags, lines, bars. Nothing here knows what a lap is.

import { clash, inkFor } from "./colors.js";
import { disc, paintLine, say } from "./strokes.js";

/** @typedef {{text: string, color?: string}} Said a line of what a spot says */
/**
 * A point of a line; null is a hole. `t` is the race's moment that a click goes to.
 * @typedef {{x: number, y: number | null, t?: number, says?: Said[], fill?: string, hollow?: boolean}} Point
 */
/**
 * @typedef {{code: string, color: string, dash?: number[], faint?: boolean, strong?: boolean, dots?: boolean, step?: boolean,
 *   bare?: boolean, wide?: number, tag?: string, cross?: boolean, points: Point[]}} Line
 */
/** @typedef {{from: number, to: number, row: number, color: string, text: string, faint?: boolean, half?: boolean, t?: number, says: Said[]}} Bar */
/** @typedef {{name: string, min: number, max: number, ticks: number[], say(value: number): string, down?: boolean}} Axis */
/** @typedef {{y: Axis, weight: number, lines: Line[], bars?: Bar[]}} Band one above the other, on one x axis */
/**
 * @typedef {{x: Axis, bands: Band[], flags?: {from: number, to: number, kind: string, text: string}[], marks?: {x: number, text: string}[],
 *   zooms?: boolean, right?: number, tell?: (x: number) => {t?: number, says: Said[]}}} Scene with `tell` it is the x alone that counts
 */
/** @typedef {{x: number, px: number, py: number, t?: number, says: Said[], line?: Line, point?: Point}} Spot */
/** @typedef {{top: number, bottom: number, y(value: number): number}} Row */
/** @typedef {{width: number, height: number, left: number, right: number, top: number, bottom: number, rows: Row[], min: number, max: number, x(value: number): number, xAt(px: number): number}} Frame */
/** @typedef {CanvasRenderingContext2D} Ctx */
/** @typedef {Record<string, string>} Ink */

const LEFT = 50;
const RIGHT = 44;
const FOOT = 24;
const HEAD = 8;
const MARKS = 16;
const GAP = 18; // with the next one's name in it
const TAG = 10.5; // px from name to name
const NEAR = 34; // px from a point that still means it
const FONT = "11px system-ui, sans-serif";
const SMALL = "10px system-ui, sans-serif";
const FLAGS = { yellow: "yellow", sc: "sc", vsc: "sc", red: "red" };
const ROOM = 9; // px for a letter and some air

/** Where everything is. @param {Scene} scene @param {number} width @param {number} height @param {[number, number] | null} view @returns {Frame} */
export function frameOf(scene, width, height, view) {
  const [min, max] = view ?? [scene.x.min, scene.x.max];
  const [left, right] = [LEFT, width - (scene.right ?? RIGHT)];
  const top = HEAD + (scene.marks ? MARKS : 0) + (scene.bands[0]?.y.name ? GAP - 6 : 0);
  const bottom = height - FOOT;
  const room = bottom - top - GAP * (scene.bands.length - 1);
  const weights = scene.bands.reduce((sum, { weight }) => sum + weight, 0);
  let from = top;
  const rows = scene.bands.map(({ y, weight }) => {
    const row = { top: from, bottom: from + (room * weight) / weights };
    from = row.bottom + GAP;
    const share = (/** @type {number} */ value) => (value - y.min) / (y.max - y.min || 1);
    return { ...row, y: (/** @type {number} */ value) => row.top + (row.bottom - row.top) * (y.down ? share(value) : 1 - share(value)) };
  });
  const scale = (right - left) / (max - min || 1);
  const x = (/** @type {number} */ value) => left + (value - min) * scale;
  return { width, height, left, right, top, bottom, rows, min, max, x, xAt: (px) => min + (px - left) / scale };
}

/** @param {Ctx} ctx @param {Scene} scene @param {Frame} frame @param {Ink} ink */
export function paint(ctx, scene, frame, ink) {
  ctx.clearRect(0, 0, frame.width, frame.height);
  ctx.lineJoin = "round";
  paintFlags(ctx, scene, frame, ink);
  paintX(ctx, scene, frame, ink);
  scene.bands.forEach((band, i) => {
    const row = frame.rows[i];
    paintY(ctx, band.y, row, frame, ink);
    clipped(ctx, frame, row, () => {
      for (const bar of band.bars ?? []) paintBar(ctx, bar, row, frame, ink);
      for (const line of inOrder(band.lines)) paintLine(ctx, line, row, frame, ink);
    });
    paintTags(ctx, band.lines, row, frame, ink);
    say(ctx, band.y.name, frame.left, row.top - 3, ink.dim, "left", "bottom", SMALL);
  });
}

/** What is looked at comes last, over the others. @param {Line[]} lines */
function inOrder(lines) {
  const rank = (/** @type {Line} */ line) => (line.faint ? 0 : line.strong ? 2 : 1);
  return [...lines].sort((a, b) => rank(a) - rank(b));
}

/**
 * The spot that is pointed at, where the replay is, and the stretch that is being chosen.
 * @param {Ctx} ctx @param {Scene} scene @param {Frame} frame @param {Ink} ink
 * @param {{spot: Spot | null, cursor: number | null, drag: {from: number, to: number} | null}} shown
 */
export function paintFront(ctx, scene, frame, ink, { spot, cursor, drag }) {
  const upright = (/** @type {number} */ px, /** @type {string} */ color) => {
    ctx.fillStyle = color;
    if (px >= frame.left - 1 && px <= frame.right + 1) ctx.fillRect(Math.round(px), frame.top, 1, frame.bottom - frame.top);
  };
  if (drag && Math.abs(drag.to - drag.from) > 2) {
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = ink.accent;
    ctx.fillRect(Math.min(drag.from, drag.to), frame.top, Math.abs(drag.to - drag.from), frame.bottom - frame.top);
    ctx.globalAlpha = 1;
  }
  ctx.globalAlpha = 0.8;
  if (cursor !== null) upright(frame.x(cursor), ink.accent);
  ctx.globalAlpha = 1;
  if (!spot) return;
  if (scene.tell) return upright(spot.px, ink.dim);
  const band = scene.bands.findIndex(({ lines }) => spot.line && lines.includes(spot.line));
  if (!spot.line || band < 0) return;
  clipped(ctx, frame, frame.rows[band], () => paintLine(ctx, { .../** @type {Line} */ (spot.line), faint: false, strong: true }, frame.rows[band], frame, ink));
  disc(ctx, spot.px, spot.py, 5, ink.ink);
  disc(ctx, spot.px, spot.py, 3, inkFor(spot.line.color, ink.panel));
}

/** The nearest point, or the bar under the pointer. @param {Scene} scene @param {Frame} frame @param {number} px @param {number} py @returns {Spot | null} */
export function spotAt(scene, frame, px, py) {
  if (px < frame.left - 8 || px > frame.right + RIGHT) return null;
  if (scene.tell) {
    const x = Math.min(Math.max(frame.xAt(px), frame.min), frame.max);
    return { x, px: frame.x(x), py, ...scene.tell(x) };
  }
  const found = allSpots(scene, frame).map((spot) => ({ spot, far: Math.hypot(spot.px - px, (spot.py - py) * 1.5) - (spot.line?.faint ? 0 : 6) }));
  const best = found.sort((a, b) => a.far - b.far)[0];
  const bar = barAt(scene, frame, px, py);
  return bar ?? (best && best.far < NEAR ? best.spot : null);
}

/** @param {Scene} scene @param {Frame} frame @param {number} px @param {number} py @returns {Spot | null} */
function barAt(scene, frame, px, py) {
  for (const [i, band] of scene.bands.entries())
    for (const bar of (band.bars ?? []).toReversed()) {
      const half = halfOf(frame.rows[i]) * (bar.half ? 1.3 : 1);
      const over = Math.abs(frame.rows[i].y(bar.row) - py) <= half && px >= frame.x(bar.from) - 2 && px <= frame.x(bar.to) + 2;
      if (over) return { x: bar.from, px, py, t: bar.t, says: bar.says };
    }
  return null;
}

/** The next spot for an arrow key. @param {Scene} scene @param {Frame} frame @param {Spot | null} spot @param {[number, number]} step @returns {Spot | null} */
export function spots(scene, frame, spot, [dx, dy]) {
  if (scene.tell) {
    const px = (spot?.px ?? frame.left) + dx * 4;
    return spotAt(scene, frame, Math.min(Math.max(px, frame.left), frame.right), frame.top + 20);
  }
  const all = allSpots(scene, frame);
  if (!spot) return all.at(-1) ?? null;
  const along = dy ? all.filter(({ x }) => x === spot.x).sort((a, b) => a.py - b.py) : all.filter(({ line }) => line === spot.line).sort((a, b) => a.x - b.x);
  const at = along.findIndex(({ line, x }) => line === spot.line && x === spot.x);
  return along[Math.min(Math.max(at + dx + dy, 0), along.length - 1)] ?? spot;
}

/** @param {Scene} scene @param {Frame} frame @returns {Spot[]} */
function allSpots(scene, frame) {
  return scene.bands.flatMap((band, i) =>
    band.lines.flatMap((line) =>
      line.points.flatMap((point) => {
        if (point.y === null || !point.says || point.y < band.y.min || point.y > band.y.max) return [];
        const { x, t, says } = point;
        return { x, t, says, line, point, px: frame.x(x), py: frame.rows[i].y(point.y) };
      }),
    ),
  );
}

/** @param {Ctx} ctx @param {Frame} frame @param {Row} row @param {() => void} draw */
function clipped(ctx, frame, row, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(frame.left - 1, row.top - 5, frame.right - frame.left + 8, row.bottom - row.top + 10);
  ctx.clip();
  draw();
  ctx.restore();
}

/** @param {Ctx} ctx @param {Scene} scene @param {Frame} frame @param {Ink} ink */
function paintFlags(ctx, scene, frame, ink) {
  for (const { from, to, kind, text } of scene.flags ?? []) {
    const [a, b] = [Math.max(frame.x(from), frame.left), Math.min(frame.x(to), frame.right)];
    if (b <= a) continue;
    ctx.fillStyle = ink[/** @type {Record<string, string>} */ (FLAGS)[kind]];
    ctx.globalAlpha = 0.16;
    ctx.fillRect(a, frame.top, b - a, frame.bottom - frame.top);
    ctx.globalAlpha = 1;
    ctx.fillRect(a, frame.bottom - 2, b - a, 2);
    if (text && b - a > ROOM * text.length) say(ctx, text, (a + b) / 2, frame.bottom - 5, ink.dim, "center", "bottom", `700 ${SMALL}`);
  }
}

/** @param {Ctx} ctx @param {Scene} scene @param {Frame} frame @param {Ink} ink */
function paintX(ctx, { x, marks }, frame, ink) {
  let free = frame.left - 20;
  ctx.font = SMALL;
  const end = frame.width - 4;
  const named = end - ctx.measureText(x.name).width - 16;
  for (const value of x.ticks.filter((tick) => tick >= frame.min && tick <= frame.max)) {
    const px = frame.x(value);
    if (px < free || px > named) continue;
    say(ctx, x.say(value), px, frame.bottom + 7, ink.dim, "center", "top", FONT);
    free = px + 30;
  }
  say(ctx, x.name, end, frame.bottom + 7, ink.dim, "right", "top", SMALL);
  let after = -Infinity;
  for (const mark of marks ?? []) {
    const px = frame.x(mark.x);
    if (px < frame.left || px > frame.right) continue;
    ctx.fillStyle = ink.line;
    ctx.fillRect(Math.round(px), frame.top - 2, 1, frame.bottom - frame.top + 2);
    if (px < after) continue;
    say(ctx, mark.text, px, 4, ink.dim, "center", "top", SMALL);
    after = px + ctx.measureText(mark.text).width + 5;
  }
}

/** @param {Ctx} ctx @param {Axis} axis @param {Row} row @param {Frame} frame @param {Ink} ink */
function paintY(ctx, axis, row, frame, ink) {
  const taken = /** @type {number[]} */ ([]);
  for (const value of [...axis.ticks].sort((a, b) => Number(b === 0) - Number(a === 0))) {
    const y = row.y(value);
    if (y < row.top - 1 || y > row.bottom + 1) continue;
    ctx.fillStyle = ink.line;
    ctx.fillRect(frame.left, Math.round(y), frame.right - frame.left, 1);
    if (taken.some((other) => Math.abs(y - other) < 11)) continue;
    say(ctx, axis.say(value), frame.left - 7, y, ink.dim, "right", "middle", FONT);
    taken.push(y);
  }
}

/** The names at the lines' ends, moved apart. @param {Ctx} ctx @param {Line[]} lines @param {Row} row @param {Frame} frame @param {Ink} ink */
function paintTags(ctx, lines, row, frame, ink) {
  const tags = lines.flatMap((line) => {
    const end = line.tag ? line.points.findLast(({ y }) => y !== null) : undefined;
    if (!end || end.y === null || frame.x(end.x) < frame.left || frame.x(end.x) > frame.right + 1) return [];
    const at = Math.min(Math.max(row.y(end.y), row.top + 4), row.bottom - 4);
    return row.y(end.y) > row.bottom + 30 || row.y(end.y) < row.top - 30 ? [] : [{ line, x: frame.x(end.x) + 7, y: at }];
  });
  tags.sort((a, b) => a.y - b.y);
  spread(tags, 1, Infinity);
  spread(tags.toReversed(), -1, row.bottom + 2); // back from the foot
  for (const tag of tags) {
    ctx.globalAlpha = tag.line.faint ? 0.45 : 1;
    const { color, strong, tag: text } = tag.line;
    ctx.fillStyle = ink.panel;
    ctx.fillRect(tag.x - 2, tag.y - 6, ctx.measureText(String(text)).width + 4, 11);
    say(ctx, String(text), tag.x, tag.y, inkFor(color, ink.panel, 3), "left", "middle", strong ? `700 ${FONT}` : `600 ${SMALL}`);
    ctx.globalAlpha = 1;
  }
}

/** @param {Row} row */
function halfOf(row) {
  return Math.min(Math.max(Math.abs(row.y(1) - row.y(0)) * 0.34, 3), 11);
}

/** @param {Ctx} ctx @param {Bar} bar @param {Row} row @param {Frame} frame @param {Ink} ink */
function paintBar(ctx, bar, row, frame, ink) {
  const [a, b] = [frame.x(bar.from), frame.x(bar.to)];
  const half = halfOf(row) * (bar.half ? 1.3 : 1);
  const y = row.y(bar.row);
  ctx.globalAlpha = bar.faint ? 0.3 : 1;
  ctx.fillStyle = bar.color;
  ctx.beginPath();
  ctx.roundRect(a + 1, y - half, Math.max(b - a - 2, 2), 2 * half, Math.min(half, 4));
  ctx.fill();
  ctx.strokeStyle = ink.dim;
  ctx.lineWidth = 0.75;
  if (clash(bar.color, ink.panel)) ctx.stroke();
  ctx.font = `600 ${SMALL}`;
  if (half >= 6 && ctx.measureText(bar.text).width < b - a - 10) say(ctx, bar.text, (a + b) / 2, y + 0.5, "#10141a", "center", "middle", `600 ${SMALL}`);
  ctx.globalAlpha = 1;
}

/** Move those that touch one that came before on its way. @param {{x: number, y: number}[]} tags @param {1 | -1} way @param {number} foot */
function spread(tags, way, foot) {
  tags.forEach((tag, i) => {
    tag.y = Math.min(tag.y, foot);
    for (const other of tags.slice(0, i))
      if (Math.abs(other.x - tag.x) < 26 && (tag.y - other.y) * way < TAG) tag.y = way > 0 ? Math.max(tag.y, other.y + TAG) : Math.min(tag.y, other.y - TAG);
  });
}
