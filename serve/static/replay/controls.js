// Play, speed, and the seek bar with what happened when.

/** @import {Page} from "./page.js" */
/** @import {State} from "../f1-replay.js" */

import { JUMPS, lapStart, lapStarts, moments, SPANS } from "./events.js";
import { byId, clockText, FLAG_WORDS, FLAGS, finishTime, flagAt, isTimed, lastAt, make, write } from "./facts.js";
import { SPEEDS } from "./player.js";

const SHAPES = { play: "M4 2l10 6-10 6z", pause: "M3 2h4v12H3zM9 2h4v12H9z", back: "M2 3h2v10H2zM14 3v10L5 8z", on: "M12 3h2v10h-2zM2 3v10l9-5z" };

const EDGE_S = 2; // back from right after a moment is to the one before

export class Controls {
  /** @type {import("../f1-replay.js").TimingDocument | null} */ timing = null;
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    const { player, race } = page;
    this.play = byId("play");
    this.play.onclick = () => player.toggle();
    this.speeds = SPEEDS.map((speed) => {
      const button = make("button", { type: "button", textContent: `${speed}×`, onclick: () => player.setSpeed(speed) });
      button.setAttribute("aria-label", `Speed ${speed}`);
      return button;
    });
    byId("speeds").replaceChildren(...this.speeds);
    this.speed = make("select", { onchange: () => player.setSpeed(Number(this.speed.value)) }, ...SPEEDS.map((speed) => make("option", { value: String(speed), textContent: `${speed}×` })));
    this.speed.setAttribute("aria-label", "Speed");
    byId("speeds").after(this.speed);
    this.#jumps();
    this.range = make("input", { type: "range", min: "0", max: String(race.duration), step: "0.04", value: "0" });
    this.range.setAttribute("aria-label", "Race time");
    this.range.oninput = () => player.seek(Number(this.range.value));
    this.done = make("div", { className: "done" });
    this.tip = make("output", { className: "tip", hidden: true });
    this.bar = byId("bar");
    this.bar.replaceChildren(make("div", { className: "rail" }, this.done, ...this.#stretches()), ...this.#ticks(), this.range, this.tip);
    this.#hover();
    race.timing().then((timing) => timing && this.#time(timing), () => {}); // older races have none
    player.addEventListener("change", () => this.#show());
    this.#show();
  }

  /** @param {State} state */
  update({ t, lap }) {
    if (document.activeElement !== this.range || this.page.player.playing || Math.abs(Number(this.range.value) - t) > 1)
      this.range.value = String(t);
    this.range.setAttribute("aria-valuetext", `${clockText(t)}, lap ${lap}`);
    this.done.style.width = `${this.#percent(t)}%`;
    this.ticks?.forEach((tick, i) => (tick.hidden = this.#ahead(i, t)));
  }

  #show() {
    const { playing, speed } = this.page.player;
    this.play.querySelector("path").setAttribute("d", playing ? SHAPES.pause : SHAPES.play);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.speed.value = String(speed);
    for (const [i, button] of this.speeds.entries()) button.setAttribute("aria-pressed", String(SPEEDS[i] === speed));
  }

  /** Back and on to a lap, a flag, an overtake… of the kind chosen between the two buttons. */
  #jumps() {
    const timed = isTimed(this.page.race.manifest);
    const offered = Object.entries(JUMPS).filter(([kind]) => kind !== (timed ? "overtake" : "part"));
    const names = [...offered.map(([value, { name }]) => [value, name]), ...Object.keys(SPANS).map((name) => [name, name])];
    this.kind = make("select", { title: "What the arrows beside it jump to; of the chosen cars, where it is a car's matter" }, ...names.map(([value, textContent]) => make("option", { value, textContent })));
    this.kind.setAttribute("aria-label", "Jump to");
    const arrow = (/** @type {1 | -1} */ way, /** @type {string} */ name, /** @type {string} */ shape, /** @type {string} */ key) => {
      const button = make("button", { type: "button", title: `${name} (${key})`, onclick: () => this.jump(way) });
      button.setAttribute("aria-label", name);
      button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${shape}"/></svg>`;
      return button;
    };
    byId("jump").replaceChildren(arrow(-1, "The one before", SHAPES.back, "B"), this.kind, arrow(1, "The next one", SHAPES.on, "N"), this.#typed());
  }

  /** A lap by its number: of the race, or of the chosen car where nobody races. */
  #typed() {
    this.number = make("input", { type: "text", inputMode: "numeric", maxLength: 3, placeholder: "Lap", title: "To a lap: its number, then Enter (G)", autocomplete: "off" });
    this.number.setAttribute("aria-label", "To lap");
    this.number.oninput = () => this.number.setCustomValidity("");
    const go = () => {
      const { player, selection, race } = this.page;
      const typed = this.number.value.trim();
      const t = this.timing && /^\d+$/.test(typed) ? lapStart(this.page, this.timing, Number(typed)) : null;
      const whose = !isTimed(race.manifest) ? "" : selection.last ? ` of ${selection.last}` : ": choose a car first";
      this.number.setCustomValidity(t === null ? `There is no lap ${typed}${whose}` : "");
      if (t === null) return this.number.reportValidity();
      player.seek(t);
      this.number.value = "";
      this.number.blur(); // the keys are the page's again
    };
    return make("form", { id: "tolap", noValidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), go()) }, this.number);
  }

  /** Wait for the number of a lap. */
  askLap() {
    this.number.focus();
    this.number.select();
  }

  /** To the moment of the chosen kind before or after. @param {1 | -1} way @param {string} [kind] */
  jump(way, kind = this.kind.value) {
    const { player, race } = this.page;
    if (kind in SPANS) return player.seek(player.t + way * SPANS[kind]);
    const all = moments(this.page, this.timing, kind);
    if (way > 0) player.seek(all.find((t) => t > player.t + 0.1) ?? race.duration);
    else player.seek(all.findLast((t) => t < player.t - EDGE_S) ?? 0);
  }

  /** Laps as ticks on the rail. @param {import("../f1-replay.js").TimingDocument} timing */
  #time(timing) {
    this.timing = timing;
    if (isTimed(this.page.race.manifest)) return;
    this.laps = lapStarts(timing).map((t) => ({ t }));
    const lines = this.laps.map(({ t }, i) => {
      const line = make("i", { className: (i + 2) % 10 ? "lapline" : "lapline tenth" });
      line.style.left = `${this.#percent(t)}%`;
      return line;
    });
    this.bar.querySelector(".rail").append(...lines);
  }

