// One car's telemetry: numbers, bars, and a chart of the last minute.

/** @import {Page} from "./page.js" */
/** @import {TowerView} from "./tower.js" */
/** @import {Car, ColumnName, Driver, State} from "../f1-replay.js" */

import { CarTiming } from "./cartiming.js";
import { byId, colorOf, inkOn, make, write } from "./facts.js";
import { DRS_OPEN } from "./tyres.js";

const MINUTE = 60;
const TOP_KMH = 360;
const DRS_ALLOWED = 8;
const FIELDS = ["Speed", "Gear", "RPM", "Throttle", "Brake", "DRS"];

export class CarPanel {
  /** @type {Record<string, any>} */ #fields = {};
  /** @type {string | null} */ #code = null;
  /** @type {Driver | undefined} */ #driver;
  /** @type {{code: string, chip: any, speed: any}[]} */ #others = [];

  /** @param {Page} page @param {TowerView} tower */
  constructor(page, tower) {
    this.page = page;
    this.timing = new CarTiming(page, tower);
    this.box = byId("car");
    page.selection.addEventListener("change", () => this.#build());
    this.#build();
  }

  /** @param {State} state */
  update(state) {
    if (this.#code === null) return;
    const car = state.cars.find(({ code }) => code === this.#code);
    this.#numbers(car);
    for (const { code, speed } of this.#others)
      write(speed, String(Math.round(state.cars.find((other) => other.code === code)?.speed ?? 0)));
    this.#chart(state.t, car);
  }

  #build() {
    const { selection, race } = this.page;
    const selected = selection.last;
    this.#code = selected;
    this.#driver = race.manifest.drivers.find((driver) => driver.code === selected);
    document.documentElement.toggleAttribute("data-car", selected !== null);
    if (!this.#driver) {
      this.box.replaceChildren(make("p", { className: "hint", textContent: "Choose a car on the map or in the table to see its telemetry." }));
      return;
    }
    const { name, team, number, grid } = this.#driver;
    const close = make("button", { type: "button", className: "close", textContent: "×", title: "Close (Esc)", onclick: () => selection.toggle(String(selected)) });
    close.setAttribute("aria-label", "Close telemetry");
    const start = grid === null ? "" : grid === 0 ? " · from the pit lane" : ` · grid ${grid}`;
    const about = make("small", { className: "about", textContent: `${team}${start}` });
    const more = make("button", { type: "button", className: "unfold", textContent: "More", onclick: () => this.#unfold() });
    more.setAttribute("aria-expanded", String(this.box.classList.contains("open")));
    const head = make("h2", {}, make("span", { className: "number", textContent: number }), make("span", { textContent: name }), about, this.#chips(), this.#adder(), more, close);
    const numbers = make("dl", { className: "numbers" }, ...FIELDS.map((field) => this.#field(field)));
    this.canvas = make("canvas", { className: "chart" });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Speed, throttle and brake over the last minute");
    this.box.style.setProperty("--team", colorOf(this.#driver));
    this.box.style.setProperty("--on-team", inkOn(colorOf(this.#driver)));
    const { times, more: history } = this.timing;
    this.box.replaceChildren(head, numbers, times, make("div", { className: "rest" }, this.canvas, history));
    this.timing.show();
    const t = this.page.player.t;
    race.prefetch(Math.max(t - MINUTE, 0), t).then(() => this.page.player.redraw(), () => {}); // the loop reports trouble
  }

  #adder() {
    const { selection } = this.page;
    const add = make("button", { type: "button", className: "add", textContent: "+", title: "The next car that is clicked is one more (or hold Shift)" });
    add.setAttribute("aria-label", "Choose one more car");
    add.setAttribute("aria-pressed", "false");
    add.onclick = () => {
      selection.adding = !selection.adding;
      add.setAttribute("aria-pressed", String(selection.adding));
    };
    return add;
  }

  /** Where there is little room the chart and the history are folded away. */
  #unfold() {
    const open = this.box.classList.toggle("open");
    this.box.querySelector(".unfold").setAttribute("aria-expanded", String(open));
    this.page.player.redraw();
  }

  /** @param {string} name */
  #field(name) {
    const value = make("dd", { textContent: "–" });
    this.#fields[name] = value;
    const cell = make("div", {}, make("dt", { textContent: name }), value);
    cell.dataset.field = name;
    return cell;
  }

  /** The other chosen cars: a click shows one's card instead. */
  #chips() {
    const { selection } = this.page;
    const others = selection.codes.filter((code) => code !== this.#code);
    this.#others = others.map((code) => {
      const speed = make("span");
      const front = () => selection.set([...selection.codes.filter((other) => other !== code), code]);
      const chip = make("button", { type: "button", title: `Show ${code}`, onclick: front }, code, speed);
      chip.style.setProperty("--team", colorOf(this.page.race.manifest.drivers.find((driver) => driver.code === code)));
      return { code, chip, speed };
    });
    return make("span", { className: "chips", hidden: !others.length }, ...this.#others.map(({ chip }) => chip));
  }

  /** @param {Car | undefined} car */
  #numbers(car) {
    const text = (/** @type {number | null | undefined} */ value, unit = "") => (typeof value === "number" ? `${Math.round(value)}${unit}` : "–");
    const share = (/** @type {string} */ name, /** @type {number | null | undefined} */ value) =>
      this.#fields[name].parentElement.style.setProperty("--share", `${value ?? 0}%`);
    write(this.#fields.Speed, text(car?.speed));
    write(this.#fields.Gear, car?.gear === 0 ? "N" : text(car?.gear));
    write(this.#fields.RPM, text(car?.rpm));
    write(this.#fields.Throttle, text(car?.throttle, " %"));
    share("Throttle", car?.throttle);
    write(this.#fields.Brake, car?.brake == null ? "–" : car.brake ? "On" : "Off");
    share("Brake", car?.brake ? 100 : 0);
    const drs = car?.drs ?? null;
    write(this.#fields.DRS, drs === null ? "–" : DRS_OPEN.includes(drs) ? "Open" : drs === DRS_ALLOWED ? "Ready" : "Off");
    this.#fields.DRS.parentElement.dataset.on = String(drs !== null && DRS_OPEN.includes(drs));
  }

  /** @param {number} t @param {Car | undefined} car */
  #chart(t, car) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !this.#code) return;
    const ratio = Math.min(devicePixelRatio, 2);
    if (this.canvas.width !== Math.round(width * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.canvas);
    const ink = (/** @type {string} */ name) => style.getPropertyValue(name);
    const chart = new Chart(ctx, width, t - MINUTE);
    const foot = height - 18;
    chart.grid(8, foot - 50, TOP_KMH, [100, 200, 300], ink("--line"), ink("--dim"));
    chart.minutes(foot, ink("--dim"));
    const { race } = this.page;
    const lines = (/** @type {ColumnName} */ name) => race.series(/** @type {string} */ (this.#code), name, t - MINUTE, t);
    const end = (/** @type {number | null | undefined} */ value) => (value === undefined ? null : value);
    const hole = race.manifest.replay.hole_ms / 1000;
    chart.line(lines("throttle"), t, end(car?.throttle), hole, foot - 42, foot - 16, 100, ink("--go"), true);
    chart.steps(lines("brake"), t, foot - 12, foot - 2, ink("--red"));
    chart.line(lines("speed"), t, end(car?.speed), hole, 8, foot - 50, TOP_KMH, ink("--ink"), false);
  }
}

/** Draws over the stretch of time that begins at `from` and fills the width. */
class Chart {
  /** @param {CanvasRenderingContext2D} ctx @param {number} width @param {number} from */
  constructor(ctx, width, from) {
    this.ctx = ctx;
    this.width = width;
    this.from = from;
    ctx.font = "10px system-ui, sans-serif";
    ctx.lineJoin = "round";
  }

  /** @param {number} t */
  #x(t) {
    return Math.max(((t - this.from) / MINUTE) * this.width, 0);
  }

  /** @param {number} top @param {number} bottom @param {number} full @param {number[]} values @param {string} line @param {string} text */
  grid(top, bottom, full, values, line, text) {
    const { ctx } = this;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    for (const value of values) {
      const y = bottom - (value / full) * (bottom - top);
      ctx.fillStyle = line;
      ctx.fillRect(0, Math.round(y), this.width, 1);
      ctx.fillStyle = text;
      ctx.fillText(value === values.at(-1) ? `${value} km/h` : String(value), 2, y);
    }
  }

  /** @param {number} y @param {string} color */
  minutes(y, color) {
    const { ctx } = this;
    ctx.fillStyle = color;
    ctx.textBaseline = "top";
    for (const [ago, align] of /** @type {const} */ ([[60, "left"], [30, "center"], [0, "right"]])) {
      ctx.textAlign = align;
      ctx.fillText(ago ? `−${ago} s` : "now", ((MINUTE - ago) / MINUTE) * this.width, y + 5);
    }
  }

  /**
   * Straight lines between samples, interrupted where the feed was, and up to the value `now`.
   * @param {import("../f1-replay.js").Series} series @param {number} t @param {number | null} now @param {number} hole
   * @param {number} top @param {number} bottom @param {number} full @param {string} color @param {boolean} filled
   */
  line(series, t, now, hole, top, bottom, full, color, filled) {
    const { ctx } = this;
    const y = (/** @type {number} */ value) => bottom - (value / full) * (bottom - top);
    const times = [...series.t, t];
    const values = [...series.v, now];
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.lineWidth = filled ? 1 : 1.75;
    let begun = -1;
    const stop = (/** @type {number} */ last) => {
      if (begun < 0) return;
      ctx.stroke();
      if (filled) {
        ctx.lineTo(this.#x(times[last]), bottom);
        ctx.lineTo(this.#x(times[begun]), bottom);
        ctx.globalAlpha = 0.25;
        ctx.fill();
        ctx.globalAlpha = 1;
      }
      begun = -1;
    };
    for (let i = 0; i < times.length; i++) {
      const value = values[i];
      if (value === null || times[i] - (times[i - 1] ?? times[i]) > hole) stop(i - 1);
      if (value === null) continue;
      if (begun < 0) ctx.beginPath(), ctx.moveTo(this.#x(times[i]), y(value)), (begun = i);
      else ctx.lineTo(this.#x(times[i]), y(value));
    }
    stop(times.length - 1);
  }

  /** Blocks where a stepped value is on. @param {import("../f1-replay.js").Series} series @param {number} t @param {number} top @param {number} bottom @param {string} color */
  steps(series, t, top, bottom, color) {
    this.ctx.fillStyle = color;
    series.t.forEach((start, i) => {
      if (!series.v[i]) return;
      const x = this.#x(start);
      this.ctx.fillRect(x, top, this.#x(series.t[i + 1] ?? t) - x, bottom - top);
    });
  }
}
