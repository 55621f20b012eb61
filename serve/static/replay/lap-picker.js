// Chooses one lap of a comparison: whose, and which.

/** @import {Compare, Slot} from "./compare.js" */

import { signed } from "./axes.js";
import { lapWords } from "./compare.js";
import { make } from "./facts.js";
import { nameOf } from "./sources.js";
import { lapText } from "./format.js";

export class LapPicker {
  /** @param {Compare} compare @param {Slot} slot @param {number} i @param {{color: string, dash: number[] | undefined}} style */
  constructor(compare, slot, i, { color, dash }) {
    const { sources } = compare;
    const { session } = slot;
    const { laps } = sources.of(session);
    const car = /** @type {import("./laps.js").CarLaps} */ (laps.car(slot.code));
    const change = (/** @type {Slot} */ to) => compare.set(compare.slots.map((other, j) => (j === i ? to : other)));
    const who = select("Driver", laps.cars.filter((one) => compare.lapsOf(one, session).length).map(({ code }) => [code, code]), slot.code);
    who.onchange = () => {
      const other = laps.car(who.value);
      const lap = other && (compare.best(other, session) ?? compare.lapsOf(other, session)[0]);
      if (lap) change({ session, code: who.value, lap: lap.n });
    };
    const best = compare.best(car, session)?.n;
    const known = compare.lapsOf(car, session).toReversed();
    const which = select("Lap", known.map((lap) => [String(lap.n), lapWords(lap) + (lap.n === best ? " · best" : "")]), String(slot.lap));
    which.onchange = () => change({ session, code: slot.code, lap: Number(which.value) });
    const remove = make("button", { type: "button", className: "close", textContent: "×", onclick: () => compare.set(compare.slots.filter((_, j) => j !== i)) });
    remove.setAttribute("aria-label", `Without lap ${slot.lap} of ${car.name}`);
    remove.hidden = compare.slots.length < 2;
    this.element = make("div", { className: "slot" }, make("div", { className: "pick" }, ...this.#sessions(compare, slot, change), who, which, remove), this.#facts(compare, slot, i));
    this.element.style.setProperty("--team", color);
    this.element.toggleAttribute("data-dash", Boolean(dash));
  }

  /** Of which session, where the weekend has others. @param {Compare} compare @param {Slot} slot @param {(to: Slot) => void} change */
  #sessions(compare, { session, code }, change) {
    const { sources } = compare;
    if (!sources.others.length) return [];
    const made = select("Session", [sources.own, ...sources.others].map((one) => [one, nameOf(one)]), session);
    made.onchange = async () => {
      const there = await sources.load(made.value);
      const { laps } = sources.of(made.value);
      const lapIn = (/** @type {import("./laps.js").CarLaps | undefined} */ car) => car && (compare.best(car, made.value) ?? compare.lapsOf(car, made.value)[0]);
      const car = [laps.car(code), ...laps.cars].find(lapIn);
      const lap = lapIn(car);
      if (there && car && lap) change({ session: made.value, code: car.code, lap: lap.n });
      else made.value = session; // it has no laps, or they would tell what is still to come
    };
    return [made];
  }

  /** Sectors, tyres, and how far it is off the first lap. @param {Compare} compare @param {Slot} slot @param {number} i */
  #facts(compare, slot, i) {
    const { laps } = compare.sources.of(slot.session);
    const of = (/** @type {Slot} */ { session, code, lap }) => compare.sources.of(session).laps.car(code)?.laps.find(({ n }) => n === lap);
    const [own, first] = [of(slot), of(compare.slots[0])];
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
