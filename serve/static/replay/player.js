// The clock of the replay: plays, pauses, seeks; waits while data is missing.

/** @import {Race, State} from "../f1-replay.js" */

export const SPEEDS = [0.5, 1, 2, 5, 10, 20, 50];
const LONGEST_STEP_S = 0.25; // a page that slept goes on where it was

export class Player extends EventTarget {
  t = 0;
  speed = 1;
  playing = false;
  /** Whether the data for the time asked for is not there yet. */
  waiting = true;
  /** Whether it keeps step with something outside: a page that slept or waited catches up. */
  steady = false;
  #last = 0;
  #wanted = true; // a picture is due even if the clock stands

  /** @param {Race} race */
  constructor(race) {
    super();
    this.race = race;
  }

  /** The state to draw now; null if nothing has changed or nothing is there. @param {number} now ms */
  tick(now) {
    const passed = (now - this.#last) / 1000;
    const step = this.steady && this.speed === 1 ? passed : Math.min(passed, LONGEST_STEP_S);
    if (!this.playing) this.#last = now;
    if (!this.playing && !this.#wanted) return null;
    const next = Math.min(this.playing ? this.t + step * this.speed : this.t, this.race.duration);
    const state = this.race.at(next);
    this.waiting = !state;
    if (state || !this.steady) this.#last = now;
    if (!state) return null;
    this.t = next;
    this.#wanted = false;
    if (next >= this.race.duration) this.pause();
    return state;
  }

  /** Ask for a new picture of the same moment. */
  redraw() {
    this.#wanted = true;
  }

  play() {
    if (this.t >= this.race.duration) this.t = 0;
    this.#set({ playing: true });
  }

  pause() {
    if (this.playing) this.#set({ playing: false });
  }

  toggle() {
    this.playing ? this.pause() : this.play();
  }

  /** @param {number} t */
  seek(t) {
    this.t = Math.min(Math.max(t, 0), this.race.duration);
    this.#wanted = true;
    this.dispatchEvent(new Event("seek"));
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.#set({ speed });
  }

  /** The next speed up or down. @param {1 | -1} way */
  shift(way) {
    const at = SPEEDS.findIndex((speed) => speed >= this.speed);
    this.setSpeed(SPEEDS[Math.min(Math.max(at + way, 0), SPEEDS.length - 1)]);
  }

  /** @param {Partial<Player>} values */
  #set(values) {
    Object.assign(this, values);
    this.#wanted = true;
    this.dispatchEvent(new Event("change"));
  }
}
