// Reader of precomputed race telemetry: one file, no dependencies. Types and full documentation are in
// f1-replay.d.ts, the format in docs/format.md.
//
//   import { openRace } from "./f1-replay.js";
//   const race = await openRace("https://cdn.example/telemetry/2025/1/manifest.json");
//   const state = await race.seek(600);  // ten minutes after the start
//   for (const car of state.cars) console.log(car.position, car.code, car.x, car.y, car.speed);
//
// In an animation call `race.at(t)` for every picture: it never waits, and loads ahead on its own.

/** @import {Car, LapsColumns, Line, Manifest, OpenOptions, Race as RaceInterface, Row, Series, State} from "./f1-replay.d.ts" */
/** @import {PitStopsColumns, Results, Ruling, StintsColumns, TimingDocument, Tower, TowerCar, TowerLap} from "./f1-replay.d.ts" */
/** @import {SegmentColor, SegmentsDocument, TowerState, TowerStop, TowerTyres, Trace} from "./f1-replay.d.ts" */

// codes:begin
export const SCHEMA_VERSION = 1;
export const STATUSES = ["grid", "track", "pit", "finished", "garage", "out", "timed", "in"];
export const TYRES = ["UNKNOWN", "SOFT", "MEDIUM", "HARD", "INTERMEDIATE", "WET", "HYPERSOFT", "ULTRASOFT", "SUPERSOFT", "SUPERHARD"];
export const SESSIONS = {
  R: { name: "Race", folder: "" },
  S: { name: "Sprint", folder: "sprint/" },
  Q: { name: "Qualifying", folder: "qualifying/" },
  SQ: { name: "Sprint Qualifying", folder: "sprint_qualifying/" },
  FP1: { name: "Practice 1", folder: "fp1/" },
  FP2: { name: "Practice 2", folder: "fp2/" },
  FP3: { name: "Practice 3", folder: "fp3/" },
};
export const TRACK_STATUSES = {
  1: "track clear",
  2: "yellow flag",
  4: "safety car",
  5: "red flag",
  6: "virtual safety car",
  7: "VSC ending",
};
export const SEGMENTS = {
  0: "none",
  2048: "yellow",
  2049: "green",
  2051: "purple",
  2064: "pit",
};
// codes:end

const TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 300;
const TRY_AGAIN_MS = 5_000;
const PARALLEL = 2;
const GONE = [403, 404, 410]; // a bucket that may not be listed answers 403 for what is not there
const PASSING = [408, 425, 429];
const TRACED = /** @type {const} */ (["x", "y", "speed", "rpm", "throttle", "brake", "gear", "drs"]);

/** What could not be read; `status` is the HTTP status, 0 where there was none. */
export class ReplayError extends Error {
  /** @param {string} message @param {number} [status] @param {unknown} [cause] */
  constructor(message, status = 0, cause) {
    super(message, { cause });
    this.name = "ReplayError";
    this.status = status;
  }
}

/** @param {URL} root @param {string} key */
export function addressOf(root, key) {
  const url = new URL(key, root);
  return url.href.startsWith(new URL(".", root).href) ? url : null;
}

/** @param {string | URL} url @param {OpenOptions} [options] @returns {Promise<RaceInterface>} */
export async function openRace(url, options = {}) {
  const race = new Race(new URL(url, globalThis.location?.href), options);
  await race.reload();
  return race;
}

/** @implements {RaceInterface} */
class Race extends EventTarget {
  /** @type {Manifest} */ manifest = /** @type {any} */ (null); // until the first reload
  /** @type {URL} */ root;
  /** @type {URL} */ #url;
  /** @type {AbortController} */ #closing = new AbortController();
  /** @type {Map<number, Chunk>} */ #chunks = new Map();
  /** @type {Map<number, {loading: Promise<Chunk>, stop: AbortController, pinned: boolean}>} */ #loads = new Map();
  /** @type {Promise<void> | null} */ #reloading = null;
  /** @type {Promise<Story | null> | null} */ #story = null;
  /** @type {Promise<Segments | null> | null} */ #segments = null;
  /** @type {Promise<Results | null> | null} */ #results = null;
  /** @type {number[]} */ #wanted = [];
  #seen = -1; // the chunk read last
  #settled = false; // nothing to fetch for the last time asked for
  #tryAgain = 0;
  /** @type {Map<string, Car>} */ #cars = new Map();
  /** @type {State} */ #state = { t: 0, lap: 1, cars: [] };
  /** @type {Required<Omit<OpenOptions, "signal" | "root">>} */ #options;

