// Two to four laps of any drivers against each other; on the map the others drive along as ghosts.

/** @import {Desk} from "./desk.js" */
/** @import {State, Trace} from "../f1-replay.js" */
/** @import {Laid} from "./compare-scene.js" */
/** @import {CarLaps, Lap} from "./laps.js" */
/** @import {Ghost} from "./ghosts.js" */

import { alike, variant } from "./colors.js";
import { compareScene, cornerTable } from "./compare-scene.js";
import { distAt, placeAt } from "./delta.js";
import { make } from "./facts.js";
import { LapPicker } from "./lap-picker.js";
import { fastest } from "./laps.js";
import { Plot } from "./plot.js";
import { Sources } from "./sources.js";
import { lapText } from "./format.js";

/** A lap of a driver in a session of the weekend. @typedef {{session: string, code: string, lap: number}} Slot */

const MOST = 4;
const DASHES = [undefined, [7, 3], [2, 3], [9, 3, 2, 3]];

export class Compare {
  /** @type {Slot[]} */ slots = [];
  /** @type {Laid[]} */ #laid = [];
  /** @type {Map<string, Promise<Trace | null>>} */ #traces = new Map();
  #own = false; // whether the viewer or a link has said which laps
  #known = "";
  selected = () => void (this.#own || this.#choose());
  ghosts = (/** @type {number} */ t) => this.#ghosts(t);
  #pin = /** @type {number | null} */ (null); // m from the line

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.plot = new Plot("Speed, delta, throttle, brake, gear and DRS by distance. Drag to look closer, double click for the whole lap.");
    this.plot.picked = ({ t }) => t !== undefined && this.#laid[0]?.session === this.sources.own && desk.page.player.seek(t);
    this.plot.pointed = (spot) => ((this.#pin = spot?.x ?? null), desk.page.player.redraw());
    this.pickers = make("div", { className: "slots" });
    this.early = make("p", { className: "early" });
    this.body = make("div", { className: "chartbody" }, this.plot.element, this.early);
    this.element = make("div", { className: "compareview" }, this.pickers, this.body);
    this.sources = new Sources(desk.page.race, desk.laps);
    this.#listen();
    this.sources.look().then(() => this.#fill(), () => {}); // without a listing the page's own session is all there is
  }

  #listen() {
    const { page } = this.desk;
    page.ghosts.add(this.ghosts);
    page.selection.addEventListener("change", this.selected);
    page.address.add("compare", () => (this.#own && !this.element.hidden ? this.slots.map((slot) => this.#write(slot)).join() : ""), (said) => void this.#read(said));
  }

  close() {
    const { page } = this.desk;
    page.ghosts.delete(this.ghosts);
    this.sources.close();
    page.selection.removeEventListener("change", this.selected);
    page.address.add("compare", () => "", () => {});
  }

  /** @param {State} state */
  update({ t }) {
    const { laps, whole } = this.desk;
    const known = `${laps.known(whole ? Infinity : t)}`;
    if (known !== this.#known && !this.pickers.contains(document.activeElement)) {
      this.#known = known;
      if (!this.slots.length) this.#choose();
      else this.#fill();
    }
    const [first] = this.#laid;
    this.plot.cursor = first?.session === this.sources.own && t >= first.trace.start_s && t <= first.trace.end_s ? distAt(first.trace, t - first.trace.start_s) : null;
  }

  redraw() {
    this.#known = "";
    this.#laid = this.#laid.map((one, i) => ({ ...one, ...this.#styleOf(i) })); // in the colours of the theme
    this.#draw();
  }

  toggleTable() {
    if (this.table) this.table.remove(), (this.table = null);
    else if (this.#laid.length) this.body.append((this.table = cornerTable(this.#laid, this.desk.page.race.manifest)));
  }

  /** Laps that may be shown now. @param {CarLaps} car @param {string} [session] @returns {Lap[]} */
  lapsOf(car, session = this.sources.own) {
    const asked = this.slots.filter((slot) => slot.code === car.code && slot.session === session).map(({ lap }) => lap);
    const { whole, page } = this.desk;
    const until = whole || this.sources.earlier(session) ? Infinity : session === this.sources.own ? page.player.t : -Infinity;
    return car.laps.filter(({ n, end, start_s }) => start_s !== null && (end <= until || asked.includes(n)));
  }

  /** The fastest of them that counts. @param {CarLaps} car @param {string} [session] */
  best(car, session) {
    return fastest(this.lapsOf(car, session));
  }

  /** @param {Slot[]} slots */
  set(slots, own = true) {
    this.#own = own;
    this.slots = slots.slice(0, MOST);
    this.#fill();
    this.#load();
    this.desk.page.address.soon();
  }

  /** The best laps of the chosen cars; without any, of the two that have the fastest. */
  #choose() {
    const { laps, page } = this.desk;
    const rated = laps.cars.flatMap((car) => {
      const lap = this.best(car);
      return lap ? { code: car.code, lap: lap.n, time: Number(lap.lap_time_s) } : [];
    });
    const chosen = page.selection.codes.flatMap((code) => rated.find((one) => one.code === code) ?? []);
    const fastest = rated.sort((a, b) => a.time - b.time).filter((one) => !chosen.includes(one));
    this.set([...chosen, ...fastest.slice(0, Math.max(2 - chosen.length, 0))].map(({ code, lap }) => ({ session: this.sources.own, code, lap })), false);
  }

  /** One more: the fastest lap of who has none yet. */
  #add() {
    const free = this.desk.laps.cars.find((car) => this.best(car) && !this.slots.some(({ code }) => code === car.code));
    const lap = free && this.best(free);
    if (lap) this.set([...this.slots, { session: this.sources.own, code: free.code, lap: lap.n }]);
  }

  /** VER-12 is a lap of this session, VER-12-Q one of qualifying. @param {Slot} slot */
  #write({ session, code, lap }) {
    return `${code}-${lap}${session === this.sources.own ? "" : `-${session}`}`;
  }

  /** Such laps of an address. @param {string} said */
  async #read(said) {
    const asked = [...said.matchAll(/(?:^|,)(\w+)-(\d+)(?:-(\w+))?(?=,|$)/g)].map(([, code, lap, session = this.sources.own]) => ({ session, code, lap: Number(lap) }));
    await Promise.all(asked.map(({ session }) => this.sources.load(session)));
    const slots = asked.filter(({ session, code, lap }) => this.sources.open.get(session)?.laps.car(code)?.laps.some(({ n }) => n === lap));
    if (slots.length) this.set(slots);
  }

  #fill() {
    this.pickers.replaceChildren(
      ...this.slots.map((slot, i) => new LapPicker(this, slot, i, this.#styleOf(i)).element),
      ...(this.slots.length && this.slots.length < MOST ? [make("button", { type: "button", className: "add", textContent: "+ Lap", onclick: () => this.#add() })] : []),
      ...(this.slots.length ? [make("button", { type: "button", className: "add", textContent: "▶ Watch", title: "The first lap on the map, with the others as ghosts", disabled: this.slots[0].session !== this.sources.own, onclick: () => this.#watch() }), this.#link()] : []),
    );
  }

  #link() {
    const button = make("button", { type: "button", className: "add", textContent: "Link", title: "Copy a link to this comparison" });
    button.onclick = async () => {
      this.#own = true;
      this.desk.page.address.write();
      await navigator.clipboard?.writeText(location.href).catch(() => {}); // the address bar has it all the same
      button.textContent = "Copied";
    };
    return button;
  }

  /** Team mates and a driver's own laps differ in shade and dash. @param {number} i */
  #styleOf(i) {
    const colors = this.slots.map(({ session, code }) => this.sources.of(session).laps.car(code)?.color ?? "#9aa4b2");
    const same = colors.slice(0, i).filter((color) => alike(color, colors[i])).length;
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    return { color: variant(colors[i], same, ink), dash: DASHES[same] };
  }

  async #load() {
    const wanted = this.slots;
    const traces = await Promise.all(wanted.map((slot) => this.#trace(slot)));
    if (wanted !== this.slots) return; // others are asked for meanwhile
    this.#laid = wanted.flatMap(({ session, code, lap }, i) => {
      const label = `${code}${session === this.sources.own ? "" : ` ${session}`} L${lap}`;
      const trace = traces[i];
      return trace && trace.dist.length > 2 ? { trace, session, code, label, ...this.#styleOf(i) } : [];
    });
    this.#draw();
    this.desk.page.player.redraw();
  }

  /** @param {Slot} slot */
  #trace({ session, code, lap }) {
    const key = `${session} ${code} ${lap}`;
    let trace = this.#traces.get(key);
    if (!trace) {
      trace = this.sources.of(session).race.trace(code, lap).catch(() => (this.#traces.delete(key), null));
      this.#traces.set(key, trace);
    }
    return trace;
  }

  #draw() {
    const { page } = this.desk;
    this.plot.element.hidden = !this.#laid.length;
    this.early.hidden = this.#laid.length > 0;
    const words = this.slots.length ? "Nobody knows enough of these laps to compare them." : "No lap has been timed yet. ";
    this.early.replaceChildren(words, ...(this.slots.length ? [] : [this.desk.wholeLink()]));
    if (this.table) this.toggleTable(), this.toggleTable(); // of these laps
    if (this.#laid.length) this.plot.show(compareScene(this.#laid, page.race.manifest));
  }

  #watch() {
    const { player, selection } = this.desk.page;
    const [first] = this.#laid;
    if (first?.session !== this.sources.own) return;
    selection.set([first.code]);
    player.seek(first.trace.start_s);
    player.setSpeed(1);
    player.play();
  }

  /** Where the other laps are while the first one is driven, and the spot that is pointed at. @param {number} t @returns {Ghost[]} */
  #ghosts(t) {
    const [first, ...others] = this.#laid;
    if (!first) return [];
    const since = t - first.trace.start_s;
    const driven = first.session === this.sources.own && t <= first.trace.end_s && since >= 0 ? others : [];
    const ghosts = driven.flatMap(({ trace, label, color }) => {
      const place = since <= trace.t[trace.t.length - 1] ? placeAt(trace, since) : null;
      return place ? { ...place, color, label } : [];
    });
    if (this.#pin === null) return ghosts;
    const at = first.trace.dist.findIndex((dist) => dist >= Number(this.#pin));
    const place = placeAt(first.trace, first.trace.t[Math.max(at, 0)]);
    return place ? [...ghosts, { ...place, color: "", label: "" }] : ghosts;
  }
}

/** @param {Lap} lap */
export function lapWords({ n, lap_time_s, deleted, kind }) {
  const off = deleted ? " · deleted" : kind === "in" || kind === "out" || kind === "out_in" ? ` · ${kind.replace("_", " and ")}` : "";
  return `Lap ${n} · ${lapText(lap_time_s) || "–"}${off}`;
}
