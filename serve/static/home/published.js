// What is published, wherever it lies: catalog, seasons, results and standings, each read once.

/** @import {Catalog, Manifest, Results, SeasonListing, SeasonSession, Standings} from "../f1-replay.js" */

import { addressOf, SESSIONS } from "../f1-replay.js";

const ROOT_META = "meta[name=f1-root]"; // our server says there where the data are; in a bucket they lie beside the page

export class Published {
  /** @type {Map<string, Promise<any>>} */ #read = new Map();

  /** @param {Location} at */
  constructor(at) {
    const said = /** @type {HTMLMetaElement | null} */ (document.querySelector(ROOT_META))?.content;
    this.served = said !== undefined;
    this.root = new URL(said ?? new URLSearchParams(at.search).get("root") ?? ".", at.href);
    if (!this.root.pathname.endsWith("/")) this.root.pathname += "/";
  }

  /** A JSON file by its key; null where there is none. @param {string} key @returns {Promise<any>} */
  read(key) {
    let reading = this.#read.get(key);
    if (!reading) {
      reading = this.#fetch(key);
      this.#read.set(key, reading);
      reading.catch(() => this.#read.delete(key)); // a failure is not kept
    }
    return reading;
  }

  /** @param {string} key */
  async #fetch(key) {
    const url = addressOf(this.root, key);
    if (!url) throw new Error(`${key} is no key below ${this.root}`);
    const response = await fetch(url);
    if (response.ok) return response.json();
    response.body?.cancel().catch(() => {});
    if ([403, 404, 410].includes(response.status)) return null;
    throw new Error(`${url} answered ${response.status}`);
  }

  /** @returns {Promise<Catalog | null>} */
  catalog() {
    return this.read("catalog.json");
  }

  /** @param {number} year @returns {Promise<SeasonListing | null>} */
  season(year) {
    return this.read(`sessions/${year}.json`);
  }

  /** @param {SeasonListing} season @returns {Promise<Standings | null>} */
  async standings({ files }) {
    const key = files?.artifacts.find((file) => file.key.endsWith("/standings.json"))?.key;
    return key ? this.read(key) : null;
  }

  /** @param {SeasonSession} session @returns {Promise<Results | null>} */
  async results({ manifest }) {
    return manifest ? this.read(manifest.replace(/[^/]+$/, "results.json")) : null;
  }

  /** The colours of a season's teams, as its newest race has them. @param {SeasonListing} season @returns {Promise<Map<string, string>>} */
  async colors({ events }) {
    const newest = events.flatMap(({ sessions }) => sessions).findLast(({ state }) => state === "published");
    /** @type {Manifest | null} */ const manifest = newest?.manifest ? await this.read(newest.manifest).catch(() => null) : null;
    return new Map(manifest?.drivers.flatMap(({ team, color }) => (color ? [[team, `#${color}`]] : [])));
  }

  /** Address of a session's replay. @param {SeasonSession} session */
  replay({ manifest }) {
    const key = String(manifest);
    const [, year, round, folder = ""] = key.match(/telemetry\/(\d{4})\/(\d+)\/(?:(\w+)\/)?/) ?? [];
    if (this.served) {
      const code = Object.keys(SESSIONS).find((name) => SESSIONS[name].folder === (folder && `${folder}/`)) ?? "R";
      return `${location.pathname}replay/${year}/${round}${code === "R" ? "" : `?session=${code}`}`;
    }
    const beside = this.root.href === new URL(".", location.href).href;
    return `replay.html?race=${beside ? key : encodeURIComponent(String(addressOf(this.root, key)))}`;
  }
}
