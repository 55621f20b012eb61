/**
 * Types of f1-replay.js, the reader of precomputed race telemetry. docs/format.md describes the files.
 * Everywhere: what is not known is null. Times are seconds since frame 0, unless a name says otherwise.
 */

export const SCHEMA_VERSION: 1;
/** Names of the tyre codes: TYRES[car.tyre]. */
export const TYRES: string[];
/** Words of the replay's status codes, in order. */
export const STATUSES: Status[];

/** "grid": has not moved off yet. "finished": has taken the flag. */
export type Status = "grid" | "track" | "pit" | "finished";

/**
 * Open a race: reads its manifest, and nothing else yet.
 *
 * @param url of the manifest: in a bucket, on a CDN, on our server (`/data/telemetry/...`) or on any static
 *   file server. Relative URLs are taken from the page's address.
 * @throws ReplayError if the manifest cannot be read or has another schema_version
 */
export function openRace(url: string | URL, options?: OpenOptions): Promise<Race>;

export interface OpenOptions {
  /** Closes the race when it is aborted. */
  signal?: AbortSignal;
  /** Root of the published files; found from the manifest's URL where that ends in its key. */
  root?: string | URL;
  /** Used in place of the global fetch. */
  fetch?: (url: string, init?: RequestInit) => Promise<Response>;
  /** How often a request is tried again after a network error, a timeout, 408, 425, 429 or 5xx (3). */
  retries?: number;
  /** Chunks to load after the one that `at` reads (3). */
  ahead?: number;
  /** Chunks to hold; of more, those furthest from the time asked for are let go (8). */
  keep?: number;
}

/**
 * One race. Events: "chunk" (detail: index of the chunk that was loaded), "error" (detail: the error of a
 * load that was given up; it is tried again by later calls of `at`), "change" (the race was recomputed:
 * there is a new `manifest`).
 */
export interface Race extends EventTarget {
  readonly manifest: Manifest;
  /** Keys of the manifest are relative to this. */
  readonly root: URL;
  /** Seconds from the first frame to the last. */
  readonly duration: number;
  /** Indices of the chunks held now. */
  readonly loaded: number[];

  /**
   * Every car at time `t`: x, y, z, dist, rel_dist, speed, rpm and throttle on straight lines between the
   * feed's samples, the rest stepped. Before 0 and after `duration` it is the first or the last moment.
   * Never waits: null while the data is not there yet, and loading starts. Called again and again, as an
   * animation does, it loads ahead.
   * The result and its cars are used again by the next call: copy what you want to keep.
   *
   * @throws TypeError if `t` is no number
   */
  at(t: number): State | null;

  /** `at(t)` once the data is there. Rejects with an AbortError where another time was asked for meanwhile. */
  seek(t: number): Promise<State>;

  /** Load all of a stretch of time. What exceeds `keep` stays in the browser's HTTP cache at least. */
  prefetch(from: number, to: number): Promise<void>;

  /**
   * One column of one car as the feed sent it, from the chunks held now: samples, or change points for a
   * stepped column. Begins with the last one before `from`.
   */
  series(code: string, column: ColumnName, from: number, to: number): Series;

  /** Read the manifest again. This happens on its own when the race was recomputed meanwhile. */
  reload(): Promise<void>;

  /** Stop all requests and let go of all data. */
  close(): void;
}

export interface State {
  t: number;
  /** The leader's lap. */
  lap: number;
  /** The cars in the race, by position. A car that is out for good is missing. */
  cars: Car[];
}

