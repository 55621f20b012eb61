// The sessions of a weekend whose laps can be laid beside each other: the one on the page, and the others that are published.

/** @import {Race} from "../f1-replay.js" */

import { addressOf, openRace, SESSIONS } from "../f1-replay.js";
import { RaceLaps } from "./laps.js";
import { others } from "./weekend.js";

/** @typedef {{session: string, name: string, race: Race, laps: RaceLaps}} Source */

export class Sources {
  /** @type {Map<string, Source>} */ open = new Map();
  /** Sessions there are beside those that are open. @type {string[]} */ others = [];
  /** @type {Map<string, Promise<boolean>>} */ #opening = new Map();

  /** @param {Race} race @param {RaceLaps} laps */
  constructor(race, laps) {
    this.own = race.manifest.event.session;
    this.race = race;
    this.open.set(this.own, { session: this.own, name: nameOf(this.own), race, laps });
  }

  /** Look which others are published. Without a listing there are none. */
  async look() {
    this.others = (await others(this.race)).map(({ session }) => session);
  }

  /** Read what is needed of one; false where it has no laps. @param {string} session @returns {Promise<boolean>} */
  load(session) {
    if (this.open.has(session)) return Promise.resolve(true);
    let opening = this.#opening.get(session);
    if (!opening) {
      opening = this.#load(session).catch(() => false);
      this.#opening.set(session, opening);
    }
    return opening;
  }

  /** @param {string} session */
  async #load(session) {
    const { year, round } = this.race.manifest.event;
    const url = addressOf(this.race.root, `telemetry/${year}/${round}/${SESSIONS[session]?.folder ?? ""}manifest.json`);
    if (!url || !SESSIONS[session]) return false;
    const race = await openRace(url, { root: this.race.root });
    const timing = await race.timing();
    if (timing) this.open.set(session, { session, name: nameOf(session), race, laps: new RaceLaps(race.manifest, timing) });
    return timing !== null;
  }

  /** Let go of the other sessions' data. */
  close() {
    for (const { session, race } of this.open.values()) if (session !== this.own) race.close();
  }

  /** @param {string} session @returns {Source} */
  of(session) {
    return /** @type {Source} */ (this.open.get(session) ?? this.open.get(this.own));
  }

  /** Whether a session was over when the one on the page began: its laps tell nothing of it. @param {string} session */
  earlier(session) {
    const began = (/** @type {string} */ one) => this.of(one).race.manifest.event.date_utc ?? "";
    return began(session) < began(this.own);
  }
}

/** @param {string} session */
export function nameOf(session) {
  return SESSIONS[session]?.name ?? session;
}
