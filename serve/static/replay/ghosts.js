// Cars on the map that are not in the race now: those of other laps.

/** A ghost in the feed's coordinates; without a label it is a spot that is pointed at. @typedef {{x: number, y: number, color: string, label: string}} Ghost */

/** @param {CanvasRenderingContext2D} ctx @param {Ghost[]} ghosts @param {(x: number, y: number) => [number, number]} onStage @param {Record<string, string>} ink */
export function drawGhosts(ctx, ghosts, onStage, ink) {
  for (const { x, y, color, label } of ghosts) {
    const [px, py] = onStage(x, y);
    ctx.beginPath();
    ctx.arc(px, py, label ? 8 : 11, 0, 2 * Math.PI);
    ctx.lineWidth = label ? 3 : 2;
    ctx.setLineDash(label ? [] : [4, 3]);
    ctx.strokeStyle = color || ink.ink;
    ctx.stroke();
    ctx.setLineDash([]);
    if (!label) continue;
    ctx.globalAlpha = 0.35;
    ctx.fillStyle = color;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.font = "700 11px system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const width = ctx.measureText(label).width + 10;
    ctx.fillStyle = ink.panel;
    ctx.beginPath();
    ctx.roundRect(px - width / 2, py + 12, width, 16, 4);
    ctx.fill();
    ctx.fillStyle = ink.ink;
    ctx.fillText(label, px, py + 20.5);
  }
}
