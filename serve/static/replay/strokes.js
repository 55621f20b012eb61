// Lines, dots and words on a canvas.

/** @import {Ctx, Frame, Ink, Line, Row} from "./paint.js" */

import { inkFor } from "./colors.js";

/** @param {Ctx} ctx @param {Line} line @param {Row} row @param {Frame} frame @param {Ink} ink */
export function paintLine(ctx, line, row, frame, ink) {
  const color = inkFor(line.color, ink.panel);
  ctx.globalAlpha = line.faint ? 0.22 : 1;
  ctx.strokeStyle = color;
  ctx.lineWidth = line.wide ?? (line.strong ? 2.5 : 1.6);
  ctx.setLineDash(line.dash ?? []);
  if (!line.bare) strokeLine(ctx, line, row, frame);
  ctx.setLineDash([]);
  if (line.dots)
    for (const { x, y, fill, hollow } of line.points) {
      if (y === null) continue;
      disc(ctx, frame.x(x), row.y(y), line.strong ? 4.2 : 3.4, color);
      disc(ctx, frame.x(x), row.y(y), line.strong ? 2.7 : 2.1, hollow ? ink.panel : (fill ?? color));
    }
  const end = line.points.findLast(({ y }) => y !== null);
  if (line.cross && end) cross(ctx, frame.x(end.x), row.y(/** @type {number} */ (end.y)), color);
  ctx.globalAlpha = 1;
}

/** @param {Ctx} ctx @param {Line} line @param {Row} row @param {Frame} frame */
function strokeLine(ctx, line, row, frame) {
  ctx.beginPath();
  let before = /** @type {number | null} */ (null);
  for (const { x, y } of line.points) {
    const [px, py] = [frame.x(x), y === null ? 0 : row.y(y)];
    if (y === null) before = null;
    else if (before === null) ctx.moveTo(px, py), (before = py);
    else {
      if (line.step) ctx.lineTo(px, before);
      ctx.lineTo(px, py);
      before = py;
    }
  }
  ctx.stroke();
}

/** @param {Ctx} ctx @param {string} text @param {number} x @param {number} y @param {string} color @param {CanvasTextAlign} align @param {CanvasTextBaseline} base @param {string} font */
export function say(ctx, text, x, y, color, align, base, font) {
  ctx.font = font;
  ctx.textAlign = align;
  ctx.textBaseline = base;
  ctx.fillStyle = color;
  ctx.fillText(text, x, y);
}

/** @param {Ctx} ctx @param {number} x @param {number} y @param {number} radius @param {string} color */
export function disc(ctx, x, y, radius, color) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** @param {Ctx} ctx @param {number} x @param {number} y @param {string} color */
function cross(ctx, x, y, color) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 2;
  ctx.beginPath();
  for (const way of [1, -1]) ctx.moveTo(x - 4, y - 4 * way), ctx.lineTo(x + 4, y + 4 * way);
  ctx.stroke();
}