  /** @param {URL} url @param {OpenOptions} options */
  constructor(url, { signal, root, fetch = globalThis.fetch.bind(globalThis), retries = 3, ahead = 3, keep = 8 }) {
    super();
    const [key] = url.pathname.match(/telemetry\/\d{4}\/\d+\/([a-z\d_]+\/)?manifest\.json$/) ?? [];
    if (!root && !key) throw new ReplayError(`${url} does not end in a manifest's key: give options.root`);
    this.root = new URL(root ?? url.href.slice(0, url.href.lastIndexOf(String(key))), url);
    if (!this.root.pathname.endsWith("/")) this.root.pathname += "/"; // or its last folder would be lost
    this.#url = url;
    this.#options = { fetch, retries, ahead, keep: Math.max(keep, ahead + 2) };
    signal?.addEventListener("abort", () => this.close(), { signal: this.#closing.signal });
    if (signal?.aborted) this.close();
  }

  get duration() {
    return this.manifest.clock.duration_s;
  }

  get ahead() {
    return this.#options.ahead;
  }

  set ahead(chunks) {
    this.#options.ahead = chunks;
    this.#options.keep = Math.max(this.#options.keep, chunks + 2);
    this.#settled = false;
  }

  get loaded() {
    return [...this.#chunks.keys()].sort((a, b) => a - b);
  }

  /** @param {number} t */
  at(t) {
    const index = this.#index(t);
    this.#want(index);
    const chunk = this.#chunks.get(index);
    if (chunk) this.#seen = index;
    return chunk ? this.#read(chunk, Math.min(Math.max(t, 0), this.duration)) : null;
  }

  /** @param {number} t */
  async seek(t) {
    const index = this.#index(t);
    this.#want(index);
    await this.#load(index);
    const state = this.at(t);
    if (!state) throw new DOMException("another time was asked for meanwhile", "AbortError");
    return state;
  }

  /** @param {number} from @param {number} to */
  async prefetch(from, to) {
    for (let index = this.#index(from); index <= this.#index(to); index++) await this.#load(index, true);
  }

  /** @param {string} code @param {string} name @param {number} from @param {number} to @returns {Series} */
  series(code, name, from, to) {
    const out = /** @type {Series} */ ({ t: [], v: [] });
    const { clock, scale } = this.manifest.replay.columns[name];
    for (let index = this.#index(from); index <= this.#index(to); index++) {
      const chunk = this.#chunks.get(index);
      const car = chunk?.cars.get(code);
      const values = clock === "step" ? car?.steps[name]?.values : car?.lines[name];
      if (!chunk || !car || !values) continue;
      const times = clock === "step" ? car.steps[name].times : chunk.clocks[clock].times;
      for (let i = 0; i < values.length; i++) {
        if (times[i] / 1000 > (out.t.at(-1) ?? -Infinity) && times[i] / 1000 <= to) {
          if (times[i] / 1000 < from) out.t.pop(), out.v.pop(); // one sample before, so that a line begins
          out.t.push(times[i] / 1000);
          out.v.push(scaled(values[i], scale));
        }
      }
    }
    return out;
  }

  async timing() {
    return (await this.#told())?.timing ?? null;
  }

  async results() {
    this.#results ??= this.#document("results.json").catch((error) => {
      this.#results = null; // a failure is not kept
      throw error;
    });
    return this.#results;
  }

  async segments() {
    return (await this.#coloured())?.document ?? null;
  }

  /** @param {number} t */
  async tower(t) {
    const index = this.#index(t);
    const story = await this.#told();
    if (!story) return null;
    const chunk = this.#chunks.get(index) ?? (await this.#load(index, true));
    const moment = Math.min(Math.max(t, 0), this.duration);
    const segments = this.#segments && (await this.#segments.catch(() => null));
    return story.at(moment, segments, this.manifest.drivers.map(({ code }) => this.#shown(chunk, code, micro(moment))));
  }

  /** @param {string} code @param {number} lap */
  async trace(code, lap) {
    const [start, end] = (await this.#told())?.lap(code, lap) ?? [NaN, NaN];
    const length = this.manifest.circuit.length_m;
    if (Number.isNaN(end - start) || !length) return null;
    const first = this.#index(start);
    const many = this.#index(end) - first + 1;
    const loading = Array.from({ length: many }, (_, i) => this.#chunks.get(first + i) ?? this.#load(first + i, true));
    const trace = /** @type {Trace} */ (/** @type {any} */ ({ code, lap, start_s: start, end_s: end, t: [], dist: [] }));
    for (const name of TRACED) trace[name] = [];
    const { chunk_s } = this.manifest.replay;
    for (const [i, chunk] of (await Promise.all(loading)).entries()) {
      const from = (first + i) * chunk_s;
      this.#follow(trace, chunk, Math.max(start, from), i < many - 1 ? from + chunk_s : Infinity, length);
    }
    return trace;
  }

  /** Fetch the manifest (again); a new generation replaces what was loaded. */
  reload() {
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = null));
    return this.#reloading;
  }

  close() {
    this.#closing.abort(new DOMException("the race was closed", "AbortError"));
    this.#chunks.clear();
  }

  async #reload() {
    const first = !this.manifest;
    const manifest = await this.#get(this.#url, this.#closing.signal, first ? "default" : "no-cache");
    if (manifest.schema_version !== SCHEMA_VERSION)
      throw new ReplayError(`${this.#url} has schema_version ${manifest.schema_version}, not ${SCHEMA_VERSION}`);
    const changed = !first && manifest.replay.generation !== this.manifest.replay.generation;
    this.manifest = manifest;
    if (!changed) return;
    this.#chunks.clear();
    this.#story = null;
    this.#segments = null;
    this.#results = null;
    this.#settled = false;
    this.dispatchEvent(new Event("change"));
  }

  /** What timing.json.gz tells, read once; a failure is not kept. */
  #told() {
    if (!this.#story) {
      const loading = this.#document("timing.json.gz").then((document) => document && new Story(document));
      this.#story = loading;
      loading.catch(() => this.#story === loading && (this.#story = null));
    }
    return this.#story;
  }

  /** The same of segments.json.gz. */
  #coloured() {
    if (!this.#segments) {
      const loading = this.#document("segments.json.gz").then((document) => document && new Segments(document));
      this.#segments = loading;
      loading.catch(() => this.#segments === loading && (this.#segments = null));
    }
    return this.#segments;
  }

  /** One of the race's files by its name; null where it has none. @param {string} name */
  async #document(name) {
    const key = this.manifest.artifacts.find((artifact) => artifact.key.endsWith(`/${name}`))?.key;
    const url = key && addressOf(this.root, key);
    if (!url) return null;
    const document = await this.#get(url, this.#closing.signal, "no-cache"); // its name stays when it changes
    if (document.schema_version !== SCHEMA_VERSION)
      throw new ReplayError(`${url} has schema_version ${document.schema_version}, not ${SCHEMA_VERSION}`);
    return document;
  }

  /** @param {number} t */
  #index(t) {
    if (Number.isNaN(micro(t))) throw new TypeError(`a race's time is a number of seconds, not ${t}`);
    const { chunk_s, chunks } = this.manifest.replay;
    return Math.min(Math.max(Math.floor(micro(t) / 1000 / chunk_s), 0), chunks.length - 1);
  }

  /** Make `index` and what follows it the chunks to have. @param {number} index */
  #want(index) {
    if (index === this.#wanted[0] && (this.#settled || Date.now() < this.#tryAgain)) return;
    const last = Math.min(index + this.#options.ahead, this.manifest.replay.chunks.length - 1);
    this.#wanted = [index];
    for (let i = index + 1; i <= last; i++) this.#wanted.push(i);
    for (const [i, load] of this.#loads)
      if (!load.pinned && !this.#wanted.includes(i)) load.stop.abort(new DOMException("not needed any more", "AbortError"));
    this.#tryAgain = 0;
    this.#pump();
  }

  /** Start the next loads: first what is asked for, and once that has been read, what follows. */
  #pump() {
    const missing = this.#wanted.filter((i) => !this.#chunks.has(i));
    this.#settled = missing.length === 0;
    if (this.#closing.signal.aborted || Date.now() < this.#tryAgain) return;
    for (const i of missing) {
      const ahead = i !== this.#wanted[0];
      if (ahead && (this.#seen !== this.#wanted[0] || this.#loads.size >= PARALLEL)) return;
      if (this.#loads.get(i)?.stop.signal.aborted ?? true) this.#load(i).catch(() => {}); // told by an event
    }
  }

  /** @param {number} index @param {boolean} [pinned] whether it is to go on when another time is asked for */
  #load(index, pinned = false) {
    const chunk = this.#chunks.get(index);
    if (chunk) return Promise.resolve(chunk);
    const running = this.#loads.get(index);
    if (running && !running.stop.signal.aborted) {
      running.pinned ||= pinned;
      return running.loading;
    }
    const stop = new AbortController();
    const loading = this.#fetchChunk(index, AbortSignal.any([stop.signal, this.#closing.signal]));
    const load = { loading, stop, pinned };
    this.#loads.set(index, load);
    const done = () => this.#loads.get(index) === load && this.#loads.delete(index);
    loading.then(
      (value) => (done(), this.#add(index, value)),
      (error) => (done(), this.#failed(error)),
    );
    return loading;
  }

  /** @param {number} index @param {Chunk} chunk */
  #add(index, chunk) {
    this.#chunks.set(index, chunk);
    const centre = this.#wanted[0] ?? index;
    const far = [...this.#chunks.keys()].sort((a, b) => Math.abs(b - centre) - Math.abs(a - centre));
    while (this.#chunks.size > this.#options.keep) this.#chunks.delete(/** @type {number} */ (far.shift()));
    this.dispatchEvent(new CustomEvent("chunk", { detail: index }));
    this.#pump();
  }

  /** @param {Error} error */
  #failed(error) {
    if (error.name === "AbortError") return;
    this.#tryAgain = Date.now() + TRY_AGAIN_MS;
    this.dispatchEvent(new CustomEvent("error", { detail: error }));
  }

  /** @param {number} index @param {AbortSignal} signal @returns {Promise<Chunk>} */
  async #fetchChunk(index, signal) {
    for (let renewed = false; ; ) {
      const { generation, chunks, columns } = this.manifest.replay;
      if (!chunks[index]) throw new ReplayError(`the race has no chunk ${index} any more`);
      const url = addressOf(this.root, chunks[index].key);
      if (!url) throw new ReplayError(`${chunks[index].key} is no key below ${this.root}`);
      try {
        const document = await this.#get(url, signal);
        if (generation === this.manifest.replay.generation) return decode(document, columns);
      } catch (error) {
        // recomputed since the manifest was read: its replay has another name now
        if (renewed || !(error instanceof ReplayError && GONE.includes(error.status))) throw error;
        renewed = true;
        await this.reload();
        if (generation === this.manifest.replay.generation) throw error;
      }
    }
  }

  /** @param {URL} url @param {AbortSignal} signal @param {RequestCache} [cache] @returns {Promise<any>} */
  async #get(url, signal, cache = "default") {
    for (let attempt = 0; ; attempt++) {
      let problem;
      let wait = FIRST_PAUSE_MS * 3 ** attempt;
      try {
        const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
        const response = await this.#options.fetch(url.href, { signal: either, cache });
        if (response.ok) return await parse(response);
        response.body?.cancel().catch(() => {}); // what nobody reads would hold its connection
        problem = new ReplayError(`${url} answered ${response.status}`, response.status);
        if (response.status < 500 && !PASSING.includes(response.status)) attempt = Infinity;
        wait = Math.max(wait, Math.min(Number(response.headers.get("retry-after")) || 0, 10) * 1000);
      } catch (error) {
        signal.throwIfAborted();
        problem = new ReplayError(`${url} cannot be read: ${error}`, 0, error);
      }
      if (attempt >= this.#options.retries) throw problem;
      await pause(wait, signal);
    }
  }

  /** @param {Chunk} chunk @param {number} t */
  #read(chunk, t) {
    const ms = micro(t);
    const state = this.#state;
    for (const clock of Object.values(chunk.clocks)) clock.place(ms, this.manifest.replay.hole_ms);
    let n = 0;
    for (const [code, columns] of chunk.cars) {
      if (ms > columns.until + 0.5) continue;
      const car = this.#car(code);
      this.#fill(car, columns, chunk, ms);
      state.cars[n++] = car;
    }
    state.cars.length = n;
    const gone = knockedOut(this.manifest, t);
    state.cars.sort((a, b) => Number(gone.has(a.code)) - Number(gone.has(b.code)) || byPosition(a, b));
    state.t = t;
    state.lap = state.cars[0]?.lap ?? state.lap;
    return state;
  }

  /** @param {Car} car @param {CarColumns} columns @param {Chunk} chunk @param {number} ms */
  #fill(car, columns, chunk, ms) {
    const out = /** @type {any} */ (car);
    for (const name in this.manifest.replay.columns) {
      const { clock, scale } = this.manifest.replay.columns[name];
      const value = clock === "step" ? columns.steps[name]?.at(ms) : chunk.clocks[clock].on(columns.lines[name]);
      out[name] = scaled(value ?? NaN, scale);
    }
    car.status = /** @type {any} */ (STATUSES[out.status]);
    const length = this.manifest.circuit.length_m;
    car.rel_dist = null;
    if (car.dist === null || !length) return;
    // the official lap count decides on which side of the line a car is
    car.dist = Math.min(Math.max(car.dist, (car.lap - 1) * length), car.lap * length);
    car.rel_dist = car.dist / length - (car.lap - 1);
  }

  /**
   * Add a lap's samples of one chunk, and its two ends, which the official timing puts on the line.
   * @param {Trace} trace @param {Chunk} chunk @param {number} from @param {number} until @param {number} length
   */
  #follow(trace, chunk, from, until, length) {
    const { start_s, end_s } = trace;
    const columns = chunk.cars.get(trace.code);
    if (!columns) return;
    const car = /** @type {any} */ ({});
    const clocks = Object.values(chunk.clocks);
    const changes = TRACED.flatMap((name) => columns.steps[name] ?? []); // gears change between samples
    const moments = [...clocks, ...changes].flatMap(({ times }) => [...times]).map((ms) => ms / 1000);
    const times = moments.filter((t) => t >= from && t < until && t < end_s);
    const ends = [start_s, end_s].filter((t) => t >= from && t < until);
    for (const t of [...new Set([...times, ...ends])].sort((a, b) => a - b)) {
      if (micro(t) > columns.until + 0.5) return;
      for (const clock of clocks) clock.place(micro(t), this.manifest.replay.hole_ms);
      this.#fill(car, columns, chunk, micro(t));
      const dist = t === start_s ? 0 : t === end_s ? length : car.dist - (trace.lap - 1) * length;
      if (car.dist === null && !ends.includes(t)) continue;
      trace.t.push(Math.round((t - start_s) * 1e6) / 1e6);
      trace.dist.push(Math.min(Math.max(dist, 0), length));
      for (const name of TRACED) trace[name].push(car[name]);
    }
  }

  /**
   * What the replay's stepped columns say of a car.
   * @param {Chunk} chunk @param {string} code @param {number} ms @returns {Shown}
   */
  #shown(chunk, code, ms) {
    const columns = chunk.cars.get(code);
    const there = columns !== undefined && ms <= columns.until + 0.5;
    /** @param {string} name @returns {number | null} */
    const step = (name) => {
      const value = there ? columns.steps[name]?.at(ms) : undefined;
      return scaled(value ?? NaN, this.manifest.replay.columns[name]?.scale ?? 1);
    };
    const [position, lap, status, gap, interval] = ["position", "lap", "status", "gap", "interval"].map(step);
    const [laps_down, tyre, tyre_life] = ["laps_down", "tyre", "tyre_life"].map(step);
    const state = /** @type {TowerState} */ (status === null ? "out" : STATUSES[status]);
    return { code, position, lap, state, gap, interval, laps_down, tyre, tyre_life };
  }

  /** @param {string} code @returns {Car} */
  #car(code) {
    let car = this.#cars.get(code);
    if (!car) this.#cars.set(code, (car = /** @type {any} */ ({ code, rel_dist: null, dist: null })));
    return /** @type {Car} */ (car);
  }
}

/** The sample times of one clock, and where among them the time asked for lies. */
class Clock {
  #before = -1;
  #weight = 0;
  #joined = false;

  /** @param {number[]} deltas */
  constructor(deltas) {
    this.times = sums(deltas);
  }

  /** @param {number} ms @param {number} hole */
  place(ms, hole) {
    const i = (this.#before = lastAtOrBefore(this.times, ms));
    const age = ms - this.times[i];
    const span = this.times[i + 1] - this.times[i];
    this.#joined = i >= 0 && (age < 0.001 || span <= hole);
    this.#weight = age < 0.001 ? 0 : age / span;
  }

  /** The value on the straight line between two samples; NaN where unknown. @param {Float32Array | undefined} values */
  on(values) {
    if (!values || !this.#joined) return NaN;
    const low = values[this.#before];
    return this.#weight ? low + (values[this.#before + 1] - low) * this.#weight : low;
  }
}

/** Change points. */
class Steps {
  /** @param {Line} pairs [ms, value, ms, value, ...] */
  constructor(pairs) {
    this.times = sums(pairs.filter((_, i) => i % 2 === 0));
    this.values = Float32Array.from(pairs.filter((_, i) => i % 2), (value) => value ?? NaN);
  }

  /** @param {number} ms */
  at(ms) {
    return this.values[lastAtOrBefore(this.times, ms)];
  }
}

/** @typedef {{until: number, lines: Record<string, Float32Array>, steps: Record<string, Steps>}} CarColumns */
/** @typedef {{clocks: {pos: Clock, car: Clock}, cars: Map<string, CarColumns>}} Chunk */

/**
 * timing.json.gz in the order in which things became known. All that is said of a moment comes from what
 * had happened by then: bests without the laps that had been deleted, and with those that were to be.
 */
class Story {
  /** @type {Mark[]} */ #marks = [];
  /** @type {Map<string, Row<LapsColumns>[]>} */ #laps;
  /** @type {Map<string, Mark>} */ #byLap = new Map(); // of a lap's part: "VER 12 0" is his 12th lap time
  /** @type {Map<string, Row<StintsColumns>[]>} */ #stints;
  /** @type {Map<string, Row<PitStopsColumns>[]>} */ #stops;
  /** @type {Map<string, Ruling[]>} */ #rulings;
  /** @type {Map<string, number | null>} */ #grid;

  /** @param {TimingDocument} timing */
  constructor(timing) {
    this.timing = timing;
    this.#laps = byDriver(timing.laps);
    this.#stints = byDriver(timing.stints);
    this.#stops = byDriver(timing.pit_stops);
    this.#rulings = byDriver(timing.events);
    this.#grid = new Map(rows(timing.results).map(({ driver, grid }) => [driver, grid]));
    for (const lap of [...this.#laps.values()].flat()) this.#add(lap);
    this.#marks.sort((a, b) => a.t - b.t);
    this.#colour();
  }

  /** When a lap that was completed began and ended. @param {string} code @param {number} lap @returns {[number, number] | null} */
  lap(code, lap) {
    const row = this.#laps.get(code)?.find((one) => one.lap === lap && !one.generated);
    return row && row.start_s !== null && row.end_s !== null ? [row.start_s, row.end_s] : null;
  }

  /** The lap's time and its sectors, each with when it was known. @param {Row<LapsColumns>} row */
  #add(row) {
    if (row.driver === null || row.lap === null || row.generated) return;
    const end = row.end_s ?? Infinity;
    const known = [end, row.sector1_end_s ?? end, row.sector2_end_s ?? end, end];
    [row.lap_time_s, row.sector1_s, row.sector2_s, row.sector3_s].forEach((seconds, part) => {
      const t = Math.min(known[part], end);
      if (seconds === null || t === Infinity) return;
      const through = part > 0 || row.kind === "timed"; // neither out of the pits nor into them
      const mark = { code: String(row.driver), lap: Number(row.lap), of: row.part ?? "", part, seconds, t, through, color: YELLOW };
      this.#marks.push(mark);
      this.#byLap.set(`${mark.code} ${mark.lap} ${part}`, mark);
    });
  }

  /** Give each time the colour that it had when it was set. */
  #colour() {
    const rulings = [...this.#rulings.values()].flat().filter(({ kind }) => LAP_RULINGS.includes(kind));
    const changes = rulings.map(({ t_s }) => t_s).sort((a, b) => a - b);
    /** @type {Map<string, number>} */ let best = new Map();
    this.#marks.forEach((mark, i) => {
      if (changes[0] <= mark.t) {
        best = new Map();
        for (const earlier of this.#marks.slice(0, i)) this.#beat(best, earlier, mark.t);
        while (changes[0] <= mark.t) changes.shift();
      }
      const [overall, own] = this.#beat(best, mark, mark.t);
      if (overall || own) mark.color = overall ? "purple" : "green";
    });
  }

  /**
   * Whether a time that counts at `t` is less than everyone's and the driver's so far, in qualifying of its
   * part; from now on it is.
   * @param {Map<string, number>} best @param {Mark} mark @param {number} t
   */
  #beat(best, mark, t) {
    if (!this.#counts(mark, t)) return [false, false];
    return ["", mark.code].map((whose) => {
      const key = `${mark.of} ${mark.part} ${whose}`;
      const less = mark.seconds < (best.get(key) ?? Infinity);
      if (less) best.set(key, mark.seconds);
      return less;
    });
  }

  /** The first lap begins on the grid. @param {Mark} mark @param {number} t */
  #counts(mark, t) {
    return mark.lap > 1 && mark.through && !this.#deleted(mark.code, t).some(({ lap }) => lap === mark.lap);
  }

  /** @param {string} code @param {number} t @returns {Ruling[]} */
  #deleted(code, t) {
    const said = this.#until(code, t).filter(({ kind }) => LAP_RULINGS.includes(kind));
    const last = new Map(said.map((one) => [one.lap, one])); // what was said of a lap last
    return [...last.values()].filter(({ kind }) => kind === "deleted_lap");
  }

  /** @param {string} code @param {number} t */
  #until(code, t) {
    return (this.#rulings.get(code) ?? []).filter(({ t_s }) => t_s <= t);
  }

  /** @param {number} t @param {Segments | null} segments @param {Shown[]} shown @returns {Tower} */
  at(t, segments, shown) {
    const cars = shown.map((car) => ({ ...this.#row(car, t, shown.length), segments: segments?.at(car.code, t) ?? null }));
    const gone = knockedOut(this.timing, t);
    cars.sort((a, b) => Number(gone.has(a.code)) - Number(gone.has(b.code)) || byPosition(a, b) || b.laps - a.laps);
    let fastest = /** @type {TowerCar | null} */ (null);
    for (const car of cars) if (!gone.has(car.code) && quicker(car.best_lap, fastest?.best_lap)) fastest = car;
    const clock = rows(this.timing.session_clock).findLast(({ t_s }) => t_s <= t);
    return {
      t,
      lap: cars[0]?.lap ?? null,
      remaining_s: clock ? Math.max(0, clock.remaining_s - (clock.running ? t - clock.t_s : 0)) : null,
      fastest_lap: fastest?.best_lap ? { code: fastest.code, ...fastest.best_lap } : null,
      cars,
    };
  }

  /** @param {Shown} shown @param {number} t @param {number} starters @returns {Omit<TowerCar, "segments">} */
  #row(shown, t, starters) {
    const { code, position } = shown;
    const laps = this.#laps.get(code) ?? [];
    const done = laps.filter(({ end_s, generated }) => end_s !== null && end_s <= t && !generated);
    const last = done.at(-1);
    const rulings = this.#until(code, t);
    const stops = (this.#stops.get(code) ?? []).filter((stop) => (stop.pit_in_s ?? stop.pit_out_s ?? Infinity) <= t);
    const grid = this.#grid.get(code) ?? null;
    const state = stateOf(shown.state, rulings);
    const inside = stops.findLast(({ pit_out_s }) => pit_out_s === null || pit_out_s > t)?.pit_in_s ?? null;
    return {
      ...shown,
      state,
      laps: done.length,
      last_lap: this.#time(code, last?.lap ?? 0),
      best_lap: this.#best(code, t, done),
      sectors: this.#sectors(code, t, last ? laps.slice(laps.indexOf(last)) : laps),
      tyres: tyresOf(this.#stints.get(code) ?? [], t, done),
      stops: stops.map((stop) => stopAt(stop, t)),
      pit: state === "pit" ? { since: inside, seconds: inside === null ? null : t - inside } : null,
      grid,
      gained: position === null || grid === null ? null : (grid || starters) - position,
      deleted_laps: this.#deleted(code, t).flatMap(({ lap }) => lap ?? []),
      rulings: rulings.filter(({ kind }) => RULINGS.includes(kind)),
      investigated: PENDING.includes(rulings.findLast(({ kind }) => JUDGED.includes(kind))?.kind ?? ""),
      penalty_s: penaltyOf(rulings),
    };
  }

  /** @param {string} code @param {number} lap @returns {TowerLap | null} */
  #time(code, lap) {
    const mark = this.#byLap.get(`${code} ${lap} 0`);
    return mark ? timeOf(mark) : null;
  }

  /** In qualifying of the part that runs, or that knocked the car out. @param {string} code @param {number} t @param {Row<LapsColumns>[]} done */
  #best(code, t, done) {
    const begun = (this.timing.parts ?? []).filter(({ start }) => start <= t);
    const part = (begun.find(({ knocked_out }) => knocked_out?.includes(code)) ?? begun.at(-1))?.name ?? null;
    const gone = this.#deleted(code, t).map(({ lap }) => lap);
    let best = /** @type {TowerLap | null} */ (null);
    for (const { lap, kind, part: of = null } of done) {
      const counts = lap !== null && lap > 1 && kind === "timed" && !gone.includes(lap) && of === part;
      const time = counts ? this.#time(code, lap) : null;
      if (quicker(time, best)) best = time;
    }
    return best;
  }

  /**
   * Those of the lap under way, or of the last lap until its first is known.
   * @param {string} code @param {number} t @param {Row<LapsColumns>[]} laps from the last one that was completed
   * @returns {(TowerLap | null)[]}
   */
  #sectors(code, t, laps) {
    for (const { lap } of laps.toReversed()) {
      const found = [1, 2, 3].map((part) => this.#byLap.get(`${code} ${lap} ${part}`));
      const known = found.map((mark) => (mark && mark.t <= t ? timeOf(mark) : null));
      if (known.some(Boolean)) return known;
    }
    return [null, null, null];
  }
}

/** segments.json.gz by car, each change with its time from frame 0. */
class Segments {
  /** @type {Map<string, {times: Float64Array, segment: number[], status: number[]}>} */ #cars = new Map();

  /** @param {SegmentsDocument} document */
  constructor(document) {
    this.document = document;
    for (const [code, { t, segment, status }] of Object.entries(document.cars))
      this.#cars.set(code, { times: sums(t), segment, status });
  }

  /** What stands at `t`, sector by sector. @param {string} code @param {number} t @returns {SegmentColor[][]} */
  at(code, t) {
    const car = this.#cars.get(code);
    const last = car ? lastAtOrBefore(car.times, micro(t) / 100) : -1;
    const first = Math.max(car?.segment.lastIndexOf(ALL, Math.max(last, 0)) ?? 0, 0);
    /** @type {SegmentColor[]} */ const colors = [];
    for (let i = first; car && i <= last; i++)
      if (car.segment[i] !== ALL) colors[car.segment[i]] = colorOf(car.status[i]);
    let from = 0;
    return this.document.sectors.map((size) => Array.from({ length: size }, () => colors[from++] ?? "none"));
  }
}

const ALL = -1; // in place of a segment

/** @param {number} status @returns {SegmentColor} */
function colorOf(status) {
  return /** @type {Record<number, any>} */ (SEGMENTS)[status] ?? "unknown";
}

const YELLOW = /** @type {TowerLap["color"]} */ ("yellow");
const LAP_RULINGS = ["deleted_lap", "reinstated_lap"];
const PENDING = ["noted", "investigation", "deferred"];
const DECIDED = ["no_action", "penalty", "warning", "reprimand", "disqualified"];
const JUDGED = [...PENDING, ...DECIDED];
const RULINGS = [...JUDGED, "served", "not_served", "rescinded"];
const TIME_PENALTY = /TIME PENALT/;

/** @typedef {TowerLap & {code: string, of: string, part: number, t: number, through: boolean}} Mark part 0 is the lap itself; of: the part of qualifying */
/** @typedef {"code" | "position" | "lap" | "state" | "gap" | "interval" | "laps_down" | "tyre" | "tyre_life"} InReplay */
/** @typedef {Pick<TowerCar, InReplay>} Shown */
/** @template {object} T @param {T} columns @returns {Row<T>[]} */
export function rows(columns) {
  const named = Object.entries(columns);
  const count = named[0]?.[1].length ?? 0;
  return Array.from(
    { length: count },
    (_, i) => /** @type {any} */ (Object.fromEntries(named.map(([name, values]) => [name, values[i]]))),
  );
}

/** @template {{driver: (string | null)[]}} T @param {T} columns @returns {Map<string, Row<T>[]>} */
function byDriver(columns) {
  const found = new Map();
  for (const row of rows(columns)) {
    const driver = /** @type {any} */ (row).driver;
    if (!found.has(driver)) found.set(driver, []);
    found.get(driver).push(row);
  }
  return found;
}

/** @param {Mark} mark @returns {TowerLap} */
function timeOf({ lap, seconds, color }) {
  return { lap, seconds, color };
}

/** @param {TowerLap | null | undefined} a @param {TowerLap | null | undefined} b */
function quicker(a, b) {
  return Boolean(a) && (a?.seconds ?? 0) < (b?.seconds ?? Infinity);
}

/** @param {TowerState} shown @param {Ruling[]} rulings @returns {TowerState} */
function stateOf(shown, rulings) {
  if (rulings.some(({ kind }) => kind === "disqualified")) return "disqualified";
  return rulings.some(({ kind }) => kind === "retirement") ? "out" : shown;
}

/**
 * The sets used by `t`, with the laps completed on each.
 * @param {Row<StintsColumns>[]} stints @param {number} t @param {Row<LapsColumns>[]} done @returns {TowerTyres[]}
 */
function tyresOf(stints, t, done) {
  const used = stints.filter(({ start_s, first_lap }) => (start_s ?? (first_lap > 1 ? Infinity : 0)) <= t);
  return used.map(({ tyre, fresh_tyre, tyre_life_start, first_lap }, i) => {
    const next = used[i + 1]?.first_lap ?? Infinity;
    const laps = done.filter(({ lap }) => lap !== null && lap >= first_lap && lap < next).length;
    return { tyre, fresh: fresh_tyre, first_lap, laps, age: tyre_life_start === null ? null : tyre_life_start + laps };
  });
}

/**
 * A visit to the pit lane; how it went is known when the car has left.
 * @param {Row<PitStopsColumns>} stop @param {number} t @returns {TowerStop}
 */
function stopAt({ lap, pit_in_s, pit_out_s, lane_time_s, stationary_s, kind, tyre_before, tyre_after }, t) {
  if (pit_out_s !== null && pit_out_s <= t)
    return { lap, pit_in_s, pit_out_s, lane_time_s, stationary_s, kind, tyre_before, tyre_after };
  const unknown = { pit_out_s: null, lane_time_s: null, stationary_s: null, kind: null, tyre_after: null };
  return { lap, pit_in_s, tyre_before, ...unknown };
}

/** Seconds of the time penalties that stand, served or not. @param {Ruling[]} rulings */
function penaltyOf(rulings) {
  const sign = /** @type {Record<string, number>} */ ({ penalty: 1, rescinded: -1 });
  const timed = rulings.filter(({ detail }) => TIME_PENALTY.test(detail ?? ""));
  const sum = timed.reduce((total, { kind, seconds }) => total + (sign[kind] ?? 0) * (seconds ?? 0), 0);
  return Math.max(0, sum);
}

/** @param {any} document @param {Manifest["replay"]["columns"]} columns @returns {Chunk} */
function decode(document, columns) {
  const cars = new Map();
  for (const [code, own] of Object.entries(document.cars)) {
    /** @type {CarColumns} */ const car = { until: document.until?.[code] ?? Infinity, lines: {}, steps: {} };
    for (const [name, values] of Object.entries(own)) {
      if (columns[name]?.clock === "step") car.steps[name] = new Steps(values);
      else car.lines[name] = sums(values, Float32Array);
    }
    cars.set(code, car);
  }
  return { clocks: { pos: new Clock(document.pos_t), car: new Clock(document.car_t) }, cars };
}

/**
 * Differences to values: each is the difference to the last known one. Float32 holds every integer of the
 * format exactly (they stay below 2^24), at half the memory.
 * @param {Line} deltas
 */
function sums(deltas, Kind = /** @type {any} */ (Float64Array)) {
  let last = 0;
  return Kind.from(deltas, (/** @type {number | null} */ step) => (step === null ? NaN : (last += step)));
}

/** @param {Float64Array} times @param {number} ms */
function lastAtOrBefore(times, ms) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= ms + 0.001) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Null for NaN; scales below 1 divide, so that 41775 thousandths are 41.775. @param {number} value @param {number} scale */
function scaled(value, scale) {
  if (Number.isNaN(value)) return null;
  return scale < 1 ? value / Math.round(1 / scale) : value * scale;
}

/** Seconds to milliseconds, without the dust of binary fractions. @param {number} t */
function micro(t) {
  return Math.round(t * 1e6) / 1000;
}

/** @param {{position: number | null}} a @param {{position: number | null}} b */
function byPosition(a, b) {
  return (a.position ?? Infinity) - (b.position ?? Infinity) || 0; // before there is any, nobody is first
}

/**
 * Who was knocked out of a qualifying by `t`: when the next part begins, for laps are driven to their end
 * after the flag. @param {{parts?: import("./f1-replay.js").Part[]}} told @param {number} t @returns {Set<string>}
 */
export function knockedOut({ parts = [] }, t) {
  return new Set(parts.slice(0, Math.max(parts.findLastIndex(({ start }) => start <= t), 0)).flatMap(({ knocked_out = [] }) => knocked_out));
}

/** JSON, unpacked here where the server does not say that it is packed. @param {Response} response */
async function parse(response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return JSON.parse(new TextDecoder().decode(bytes));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
