// The circuit under the cars: road, pit lane, DRS zones, ends of sectors, corner numbers, the line.

/** @import {Circuit} from "../f1-replay.js" */
/** @import {Point} from "./geometry.js" */

import { between, distance, line, nearest, normal, smooth } from "./geometry.js";
import { stretchOf } from "./sectors.js";

const BESIDE = 18; // px from the road to what is written beside it
const DRS_BESIDE = 4;
const SMALL = 12; // px of road: a map with no room for words
const TINT = /** @type {Record<string, string>} */ ({ yellow: "yellow", sc: "sc", vsc: "sc", red: "red" });

/** What is drawn: `wide` is the road's width (px). @typedef {{flag: string, sectors: number[], wide: number, ink: Record<string, string>}} Look */

export class Ground {
  /** @type {{text: string, at: number, side: number}[]} */ #corners;

  /** @param {CanvasRenderingContext2D} ctx @param {Circuit} circuit @param {Point[]} points its outline, turned @param {Point[]} lane */
  constructor(ctx, circuit, points, lane) {
    this.ctx = ctx;
    this.circuit = circuit;
    this.points = points;
    this.lane = lane;
    this.#corners = [];
  }

  /** Corner numbers stand where there is more room, seen on the whole map. @param {(point: Point) => Point} onStage @param {Point[]} at each corner, turned */
  place(onStage, at) {
    const road = this.points.map(onStage);
    this.#corners = !road.length ? [] : this.circuit.corners.map(({ number, letter }, k) => {
      const i = nearest(road, onStage(at[k]));
      const room = [1, -1].map((side) => {
        const label = beside(road, i, side * BESIDE);
        return distance(road[nearest(road, label)], label);
      });
      return { text: `${number}${letter}`, at: i, side: room[0] >= room[1] ? 1 : -1 };
    });
  }

  /** @param {(point: Point) => Point} onStage @param {Look} look */
  draw(onStage, look) {
    const { ctx } = this;
    if (!this.points.length) return;
    const road = this.points.map(onStage);
    ctx.lineJoin = ctx.lineCap = "round";
    this.#drawRoad(road, look);
    if (this.lane.length) this.#stroke(line(this.lane.map(onStage)), Math.max(look.wide / 6, 2), look.ink.dim);
    this.#drawZones(road, look);
    this.#drawSectors(road, look);
    this.#drawCorners(road, look);
    this.#drawLine(road, look);
  }

  /** One yellow sector is yellow alone, where the map knows it. @param {Point[]} road @param {Look} look */
  #drawRoad(road, { flag, sectors, wide, ink }) {
    const path = smooth(road);
    const color = TINT[flag] ? ink[TINT[flag]] : ink.edge;
    const stretches = sectors.map((number) => stretchOf(this.circuit, number));
    const known = stretches.filter((stretch) => stretch !== null);
    const partly = known.length > 0 && known.length === stretches.length;
    this.#stroke(path, wide, partly ? ink.edge : color);
    if (partly) for (const stretch of known) this.#stroke(line(stretch.map((i) => road[i])), wide, color);
    this.#stroke(path, wide - 4, ink.road);
  }

  /** Where the flap may be open: a green line beside the road. @param {Point[]} road @param {Look} look */
  #drawZones(road, { wide, ink }) {
    const { drs_zones = [], length_m } = this.circuit;
    if (!length_m) return;
    for (const { start, end } of drs_zones) {
      const stretch = between(road.length, start / length_m, end / length_m);
      this.#stroke(line(stretch.map((i) => beside(road, i, wide / 2 + DRS_BESIDE))), 2.5, ink.go);
      if (wide > SMALL) this.#write("DRS", beside(road, stretch[stretch.length >> 1], wide / 2 + BESIDE - 2), ink.go, "700 8px");
    }
  }

  /** @param {Point[]} road @param {Look} look */
  #drawSectors(road, { wide, ink }) {
    const { sectors = [], length_m } = this.circuit;
    if (!length_m) return;
    for (const { number, dist } of sectors) {
      const i = Math.round((dist / length_m) * road.length) % road.length;
      this.#stroke(line([beside(road, i, wide / 2 + 3), beside(road, i, -wide / 2 - 3)]), 2, ink.dim);
      this.#write(`S${number + 1}`, beside(road, i, -wide / 2 - 14), ink.dim, "700 9px");
    }
  }

  /** @param {Point[]} road @param {Look} look */
  #drawCorners(road, { wide, ink }) {
    for (const { text, at, side } of this.#corners) this.#write(text, beside(road, at, side * Math.max(BESIDE, wide / 2 + 10)), ink.dim, "600 10px");
  }

  /** The start/finish line, chequered, and which way they drive. @param {Point[]} road @param {Look} look */
  #drawLine(road, { wide, ink }) {
    const { ctx } = this;
    const [nx, ny] = normal(road, 0);
    ctx.save();
    ctx.translate(...road[0]);
    ctx.rotate(Math.atan2(ny, nx));
    const size = wide / 4;
    ctx.fillStyle = "#fff";
    ctx.fillRect(-4 * size - 1, -size - 1, 8 * size + 2, 2 * size + 2);
    ctx.fillStyle = "#111";
    for (let row = -4; row < 4; row++) ctx.fillRect(row * size, (row % 2) * size, size, size);
    ctx.translate(wide + 8, 0); // an arrow beside the line
    this.#stroke(new Path2D("M0 6V-8M-4 -3L0 -8L4 -3"), 1.5, ink.dim);
    ctx.restore();
  }

  /** @param {Path2D} path @param {number} width @param {string} color */
  #stroke(path, width, color) {
    this.ctx.lineWidth = width;
    this.ctx.strokeStyle = color;
    this.ctx.stroke(path);
  }

  /** @param {string} text @param {Point} at @param {string} color @param {string} font */
  #write(text, at, color, font) {
    this.ctx.fillStyle = color;
    this.ctx.font = `${font} system-ui, sans-serif`;
    this.ctx.textAlign = "center";
    this.ctx.textBaseline = "middle";
    this.ctx.fillText(text, ...at);
  }
}

/** A point beside the road. @param {readonly Point[]} road @param {number} i @param {number} far px, to the left where it is more than 0 @returns {Point} */
export function beside(road, i, far) {
  const [nx, ny] = normal(road, i);
  return [road[i][0] + nx * far, road[i][1] + ny * far];
}
