// Puts the page together: what is needed for the first picture at once, the rest after it.

/** @import {Race, State} from "../f1-replay.js" */

import { Address } from "./address.js";
import { Board } from "./board.js";
import { byId } from "./facts.js";
import { Header } from "./header.js";
import { Player } from "./player.js";
import { Selection } from "./selection.js";
import { Track } from "./track.js";

const TEXT_EVERY_MS = 100; // tables and texts need no 60 changes a second
const NOTICE_AFTER_MS = 400;

/** @typedef {{update(state: State): void}} View */

/** What the parts share. */
export class Page extends EventTarget {
  /** @type {View[]} */ views = [];
  address = new Address();
  /** Who adds other laps to the map. @type {Set<(t: number) => import("./ghosts.js").Ghost[]>} */ ghosts = new Set();
  /** @type {Promise<import("./laps.js").RaceLaps | null> | null} */ #laps = null;
  calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param {Race} race */
  constructor(race) {
    super();
    this.race = race;
    this.player = new Player(race);
    this.selection = new Selection(race.manifest.drivers.map(({ code }) => code));
    this.selection.addEventListener("change", () => this.player.redraw());
  }

  /** The session as laps; null of a race from before there was timing.json.gz. */
  laps() {
    this.#laps ??= Promise.all([import("./laps.js"), this.race.timing()])
      .then(([{ RaceLaps }, timing]) => timing && new RaceLaps(this.race.manifest, timing))
      .catch((error) => {
        this.#laps = null; // a failure is not kept
        throw error;
      });
    return this.#laps;
  }
}

/** @param {Race} race */
export async function show(race) {
  const page = new Page(race);
  const track = new Track(page);
  const board = new Board(page);
  page.views.push(board, new Header(page));
  restore(page);
  await run(page, track);
  performance.mark("first-picture");
  for (const table of [race.timing(), race.segments()]) table.catch(() => {}); // the tower's, asked for again by it
  const parts = await import("./parts.js");
  parts.add(page, board, track.view);
  page.player.redraw();
  await new Promise(requestAnimationFrame);
  document.documentElement.dataset.state = "ready";
}

/** Start the loop; resolves after the first picture. @param {Page} page @param {Track} track @returns {Promise<void>} */
function run(page, track) {
  const { player, race } = page;
  const notice = byId("notice");
  let texts = 0;
  let waitingSince = 0;
  let trouble = "";
  race.addEventListener("error", () => (trouble = "The data cannot be reached; trying again…"));
  race.addEventListener("chunk", () => (trouble = ""));
  race.addEventListener("change", () => {
    page.address.write();
    location.reload(); // recomputed: drivers, laps and marks may differ
  });
  player.addEventListener("seek", () => (texts = 0));
  player.addEventListener("change", () => (texts = 0));
  return new Promise((resolve) => {
    /** @param {number} now */
    function frame(now) {
      const state = player.tick(now);
      if (state) {
        track.draw(state);
        byId("blind").hidden = state.cars.some((car) => car.x !== null || car.status === "garage");
        if (now - texts >= TEXT_EVERY_MS || !player.playing) {
          texts = now;
          for (const view of page.views) view.update(state);
        }
        resolve();
      }
      waitingSince = player.waiting ? waitingSince || now : 0;
      notice.hidden = !player.waiting || now - waitingSince < NOTICE_AFTER_MS;
      if (!notice.hidden) notice.textContent = trouble || "Loading…";
      requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
  });
}

/** The address says when to begin and which cars are chosen: #t=3600&car=VER,NOR. @param {Page} page */
function restore({ address, player, selection }) {
  const moment = () => (player.t > 0 ? player.t.toFixed(1).replace(/\.0$/, "") : "");
  address.add("t", moment, (said) => player.seek(Number(said) || 0));
  address.add("car", () => selection.codes.join(), (said) => selection.set(said.split(",")));
}
