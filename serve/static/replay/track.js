// The map: the circuit on a canvas that is drawn when what is seen of it changes, the cars on another that is drawn every
// frame.

/** @import {Page} from "./page.js" */
/** @import {Point} from "./geometry.js" */
/** @import {Car, Driver, State} from "../f1-replay.js" */

import { byId, colorOf, flagAt, isOut } from "./facts.js";
import { bounds, distance, snap } from "./geometry.js";
import { beside, Ground } from "./ground.js";
import { drawGhosts } from "./ghosts.js";
import { Labels } from "./labels.js";
import { yellowSectors } from "./sectors.js";
import { View } from "./view.js";

const NEAR = 26; // px from a car that still means it
const GROWTH = 2_000; // 1/10 m around the cars, where nobody knows the circuit
const LANE = 400; // 1/10 m from the pit lane that a car in the pits may seem to be
const BUTTONS = 44; // px on the right, where no label can be read
const QUEUE = 13; // px from one finisher to the next
const INKS = ["ink", "dim", "bg", "panel", "road", "edge", "yellow", "sc", "red", "go"];

export class Track {
  #cos;
  #sin;
  #drawn = "";
  #finished = 0; // cars that have been lined up behind the line in this frame
  /** @type {Record<string, string>} */ #ink = {};
  /** @type {import("./labels.js").Place[]} */ #places = [];
  /** @type {Map<string, {driver: Driver, color: string, second: boolean}>} */ #drivers = new Map();

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.stage = byId("stage");
    const ground = byId("ground").getContext("2d");
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
    const lane = circuit.pit_lane;
    this.lane = lane ? lane.x.map((x, i) => this.#turned(x, lane.y[i])) : [];
    this.ground = new Ground(ground, circuit, this.points, this.lane);
    this.box = bounds([...this.points, ...this.lane], GROWTH);
    this.view = new View(page, this.cars.canvas);
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
    const { selection } = this.page;
    const followed = state.cars.find(({ code }) => code === selection.last) ?? state.cars[0];
    if (followed?.x != null && followed.y !== null) this.view.towards(this.#turned(followed.x, followed.y));
    this.#drawGround(state);
    const ctx = this.cars;
    ctx.clearRect(0, 0, this.width, this.height);
    drawGhosts(ctx, [...this.page.ghosts].flatMap((ghosts) => ghosts(state.t)), (x, y) => this.view.onStage(this.#turned(x, y)), this.#ink);
    this.#places.length = 0;
    this.#finished = state.cars.filter(({ status }) => status === "finished").length;
    const last = (/** @type {Car} */ car) => selection.codes.indexOf(car.code); // chosen ones are drawn over the others
    const order = state.cars.toReversed().sort((a, b) => last(a) - last(b));
    const places = new Map(state.cars.map((car, i) => [car.code, this.#placeOf(car, i)]));
    for (const car of order) this.#drawCar(car, places.get(car.code) ?? null, state.t);
    this.#places.reverse();
    this.labels.draw(this.#places, selection.codes, state.cars[0]?.code, this.width - BUTTONS, this.height, this.#ink);
    if (this.labels.fading) this.page.player.redraw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    const ratio = Math.min(devicePixelRatio, 2);
    this.width = clientWidth;
    this.height = clientHeight;
    for (const ctx of [this.ground.ctx, this.cars]) {
      ctx.canvas.width = Math.round(clientWidth * ratio);
      ctx.canvas.height = Math.round(clientHeight * ratio);
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.view.fit(this.box, this.width, this.height);
    const { corners } = this.page.race.manifest.circuit;
    this.ground.place((point) => this.view.onStage(point), corners.map(({ x, y }) => this.#turned(x, y)));
    const style = getComputedStyle(document.documentElement);
    for (const name of INKS) this.#ink[name] = style.getPropertyValue(`--${name}`);
    this.#drawn = "";
    this.page.player.redraw();
  }

  /** @param {number} x @param {number} y @returns {Point} */
  #turned(x, y) {
    return [x * this.#cos - y * this.#sin, x * this.#sin + y * this.#cos];
  }

  /** Without a circuit the map is what the cars have driven over. @param {State} state */
  #grow(state) {
    const { x0, x1, y0, y1 } = this.box;
    const out = state.cars.flatMap((car) => (car.x === null || car.y === null ? [] : [this.#turned(car.x, car.y)]));
    const beyond = out.filter(([x, y]) => x < x0 || x > x1 || y < y0 || y > y1);
    if (!beyond.length) return;
    const corners = beyond.flatMap(([x, y]) => [[x - GROWTH, y - GROWTH], [x + GROWTH, y + GROWTH]]);
    this.box = bounds([[x0, y0], [x1, y1], .../** @type {Point[]} */ (corners)], GROWTH);
    this.resize();
  }

  /** @param {State} state */
  #drawGround({ t }) {
    const { manifest } = this.page.race;
    const flag = flagAt(manifest, t).kind;
    const sectors = flag === "yellow" ? yellowSectors(manifest.race_control, t) : [];
    const drawn = [flag, ...sectors, this.view.scale, ...this.view.onStage([0, 0])].join(" ");
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.ground.ctx.clearRect(0, 0, this.width, this.height);
    const wide = (this.width > 600 ? 16 : 11) * Math.min(Math.sqrt(this.view.zoom), 2);
    this.ground.draw((point) => this.view.onStage(point), { flag, sectors, wide, ink: this.#ink });
  }

  /**
   * Where a car is drawn: those in the pits on the lane; finishers in a row behind the line, for the feed often ends at
   * the flag and would have them on one point.
   * @param {Car} car @param {number} i its place in the order @returns {Point | null}
   */
  #placeOf(car, i) {
    if (car.status === "finished" && this.points.length) return this.#inQueue(i);
    if (car.x === null || car.y === null) return null;
    const at = this.#turned(car.x, car.y);
    if (car.status !== "pit" || !this.lane.length) return this.view.onStage(at);
    const on = snap(this.lane, at);
    return this.view.onStage(distance(on, at) < LANE ? on : at);
  }

  /** @param {number} i @returns {Point} */
  #inQueue(i) {
    const n = this.points.length;
    const road = this.points.map((point) => this.view.onStage(point));
    let k = n - 1;
    for (let gone = 0; gone < (i + 1) * QUEUE && k > 1; k--) gone += distance(road[k], road[(k + 1) % n]);
    return beside(road, k, this.width > 600 ? 26 : 20);
  }

  /** @param {Car} car @param {Point | null} place @param {number} t */
  #drawCar(car, place, t) {
    if (!place) return;
    const ctx = this.cars;
    const { driver, color, second } = /** @type {any} */ (this.#drivers.get(car.code));
    const [x, y] = place;
    const chosen = this.page.selection.has(car.code);
    const out = isOut(driver, t);
    const home = car.status === "finished" && !chosen;
    this.#places.push({ code: car.code, x, y, quiet: home && this.#finished > 1 });
    const radius = (this.width > 600 ? 7.5 : 5.5) + (chosen ? 2 : home ? -2 : 0);
    if (chosen) disc(ctx, x, y, radius + 4, this.#ink.ink);
    disc(ctx, x, y, radius + 1.5, this.#ink.bg);
    disc(ctx, x, y, radius, color);
    if (out) disc(ctx, x, y, radius - 2, this.#ink.panel);
    if (out) cross(ctx, x, y, radius * 0.4, this.#ink.ink);
    else if (second) disc(ctx, x, y, radius * 0.38, this.#ink.bg);
  }

  #listen() {
    const { canvas } = this.cars;
    const under = (/** @type {MouseEvent} */ event) => {
      const far = (/** @type {{x: number, y: number}} */ place) => Math.hypot(place.x - event.offsetX, place.y - event.offsetY);
      const near = [...this.#places].sort((a, b) => far(a) - far(b))[0];
      return near && far(near) <= NEAR ? near.code : null;
    };
    canvas.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (!this.view.dragged) this.page.selection.click(under(event), event);
    });
    canvas.addEventListener("mousemove", (/** @type {MouseEvent} */ event) => (canvas.style.cursor = under(event) ? "pointer" : ""));
  }
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
