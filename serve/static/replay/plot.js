// A chart on two canvases: below what is drawn once, above what follows the pointer and the replay.

/** @import {Frame, Scene, Spot} from "./paint.js" */

import { make } from "./facts.js";
import { frameOf, paint, paintFront, spotAt, spots } from "./paint.js";

const DRAGGED = 6; // px that make a click a stretch
const INKS = ["ink", "dim", "line", "panel", "bg", "yellow", "sc", "red", "go", "accent"];

export class Plot {
  /** @type {Scene | null} */ #scene = null;
  /** @type {Frame | null} */ #frame = null;
  /** @type {Spot | null} */ #spot = null;
  /** The part of the x axis that is shown. @type {[number, number] | null} */ #view = null;
  /** @type {{from: number, to: number} | null} */ #drag = null;
  /** @type {number | null} */ #cursor = null;
  /** A spot was clicked. @type {(spot: Spot) => void} */ picked = () => {};
  /** The pointer is there, or nowhere. @type {(spot: Spot | null) => void} */ pointed = () => {};

  /** @param {string} label what a screen reader calls it */
  constructor(label) {
    this.back = make("canvas");
    this.front = make("canvas", { tabIndex: 0 });
    this.front.setAttribute("role", "img");
    this.front.setAttribute("aria-label", label);
    this.tip = make("output", { className: "spot", hidden: true });
    this.element = make("div", { className: "plot" }, this.back, this.front, this.tip);
    new ResizeObserver(() => this.redraw()).observe(this.element);
    this.#listen();
  }

  /** @param {Scene} scene */
  show(scene) {
    const others = scene.x.min !== this.#scene?.x.min || scene.x.max !== this.#scene?.x.max;
    if (others) this.#view = null;
    this.#scene = scene;
    this.redraw();
  }

  /** Where the replay is on the x axis. @param {number | null} x */
  set cursor(x) {
    if (x === this.#cursor) return;
    this.#cursor = x;
    this.#drawFront();
  }

  redraw() {
    const { clientWidth, clientHeight } = this.element;
    if (!this.#scene || !clientWidth || !clientHeight) return;
    const ratio = Math.min(devicePixelRatio, 2);
    for (const canvas of [this.back, this.front]) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    const style = getComputedStyle(this.element);
    this.ink = Object.fromEntries(INKS.map((name) => [name, style.getPropertyValue(`--${name}`)]));
    this.#frame = frameOf(this.#scene, clientWidth, clientHeight, this.#view);
    paint(this.back.getContext("2d"), this.#scene, this.#frame, this.ink);
    this.#drawFront();
  }

  #drawFront() {
    if (!this.#scene || !this.#frame || !this.ink) return;
    const ctx = this.front.getContext("2d");
    ctx.clearRect(0, 0, this.#frame.width, this.#frame.height);
    paintFront(ctx, this.#scene, this.#frame, this.ink, { spot: this.#spot, cursor: this.#cursor, drag: this.#drag });
  }

  /** @param {Spot | null} spot */
  #point(spot) {
    this.#spot = spot;
    this.#tell();
    this.#drawFront();
    this.pointed(spot);
  }

  /** What the spot says, beside it and within the chart. */
  #tell() {
    const lines = this.#spot?.says ?? [];
    this.tip.hidden = !lines.length;
    if (!this.#spot || !this.#frame || !lines.length) return;
    this.tip.replaceChildren(
      ...lines.map(({ text, color }) => {
        const line = make("span", { textContent: text });
        if (color) line.style.setProperty("--hue", color);
        line.toggleAttribute("data-hue", Boolean(color));
        return line;
      }),
    );
    const { px, py } = this.#spot;
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const { width, height } = this.#frame;
    const left = px + 14 + w > width ? px - 14 - w : px + 14;
    this.tip.style.left = `${Math.max(Math.min(left, width - w), 0)}px`;
    this.tip.style.top = `${Math.max(Math.min(py - h - 8, height - h), 0)}px`;
  }

  #listen() {
    const { front } = this;
    const at = (/** @type {MouseEvent} */ { offsetX, offsetY }) =>
      this.#scene && this.#frame ? spotAt(this.#scene, this.#frame, offsetX, offsetY) : null;
    front.onpointermove = (/** @type {PointerEvent} */ event) => {
      if (this.#drag) this.#drag.to = event.offsetX;
      const spot = at(event);
      front.style.cursor = spot?.t === undefined ? "" : "pointer";
      this.#point(spot);
    };
    front.onpointerleave = () => this.#drag || this.#point(null);
    front.onpointerdown = (/** @type {PointerEvent} */ event) => {
      if (!this.#scene?.zooms || event.pointerType === "touch") return;
      front.setPointerCapture(event.pointerId);
      this.#drag = { from: event.offsetX, to: event.offsetX };
    };
    front.onpointerup = front.onpointercancel = () => setTimeout(() => (this.#drag = null)); // the click comes first
    front.onclick = (/** @type {MouseEvent} */ event) => {
      const drag = this.#drag;
      this.#drag = null;
      if (drag && this.#frame && Math.abs(drag.to - drag.from) > DRAGGED) this.#zoom(drag.from, drag.to, this.#frame);
      else this.#pick(at(event));
    };
    front.ondblclick = () => this.whole();
    front.onkeydown = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    front.onblur = () => this.#point(null);
  }

  /** @param {number} a px @param {number} b px @param {Frame} frame */
  #zoom(a, b, frame) {
    this.#view = [frame.xAt(Math.min(a, b)), frame.xAt(Math.max(a, b))];
    this.redraw();
  }

  /** Show the whole x axis again. */
  whole() {
    if (this.#view === null) return;
    this.#view = null;
    this.redraw();
  }

  /** @param {Spot | null} spot */
  #pick(spot) {
    if (spot) this.picked(spot);
  }

  /** From spot to spot with the arrows: the page's own keys would move the replay. @param {KeyboardEvent} event */
  #key(event) {
    const step = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    })[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#scene || !this.#frame) return;
    if (event.key === "Enter") this.#pick(this.#spot);
    else if (event.key === "Escape" && this.#spot) this.#point(null);
    else if (step) this.#point(spots(this.#scene, this.#frame, this.#spot, step));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
