// Chooses one lap of a comparison: whose, and which.

/** @import {Compare, Slot} from "./compare.js" */

import { signed } from "./axes.js";
import { lapWords } from "./compare.js";
import { make } from "./facts.js";
import { lapText } from "./format.js";

export class LapPicker {
  /** @param {Compare} compare @param {Slot} slot @param {number} i @param {{color: string, dash: number[] | undefined}} style */
  constructor(compare, slot, i, { color, dash }) {
    const { laps } = compare.desk;
    const car = /** @type {import("./laps.js").CarLaps} */ (laps.car(slot.code));
    const change = (/** @type {Slot} */ to) => compare.set(compare.slots.map((other, j) => (j === i ? to : other)));
    const who = select("Driver", laps.cars.filter((one) => compare.lapsOf(one).length).map(({ code }) => [code, code]), slot.code);
    who.onchange = () => {
      const other = laps.car(who.value);
      const lap = other && (compare.best(other) ?? compare.lapsOf(other)[0]);
      if (lap) change({ code: who.value, lap: lap.n });
    };
    const best = compare.best(car)?.n;
    const known = compare.lapsOf(car).toReversed();
    const which = select("Lap", known.map((lap) => [String(lap.n), lapWords(lap) + (lap.n === best ? " · best" : "")]), String(slot.lap));
    which.onchange = () => change({ code: slot.code, lap: Number(which.value) });
    const remove = make("button", { type: "button", className: "close", textContent: "×", onclick: () => compare.set(compare.slots.filter((_, j) => j !== i)) });
    remove.setAttribute("aria-label", `Without lap ${slot.lap} of ${car.name}`);
    remove.hidden = compare.slots.length < 2;
    this.element = make("div", { className: "slot" }, make("div", { className: "pick" }, who, which, remove), this.#facts(compare, slot, i));
    this.element.style.setProperty("--team", color);
    this.element.toggleAttribute("data-dash", Boolean(dash));
  }

  /** Sectors, tyres, and how far it is off the first lap. @param {Compare} compare @param {Slot} slot @param {number} i */
  #facts(compare, { code, lap }, i) {
    const { laps } = compare.desk;
    const of = (/** @type {Slot} */ slot) => laps.car(slot.code)?.laps.find(({ n }) => n === slot.lap);
    const [own, first] = [of({ code, lap }), of(compare.slots[0])];
    if (!own) return make("p");
    const sectors = [own.sector1_s, own.sector2_s, own.sector3_s].map((s) => lapText(s) || "–").join("  ");
    const off = i && own.lap_time_s !== null && first && first.lap_time_s !== null ? `${signed(own.lap_time_s - first.lap_time_s)}  ` : "";
    const tyre = laps.tyre(own.tyre);
    const mark = make("i", { className: "dot" });
    mark.style.setProperty("--hue", tyre.color);
    return make("p", {}, make("b", { textContent: off }), sectors, "  ", mark, `${tyre.name}${own.tyre_life === null ? "" : ` ${own.tyre_life}`}`);
  }
}

/** @param {string} label @param {string[][]} options value and words @param {string} value @returns {HTMLSelectElement} */
function select(label, options, value) {
  const made = make("select", {}, ...options.map(([value, textContent]) => make("option", { value, textContent })));
  made.setAttribute("aria-label", label);
  made.value = value;
  return made;
}
