// The map: the circuit on a canvas that is drawn once, the cars on another that is drawn every frame.

/** @import {Page} from "./page.js" */
/** @import {Car, Driver, State} from "../f1-replay.js" */

import { byId, colorOf, flagAt, isOut } from "./facts.js";
import { Labels } from "./labels.js";
import { stretchOf, yellowSectors } from "./sectors.js";

const MARGIN = { top: 74, side: 46, bottom: 52 };
const TIGHT = { top: 44, side: 46, bottom: 42 }; // on a phone held sideways
const LOW = 340; // px
const NEAR = 26; // px from a car that still means it
const GROWTH = 2_000; // 1/10 m around the cars, where nobody knows the circuit
const TINT = { yellow: "--yellow", sc: "--sc", vsc: "--sc", red: "--red" };

export class Track {
  #scale = 1;
  #cos;
  #sin;
  #dx = 0;
  #dy = 0;
  #drawnFlag = "";
  /** @type {Record<string, string>} */ #ink = {};
  /** @type {import("./labels.js").Place[]} */ #places = [];
  /** @type {Map<string, {driver: Driver, color: string, second: boolean}>} */ #drivers = new Map();

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.stage = byId("stage");
    this.ground = byId("ground").getContext("2d");
    this.cars = byId("cars").getContext("2d");
    this.labels = new Labels(this.cars, page.calm);
    const { circuit, drivers } = page.race.manifest;
    const turn = ((circuit.rotation ?? 0) * Math.PI) / 180;
    this.#cos = Math.cos(turn);
    this.#sin = Math.sin(turn);
    const teams = new Set();
    for (const driver of drivers) {
      this.#drivers.set(driver.code, { driver, color: colorOf(driver), second: teams.has(driver.team) });
      teams.add(driver.team);
    }
    this.points = circuit.x.map((x, i) => this.#turned(x, circuit.y[i]));
    this.box = bounds(this.points);
    new ResizeObserver(() => this.resize()).observe(this.stage);
    for (const query of ["(prefers-color-scheme: dark)", `(resolution: ${devicePixelRatio}dppx)`])
      matchMedia(query).addEventListener("change", () => this.resize());
    page.addEventListener("theme", () => this.resize());
    this.#listen();
    this.resize();
  }

