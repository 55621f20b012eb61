// What part of the map is seen: all of it, a part, or a car that is followed; and the buttons, wheel and drags for that.

/** @import {Page} from "./page.js" */
/** @import {Point} from "./geometry.js" */

import { byId, make } from "./facts.js";
import { distance } from "./geometry.js";

const MARGIN = { top: 74, side: 46, bottom: 52 };
const TIGHT = { top: 34, side: 48, bottom: 28 }; // on a phone, beside the buttons
const LOW = 380; // px
const MOST = 12;
const STEP = 1.5;
const FOLLOWED = 4; // how near a followed car is looked at
const DRAGGED = 5; // px that are no click any more

export class View {
  zoom = 1;
  follow = false;
  /** Whether the pointer has just drawn the map along: then it meant no car. */
  dragged = false;
  /** @type {Point | null} */ #centre = null;
  #fit = { scale: 1, x: 0, y: 0 };
  #size = { width: 0, height: 0 };
  scale = 1;
  #dx = 0;
  #dy = 0;

  /** @param {Page} page @param {HTMLCanvasElement} canvas */
  constructor(page, canvas) {
    this.page = page;
    this.canvas = canvas;
    const button = (/** @type {string} */ textContent, /** @type {string} */ name, /** @type {string} */ key, /** @type {() => void} */ onclick) => {
      const made = make("button", { type: "button", textContent, title: `${name} (${key})`, onclick });
      made.setAttribute("aria-label", name);
      return made;
    };
    this.following = button("◎", "Follow the chosen car", "F", () => this.toggleFollow());
    this.whole = button("⤢", "The whole map", "0", () => this.reset());
    byId("zoom").append(button("+", "Nearer", "+", () => this.nearer(STEP)), button("−", "Farther", "−", () => this.nearer(1 / STEP)), this.following, this.whole);
    this.#listen();
    this.#say();
  }

  /** Fit a box into the stage. @param {{x0: number, x1: number, y0: number, y1: number}} box @param {number} width @param {number} height */
  fit({ x0, x1, y0, y1 }, width, height) {
    const margin = height < LOW ? TIGHT : MARGIN;
    const room = { x: Math.max(width - 2 * margin.side, 40), y: Math.max(height - margin.top - margin.bottom, 40) };
    this.#fit = { scale: Math.min(room.x / (x1 - x0), room.y / (y1 - y0)), x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
    this.#size = { width, height: height + margin.top - margin.bottom };
    this.#place();
  }

  /** Look at a car, where one is followed. @param {Point | null} at */
  towards(at) {
    if (!this.follow || !at) return;
    this.#centre = at;
    this.#place();
  }

  /** @param {Point} point of the turned map @returns {Point} */
  onStage([x, y]) {
    return [x * this.scale + this.#dx, this.#dy - y * this.scale];
  }

  /** @param {number} times @param {Point} [at] the point of the stage that stays */
  nearer(times, at) {
    const zoom = Math.min(Math.max(this.zoom * times, 1), MOST);
    if (zoom === 1) return this.reset();
    const { width, height } = this.#size;
    const [px, py] = at ?? [width / 2, height / 2];
    const fixed = [(px - this.#dx) / this.scale, (this.#dy - py) / this.scale];
    this.zoom = zoom;
    const scale = this.#fit.scale * zoom;
    this.#centre = [fixed[0] - (px - width / 2) / scale, fixed[1] + (py - height / 2) / scale];
    this.#place();
    this.#say();
  }

  reset() {
    this.zoom = 1;
    this.follow = false;
    this.#centre = null;
    this.#place();
    this.#say();
  }

  toggleFollow() {
    this.follow = !this.follow;
    if (!this.follow) return this.reset();
    if (this.zoom < FOLLOWED) this.zoom = FOLLOWED;
    this.#say();
  }

  #say() {
    this.following.setAttribute("aria-pressed", String(this.follow));
    this.whole.hidden = this.zoom === 1;
    this.canvas.style.touchAction = this.zoom === 1 ? "" : "none"; // else a finger scrolls the page
    this.page.player.redraw();
  }

  #place() {
    const { width, height } = this.#size;
    const [x, y] = this.#centre ?? [this.#fit.x, this.#fit.y];
    this.scale = this.#fit.scale * this.zoom;
    this.#dx = width / 2 - x * this.scale;
    this.#dy = height / 2 + y * this.scale;
    this.page.player.redraw();
  }

  #listen() {
    const { canvas } = this;
    /** Fingers, or the mouse. @type {Map<number, Point>} */ const held = new Map();
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.nearer(Math.exp(-event.deltaY / 300), this.follow ? undefined : [event.offsetX, event.offsetY]);
    });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("touchstart", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false }); // else the browser zooms the page
    canvas.addEventListener("pointerdown", (event) => {
      if (!held.size) this.dragged = false;
      held.set(event.pointerId, [event.offsetX, event.offsetY]);
    });
    for (const over of ["pointerup", "pointercancel", "pointerleave"])
      canvas.addEventListener(over, (event) => held.delete(/** @type {PointerEvent} */ (event).pointerId));
    canvas.addEventListener("pointermove", (event) => {
      const from = held.get(event.pointerId);
      if (!from || !event.buttons) return;
      const to = /** @type {Point} */ ([event.offsetX, event.offsetY]);
      const [other] = [...held].filter(([id]) => id !== event.pointerId);
      if (other) this.#pinch(from, to, other[1]);
      else if (this.zoom === 1 || (!this.dragged && distance(from, to) < DRAGGED)) return;
      else this.#drag(from, to);
      held.set(event.pointerId, to);
    });
  }

  /** One of two fingers moves: what lies between them stays there. @param {Point} from @param {Point} to @param {Point} other */
  #pinch(from, to, other) {
    this.dragged = true;
    const middle = (/** @type {Point} */ [x, y]) => /** @type {Point} */ ([(x + other[0]) / 2, (y + other[1]) / 2]);
    this.nearer(distance(to, other) / Math.max(distance(from, other), 1), this.follow ? undefined : middle(from));
    if (this.zoom > 1 && !this.follow) this.#drag(middle(from), middle(to));
  }

  /** @param {Point} from @param {Point} to */
  #drag(from, to) {
    this.dragged = true;
    this.follow = false;
    const { width, height } = this.#size;
    this.#centre = [(width / 2 - this.#dx - (to[0] - from[0])) / this.scale, (this.#dy + (to[1] - from[1]) - height / 2) / this.scale];
    this.#place();
    this.#say();
  }
}