  /** @param {number} t */
  #percent(t) {
    return (100 * t) / this.page.race.duration;
  }

  /** Coloured stretches under a flag. */
  #stretches() {
    const { track_statuses } = this.page.race.manifest;
    return track_statuses.flatMap(({ status, start_time, end_time }) => {
      const flag = FLAGS[status];
      if (!flag || flag.kind === "clear") return [];
      const stretch = make("div", { className: "stretch" });
      stretch.dataset.kind = flag.kind;
      stretch.textContent = FLAG_WORDS[flag.kind] ?? "";
      stretch.style.left = `${this.#percent(start_time)}%`;
      stretch.style.width = `${this.#percent((end_time ?? this.page.race.duration) - start_time)}%`;
      return stretch;
    });
  }

  /** Retirements, and the flag. */
  #ticks() {
    const { manifest } = this.page.race;
    this.moments = manifest.drivers
      .filter((driver) => driver.retired_at !== null)
      .map((driver) => ({ t: /** @type {number} */ (driver.retired_at), text: `${driver.code} out`, kind: "out" }));
    const finish = finishTime(manifest);
    if (finish !== null) this.moments.push({ t: finish, text: "Chequered flag", kind: "finish" });
    for (const { name, start, end } of isTimed(manifest) ? (manifest.parts ?? []) : [])
      this.moments.push({ t: start, text: `${name} begins`, kind: "part" }, ...(end === null ? [] : [{ t: end, text: `${name} ends`, kind: "finish" }]));
    this.ticks = this.moments.map(({ t, kind }) => {
      const tick = make("i", { className: "tick" });
      tick.dataset.kind = kind;
      tick.style.left = `${this.#percent(t)}%`;
      return tick;
    });
    return this.ticks;
  }

  /** Who will be out is not told before. @param {number} i of the moments @param {number} t */
  #ahead(i, t) {
    const moment = this.moments?.[i];
    return moment?.kind === "out" && moment.t > t;
  }

  /** What is where, under the pointer. */
  #hover() {
    this.bar.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      const box = this.bar.getBoundingClientRect();
      const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      const t = share * this.page.race.duration;
      const flag = flagAt(this.page.race.manifest, t);
      const now = this.page.player.t;
      const near = this.moments?.filter((moment, i) => !this.#ahead(i, now) && Math.abs(this.#percent(moment.t) / 100 - share) * box.width < 7) ?? [];
      const lap = this.laps ? `Lap ${lastAt(this.laps, t) + 2}` : "";
      const said = [clockText(t), lap, flag.kind === "clear" ? "" : flag.name, ...near.map((moment) => moment.text)];
      write(this.tip, said.filter(Boolean).join(" · "));
      this.tip.style.left = `${100 * share}%`;
      this.tip.style.transform = `translateX(${-100 * share}%)`;
      this.tip.hidden = false;
    });
    this.bar.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }
}