  /** @param {State} state */
  draw(state) {
    if (!this.points.length) this.#grow(state);
    const { manifest } = this.page.race;
    const flag = flagAt(manifest, state.t).kind;
    const sectors = flag === "yellow" ? yellowSectors(manifest.race_control, state.t) : [];
    const drawn = [flag, ...sectors].join(" ");
    if (drawn !== this.#drawnFlag) this.#drawGround(flag, sectors);
    this.#drawnFlag = drawn;
    const ctx = this.cars;
    const { selection } = this.page;
    ctx.clearRect(0, 0, this.width, this.height);
    this.#places.length = 0;
    for (let i = state.cars.length - 1; i >= 0; i--) {
      const car = state.cars[i];
      if (car.x === null || car.y === null || selection.has(car.code)) continue;
      this.#drawCar(car, state.t);
    }
    for (const code of selection.codes) {
      const chosen = state.cars.find((car) => car.code === code && car.x !== null);
      if (chosen) this.#drawCar(chosen, state.t);
    }
    this.#places.reverse();
    this.labels.draw(this.#places, selection.codes, state.cars[0]?.code, this.width, this.height, this.#ink);
    if (this.labels.fading) this.page.player.redraw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    const ratio = Math.min(devicePixelRatio, 2);
    this.width = clientWidth;
    this.height = clientHeight;
    for (const ctx of [this.ground, this.cars]) {
      ctx.canvas.width = Math.round(clientWidth * ratio);
      ctx.canvas.height = Math.round(clientHeight * ratio);
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    const { x0, x1, y0, y1 } = this.box;
    const margin = this.height < LOW ? TIGHT : MARGIN;
    const room = { x: this.width - 2 * margin.side, y: this.height - margin.top - margin.bottom };
    this.#scale = Math.min(room.x / (x1 - x0), room.y / (y1 - y0));
    this.#dx = margin.side + (room.x - (x1 - x0) * this.#scale) / 2 - x0 * this.#scale;
    this.#dy = margin.top + (room.y - (y1 - y0) * this.#scale) / 2 + y1 * this.#scale;
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "dim", "bg", "panel", "road", "edge", "yellow", "sc", "red"])
      this.#ink[name] = style.getPropertyValue(`--${name}`);
    this.#drawnFlag = "";
    this.page.player.redraw();
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  #turned(x, y) {
    return [x * this.#cos - y * this.#sin, x * this.#sin + y * this.#cos];
  }

  /** @param {[number, number]} point of the turned map @returns {[number, number]} */
  #onStage([x, y]) {
    return [x * this.#scale + this.#dx, this.#dy - y * this.#scale];
  }

  /** Without a circuit the map is what the cars have driven over. @param {State} state */
  #grow(state) {
    const { x0, x1, y0, y1 } = this.box;
    const out = state.cars.flatMap((car) => (car.x === null || car.y === null ? [] : [this.#turned(car.x, car.y)]));
    const beyond = out.filter(([x, y]) => x < x0 || x > x1 || y < y0 || y > y1);
    if (!beyond.length) return;
    const corners = beyond.flatMap(([x, y]) => [[x - GROWTH, y - GROWTH], [x + GROWTH, y + GROWTH]]);
    this.box = bounds([[x0, y0], [x1, y1], .../** @type {[number, number][]} */ (corners)]);
    this.resize();
  }

  /** One yellow sector is yellow alone, where the map knows it. @param {string} flag @param {number[]} sectors */
  #drawGround(flag, sectors) {
    const ctx = this.ground;
    ctx.clearRect(0, 0, this.width, this.height);
    if (!this.points.length) return;
    const { circuit } = this.page.race.manifest;
    const road = this.points.map((point) => this.#onStage(point));
    const path = smooth(road);
    const wide = this.width > 600 ? 16 : 11;
    ctx.lineJoin = ctx.lineCap = "round";
    const lane = circuit.pit_lane;
    if (lane) this.#stroke(line(lane.x.map((x, i) => this.#onStage(this.#turned(x, lane.y[i])))), wide / 4, this.#ink.edge);
    const tint = /** @type {Record<string, string>} */ (TINT)[flag];
    const color = tint ? this.#ink[tint.slice(2)] : this.#ink.edge;
    const stretches = sectors.map((number) => stretchOf(circuit, number));
    const known = stretches.filter((stretch) => stretch !== null);
    const partly = known.length > 0 && known.length === stretches.length;
    this.#stroke(path, wide, partly ? this.#ink.edge : color);
    if (partly) for (const stretch of known) this.#stroke(line(stretch.map((i) => road[i])), wide, color);
    this.#stroke(path, wide - 4, this.#ink.road);
    this.#drawCorners();
    this.#drawLine(wide);
  }

  /** @param {Path2D} path @param {number} width @param {string} color */
  #stroke(path, width, color) {
    this.ground.lineWidth = width;
    this.ground.strokeStyle = color;
    this.ground.stroke(path);
  }

  /** Corner numbers, on the side of the road that has more room. */
  #drawCorners() {
    const ctx = this.ground;
    const road = this.points.map((point) => this.#onStage(point));
    ctx.fillStyle = this.#ink.dim;
    ctx.font = "600 10px system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const corner of this.page.race.manifest.circuit.corners) {
      const at = this.#onStage(this.#turned(corner.x, corner.y));
      const i = nearest(road, at);
      const [nx, ny] = normal(road, i);
      const sides = [1, -1].map((side) => /** @type {[number, number]} */ ([road[i][0] + nx * side * 18, road[i][1] + ny * side * 18]));
      const room = sides.map((side) => distance(road[nearest(road, side)], side));
      const [x, y] = room[0] >= room[1] ? sides[0] : sides[1];
      ctx.fillText(`${corner.number}${corner.letter}`, x, y);
    }
  }

  /** The start/finish line, chequered, and which way they drive. @param {number} wide */
  #drawLine(wide) {
    const ctx = this.ground;
    const road = this.points.map((point) => this.#onStage(point));
    const [nx, ny] = normal(road, 0);
    ctx.save();
    ctx.translate(...road[0]);
    ctx.rotate(Math.atan2(ny, nx));
    const size = wide / 4;
    ctx.fillStyle = "#fff";
    ctx.fillRect(-4 * size - 1, -size - 1, 8 * size + 2, 2 * size + 2);
    ctx.fillStyle = "#111";
    for (let row = -4; row < 4; row++) ctx.fillRect(row * size, (row % 2) * size, size, size);
    ctx.beginPath(); // an arrow beside the line
    ctx.moveTo(24, 6);
    ctx.lineTo(24, -8);
    ctx.moveTo(20, -3);
    ctx.lineTo(24, -8);
    ctx.lineTo(28, -3);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = this.#ink.dim;
    ctx.stroke();
    ctx.restore();
  }

  /** @param {Car} car @param {number} t */
  #drawCar(car, t) {
    const ctx = this.cars;
    const { driver, color, second } = /** @type {any} */ (this.#drivers.get(car.code));
    const [x, y] = this.#onStage(this.#turned(/** @type {number} */ (car.x), /** @type {number} */ (car.y)));
    const chosen = this.page.selection.has(car.code);
    const out = isOut(driver, t);
    const home = car.status === "finished" && !chosen; // the feed often ends at the flag: cars pile up there
    this.#places.push({ code: car.code, x, y, quiet: home });
    const radius = (this.width > 600 ? 7.5 : 5.5) + (chosen ? 2 : home ? -2 : 0);
    if (chosen) disc(ctx, x, y, radius + 4, this.#ink.ink);
    disc(ctx, x, y, radius + 1.5, this.#ink.bg);
    disc(ctx, x, y, radius, color);
    if (out) disc(ctx, x, y, radius - 2, this.#ink.panel);
    if (out) cross(ctx, x, y, radius * 0.4, this.#ink.ink);
    else if (second) disc(ctx, x, y, radius * 0.38, this.#ink.bg);
  }

  #listen() {
    const canvas = this.cars.canvas;
    const under = (/** @type {MouseEvent} */ event) => {
      const far = (/** @type {{x: number, y: number}} */ place) => Math.hypot(place.x - event.offsetX, place.y - event.offsetY);
      const near = [...this.#places].sort((a, b) => far(a) - far(b))[0];
      return near && far(near) <= NEAR ? near.code : null;
    };
    canvas.addEventListener("click", (/** @type {MouseEvent} */ event) => this.page.selection.click(under(event), event));
    canvas.addEventListener("mousemove", (/** @type {MouseEvent} */ event) => (canvas.style.cursor = under(event) ? "pointer" : ""));
  }
}

/** The box that holds the points; without any, one around F1's origin. @param {[number, number][]} points */
function bounds(points) {
  const xs = points.map(([x]) => x).concat(points.length ? [] : [-GROWTH, GROWTH]);
  const ys = points.map(([, y]) => y).concat(points.length ? [] : [-GROWTH, GROWTH]);
  return { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
}

/** A path from point to point. @param {[number, number][]} points */
function line(points) {
  const path = new Path2D();
  for (const point of points) path.lineTo(...point);
  return path;
}

/** A closed smooth path through the middles of the given points. @param {[number, number][]} points */
function smooth(points) {
  const path = new Path2D();
  const middle = (/** @type {number} */ i) => {
    const [ax, ay] = points[i % points.length];
    const [bx, by] = points[(i + 1) % points.length];
    return /** @type {[number, number]} */ ([(ax + bx) / 2, (ay + by) / 2]);
  };
  path.moveTo(...middle(0));
  for (let i = 1; i <= points.length; i++) path.quadraticCurveTo(...points[i % points.length], ...middle(i));
  path.closePath();
  return path;
}

/** @param {[number, number][]} points @param {number} i @returns {[number, number]} */
function normal(points, i) {
  const n = points.length;
  const [ax, ay] = points[(i + n - 3) % n];
  const [bx, by] = points[(i + 3) % n];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  return [-(by - ay) / length, (bx - ax) / length];
}

/** @param {[number, number]} a @param {[number, number]} b */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** @param {[number, number][]} points @param {[number, number]} to */
function nearest(points, to) {
  let best = 0;
  for (let i = 1; i < points.length; i++) if (distance(points[i], to) < distance(points[best], to)) best = i;
  return best;
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} radius @param {string} color */
function disc(ctx, x, y, radius, color) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} arm @param {string} color */
function cross(ctx, x, y, arm, color) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x + arm, y - arm);
  ctx.lineTo(x - arm, y + arm);
  ctx.stroke();
}
