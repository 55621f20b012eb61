// The head of the page: race, lap, clock, weather, the flag over the map, and what a screen reader is told.

/** @import {Page} from "./page.js" */
/** @import {State} from "../f1-replay.js" */

import { SESSIONS } from "../f1-replay.js";
import { byId, clockText, FLAGS, finishTime, flagAt, isTimed, lastAt, partAt, write } from "./facts.js";

const CLEAR_SHOWN_S = 8;
const TICKER_S = 20;
const SPEAK_EVERY_MS = 4_000;

export class Header {
  #page;
  #finish;
  #timed;
  #spoken = { flag: "", lap: 0, at: 0 };

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    const { event, total_laps, quality, provenance } = page.race.manifest;
    this.#timed = isTimed(page.race.manifest);
    this.#finish = finishTime(page.race.manifest);
    const kind = SESSIONS[event.session]?.name ?? event.session;
    document.title = `${event.name} ${event.year}, ${kind.toLowerCase()}: replay`;
    byId("name").textContent = event.name;
    const day = event.date_utc && new Date(event.date_utc).toLocaleDateString("en-GB", { dateStyle: "long" });
    byId("where").firstElementChild.textContent = [kind, event.location, day ?? event.year].filter(Boolean).join(" · ");
    byId("laps").textContent = total_laps ? `/${total_laps}` : "";
    const grade = byId("grade");
    grade.hidden = false;
    grade.textContent = quality.grade;
    grade.dataset.grade = quality.grade;
    grade.title = `Data quality: grade ${quality.grade}${provenance.provisional ? ", provisional" : ""} (Q)`;
    grade.setAttribute("aria-label", grade.title);
  }

  /** @param {State} state */
  update({ t, lap }) {
    const { manifest } = this.#page.race;
    const total = manifest.total_laps;
    if (this.#timed) write(byId("counted"), partAt(manifest, t)?.name ?? ""); // what remains of it the tower knows
    else write(byId("lap"), String(total ? Math.min(lap, total) : lap));
    write(byId("clock"), clockText(t));
    this.#showWeather(t);
    this.#showTicker(t);
    const flag = this.#flag(t);
    const pill = byId("flag");
    pill.hidden = !flag;
    if (flag) {
      write(pill, flag.name);
      pill.dataset.kind = flag.kind;
    }
    document.documentElement.dataset.flag = flag?.kind ?? "clear";
    this.#speak(flag?.name ?? FLAGS[1].name, lap);
  }

  /** What the pill shows: the finish, a flag, or for a moment that the track is clear again. @param {number} t */
  #flag(t) {
    const { manifest } = this.#page.race;
    const flag = flagAt(manifest, t);
    if (flag.kind === "red") return flag;
    if (this.#finish !== null && t >= this.#finish) return { name: "Chequered flag", kind: "finish" };
    if (t < (manifest.clock.lights_out_s ?? 0)) return { name: "On the grid", kind: "grid" };
    if (flag.kind !== "clear") return flag;
    const index = lastAt(manifest.track_statuses, t, "start_time");
    return index > 0 && t - manifest.track_statuses[index].start_time < CLEAR_SHOWN_S ? flag : null;
  }

  /** @param {number} t */
  #showWeather(t) {
    const { weather } = this.#page.race.manifest;
    const now = weather[Math.max(lastAt(weather, t), 0)];
    if (!now) return;
    const parts = [];
    if (now.air_temp !== null) parts.push(`Air ${now.air_temp.toFixed(0)}°`);
    if (now.track_temp !== null) parts.push(`Track ${now.track_temp.toFixed(0)}°`);
    if (now.wind_speed !== null) parts.push(`Wind ${now.wind_speed.toFixed(1)} m/s`);
    if (now.rainfall !== null) parts.push(now.rainfall ? "Rain" : "Dry");
    if (now.humidity !== null) parts.push(`Humidity ${now.humidity.toFixed(0)} %`);
    const text = parts.join("  ");
    const place = byId("weather");
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    place.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
  }

  /** The newest message at the foot of the map, for a moment. @param {number} t */
  #showTicker(t) {
    const messages = this.#page.race.manifest.race_control;
    const last = messages[lastAt(messages, t)];
    const shown = last && last.flag !== "BLUE" && t - last.t < TICKER_S * Math.max(1, this.#page.player.speed / 4);
    write(byId("ticker"), shown ? last.message : "");
  }

  /** Changes of flag at once, laps now and then. @param {string} flag @param {number} lap */
  #speak(flag, lap) {
    const now = performance.now();
    const news = [];
    if (flag !== this.#spoken.flag) news.push(flag);
    if (!this.#timed && lap !== this.#spoken.lap && now - this.#spoken.at > SPEAK_EVERY_MS) news.push(`Lap ${lap}`);
    if (!news.length) return;
    this.#spoken = { flag, lap, at: now };
    byId("announce").textContent = news.join(". ");
  }
}
