// Puts the page together: what is needed for the first picture at once, the rest after it.

/** @import {Race, State} from "../f1-replay.js" */

import { Board } from "./board.js";
import { byId } from "./facts.js";
import { Header } from "./header.js";
import { Player } from "./player.js";
import { Track } from "./track.js";

const TEXT_EVERY_MS = 100; // tables and texts need no 60 changes a second
const NOTICE_AFTER_MS = 400;

/** @typedef {{update(state: State): void}} View */

/** What the parts share. */
export class Page extends EventTarget {
  /** @type {string | null} */ selected = null;
  /** @type {View[]} */ views = [];
  calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param {Race} race */
  constructor(race) {
    super();
    this.race = race;
    this.player = new Player(race);
  }

  /** @param {string | null} code */
  select(code) {
    this.selected = code;
    this.player.redraw();
    this.dispatchEvent(new Event("select"));
  }

  /** Put the moment and the car into the address. A fragment alone would be taken from the page's <base>. */
  remember() {
    const said = new URLSearchParams();
    if (this.player.t > 0) said.set("t", this.player.t.toFixed(1).replace(/\.0$/, ""));
    if (this.selected) said.set("car", this.selected);
    const { pathname, search } = location;
    history.replaceState(null, "", pathname + search + (said.size ? `#${said}` : ""));
  }
}

/** @param {Race} race */
export async function show(race) {
  const page = new Page(race);
  const track = new Track(page);
  page.views.push(new Board(page), new Header(page));
  restore(page);
  await run(page, track);
  performance.mark("first-picture");
  const parts = await import("./parts.js");
  parts.add(page);
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
    page.remember();
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
        byId("blind").hidden = state.cars.some((car) => car.x !== null);
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

/** The address may say when to begin and which car to follow: #t=3600&car=VER. @param {Page} page */
function restore(page) {
  const read = (/** @type {string} */ url) => {
    const said = new URLSearchParams(new URL(url).hash.slice(1));
    page.player.seek(Number(said.get("t")) || 0);
    const code = said.get("car");
    if (page.race.manifest.drivers.some((driver) => driver.code === code)) page.select(code);
  };
  // the event's own URL: the address may have been rewritten since, see keepAddress
  addEventListener("hashchange", ({ newURL }) => read(newURL));
  read(location.href);
}