export interface Car {
  code: string;
  /** 1/10 m, F1's track coordinates. */
  x: number | null;
  y: number | null;
  z: number | null;
  /** Race distance in m. */
  dist: number | null;
  /** Fraction of the lap, 0 to 1. */
  rel_dist: number | null;
  lap: number;
  position: number;
  /** Index of TYRES. */
  tyre: number;
  /** Laps. */
  tyre_life: number | null;
  /** km/h */
  speed: number | null;
  rpm: number | null;
  gear: number | null;
  /** The feed's code: 10, 12 and 14 are open, 8 is allowed. */
  drs: number | null;
  /** 0 to 100. */
  throttle: number | null;
  /** 0 or 1. */
  brake: number | null;
  /** Seconds behind the leader; null when lapped or unknown. */
  gap: number | null;
  status: Status;
}

export type ColumnName =
  | "x" | "y" | "z" | "dist" | "speed" | "rpm" | "throttle" | "gear" | "drs" | "brake"
  | "lap" | "position" | "tyre" | "tyre_life" | "gap" | "status";

export interface Series {
  /** Seconds. */
  t: number[];
  v: (number | null)[];
}

/** What is not readable. `status` is the HTTP status, 0 where there was none. */
export class ReplayError extends Error {
  constructor(message: string, status?: number, cause?: unknown);
  status: number;
}

/** A column of a chunk as it is in the file. */
export type Line = (number | null)[];

export interface Manifest {
  schema_version: number;
  event: {
    year: number;
    round: number;
    session: "R" | "S";
    name: string;
    official_name: string;
    country: string;
    location: string;
    meeting_key: number | null;
    session_key: number | null;
    date_utc: string | null;
  };
  clock: {
    fps: number;
    frames: number;
    duration_s: number;
    t0_session_s: number;
    t0_utc: string | null;
    lights_out_s: number | null;
  };
  /** In the order of the result. */
  drivers: Driver[];
  total_laps: number | null;
  circuit: {
    length_m: number | null;
    /** Degrees to turn the map by, as F1 does. */
    rotation: number | null;
    x: number[];
    y: number[];
    corners: { number: number; letter: string; x: number; y: number; dist: number | null }[];
  };
  /** 1 clear, 2 yellow, 4 safety car, 5 red flag, 6 virtual safety car, 7 VSC ending. */
  track_statuses: { status: string; start_time: number; end_time: number | null }[];
  race_control: Message[];
  weather: Weather[];
  quality: { grade: "A" | "B" | "C" | "D"; checks: Check[] };
  artifacts: { key: string; media_type: string; content_encoding: string | null; bytes: number; sha256: string }[];
  replay: {
    generation: string;
    chunk_s: number;
    /** Samples further apart than this are not joined by a line. */
    hole_ms: number;
    columns: Record<string, { clock: "pos" | "car" | "step"; scale: number; unit: string }>;
    chunks: { key: string; start_s: number; end_s: number; bytes: number }[];
  };
  provenance: {
    version: string;
    fastf1: string;
    created_at: string;
    run: string;
    provisional: boolean;
    /** Why it is provisional. */
    reasons: string[];
    options: { fps: number; frame_skips: number[] };
    input: { kind: "cache" | "recording"; path: string; sha256: string };
  };
}

export interface Driver {
  number: string;
  code: string;
  name: string;
  team: string;
  /** Six hex digits. */
  color: string | null;
  /** 0 is a start from the pit lane. */
  grid: number | null;
  /** A place, or R, D, E, W, F, N. */
  classified: string | null;
  status: string | null;
  laps: number;
  /** When the car came to its final halt. */
  retired_at: number | null;
  /** When it took the flag. */
  finished_at: number | null;
  penalties: { t: number; message: string }[];
}

export interface Message {
  t: number;
  category: string | null;
  message: string;
  flag: string | null;
  scope: string | null;
  sector: number | null;
  number: string | null;
  lap: number | null;
}

export interface Weather {
  t: number;
  air_temp: number | null;
  track_temp: number | null;
  humidity: number | null;
  pressure: number | null;
  wind_speed: number | null;
  wind_direction: number | null;
  rainfall: boolean | null;
}

export interface Check {
  name: string;
  level: "ok" | "note" | "warn" | "bad";
  value: number | string | null;
  message: string;
}
