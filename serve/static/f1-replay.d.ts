/**
 * Types of f1-replay.js, the reader of precomputed race telemetry. docs/format.md describes the files.
 * Everywhere: what is not known is null. Times are seconds since frame 0, unless a name says otherwise.
 */

// code-types:begin
export const SCHEMA_VERSION: 1;
/** Words of the replay's status codes, in order. */
export const STATUSES: Status[];
/** Names of the tyre codes: TYRES[car.tyre]. */
export const TYRES: string[];
/** Name of each session, and its folder below the round's: SESSIONS[event.session]. */
export const SESSIONS: Record<string, { name: string; folder: string }>;
/** What F1's track status codes say: TRACK_STATUSES[status]. */
export const TRACK_STATUSES: Record<string, string>;
/** What F1's codes of a mini-sector say: SEGMENTS[status]; none of others. */
export const SEGMENTS: Record<string, SegmentColor>;

/** Grid until the car moves off, finished once it has taken the flag. In qualifying and practice: garage while it stands in the pits, pit while it drives there, then by its lap; track where that is not known, and after a halt. */
export type Status = "grid" | "track" | "pit" | "finished" | "garage" | "out" | "timed" | "in";
/** A mini-sector's colour: of the time in it; pit where that was in the pit lane. */
export type SegmentColor = "none" | "yellow" | "green" | "purple" | "pit" | "unknown";
// code-types:end

/**
 * Open a race: reads its manifest, and nothing else yet.
 *
 * @param url of the manifest: in a bucket, on a CDN, on our server (`/data/telemetry/...`) or on any static
 *   file server. Relative URLs are taken from the page's address.
 * @throws ReplayError if the manifest cannot be read or has another schema_version
 */
export function openRace(url: string | URL, options?: OpenOptions): Promise<Race>;

/** Address of a file by its key; null for one that leads out of the root, as only a forged document has. */
export function addressOf(root: URL, key: string): URL | null;

/** A row of a table that is in columns of equal length, as those of timing.json.gz. */
export type Row<T> = { [K in keyof T]: T[K] extends (infer V)[] ? V : never };

/** The rows of such a table. */
export function rows<T extends object>(columns: T): Row<T>[];

/**
 * Who was knocked out of a qualifying by `t`: when the next part begins, for laps are driven to their end after the
 * flag. Takes a manifest, or what timing() gives.
 */
export function knockedOut(told: { parts?: Part[] }, t: number): Set<string>;

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
  /** How many chunks are loaded ahead of the one in use; may be changed at any time. */
  ahead: number;
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

  /** timing.json.gz, read once; null where the race has none: it was computed before there was one. */
  timing(): Promise<TimingDocument | null>;

  /**
   * The timing tower at time `t`: what was known then, and nothing from later. Loads timing.json.gz once, and
   * the replay's chunk of that moment. Null where the race has no timing.json.gz.
   *
   * @throws TypeError if `t` is no number
   */
  tower(t: number): Promise<Tower | null>;

  /**
   * segments.json.gz, read once: from then on `tower(t)` has the colours of mini-sectors. Null where the race has
   * none: the feed did not tell, or it was computed before there was one.
   */
  segments(): Promise<SegmentsDocument | null>;

  /**
   * results.json, read once: the classification, with points, penalties and what its last revision changed. Null
   * where the race has none: it was computed before there was one.
   */
  results(): Promise<Results | null>;

  /**
   * One lap of one car over its distance, to lay beside another: the feed's samples from line to line. Loads
   * timing.json.gz once, and the replay's chunks of that lap. Null where the lap was not completed, nobody knows
   * the track's length, or the race has no timing.json.gz.
   */
  trace(code: string, lap: number): Promise<Trace | null>;

  /** Read the manifest again. This happens on its own when the race was recomputed meanwhile. */
  reload(): Promise<void>;

  /** Stop all requests and let go of all data. */
  close(): void;
}

/**
 * Columns of equal length, a value for each sample of either clock; positions and car data that the feed did not
 * send at that moment are on the line between their own samples. Two samples further apart than
 * `manifest.replay.hole_ms` have a hole between them.
 */
export interface Trace {
  code: string;
  lap: number;
  start_s: number;
  end_s: number;
  /** Seconds since the lap began. */
  t: number[];
  /** Metres from the line: 0 at the lap's begin and the track's length at its end. */
  dist: number[];
  /** F1's track coordinates (1/10 m). */
  x: (number | null)[];
  y: (number | null)[];
  /** km/h */
  speed: (number | null)[];
  /** 1/min */
  rpm: (number | null)[];
  /** % */
  throttle: (number | null)[];
  brake: (number | null)[];
  gear: (number | null)[];
  /** The feed's DRS code, as in Car. */
  drs: (number | null)[];
}

export interface State {
  t: number;
  /** The leader's lap. */
  lap: number;
  /** The cars in the race, by position. A car that is out for good is missing. */
  cars: Car[];
}

export interface Tower {
  t: number;
  /** The leader's lap. */
  lap: number | null;
  /** What is left on the session's clock (s). */
  remaining_s: number | null;
  /** The fastest lap so far, and whose it is. */
  fastest_lap: (TowerLap & { code: string }) | null;
  /** All drivers: those in the race by position, then those who have left, by laps. */
  cars: TowerCar[];
}

/** As Status, or out: from the halt of a car that retired on, and who is not in the replay any more. */
export type TowerState = Status | "out" | "disqualified";

export interface TowerCar {
  /** The driver's three letters. */
  code: string;
  /** Official position; null for who has left the race. */
  position: number | null;
  state: TowerState;
  /** Official lap that the car is on. */
  lap: number | null;
  /** Laps completed. */
  laps: number;
  /** Official gap to the leader (s). */
  gap: number | null;
  /** Official interval to the car ahead (s). */
  interval: number | null;
  /** Laps behind the leader. */
  laps_down: number | null;
  /** The lap that was completed last; null where its time is not known. */
  last_lap: TowerLap | null;
  /** The driver's best lap so far, of those that count: neither the first one, nor out of or into the pits, nor deleted. */
  best_lap: TowerLap | null;
  /** Sectors 1 to 3 of the lap under way; of the last lap until the first one is known. */
  sectors: (TowerLap | null)[];
  /**
   * The colours of the mini-sectors of each sector, as the timing screen showed them; null until `segments()` was
   * called, and where the race has none. They stay until the car has passed the first one of its next lap.
   */
  segments: SegmentColor[][] | null;
  /** Compound on the car now: TYRES[tyre]. */
  tyre: number | null;
  /** Its age at the end of this lap (laps). */
  tyre_life: number | null;
  /** All sets used so far, the last one now. */
  tyres: TowerTyres[];
  /** Visits to the pit lane so far, drives through it and those of a red flag too: see `kind`. */
  stops: TowerStop[];
  /** While the car is in the pit lane: since when, and for how many seconds; null where nobody knows. */
  pit: { since: number | null; seconds: number | null } | null;
  /** Grid place; 0 is a start from the pit lane. */
  grid: number | null;
  /** Places gained since the start, below 0 for lost; the pit lane is behind the last place. */
  gained: number | null;
  /** Numbers of the laps whose time had been deleted. */
  deleted_laps: number[];
  /** What the stewards and race control had said of the driver, by time. */
  rulings: Ruling[];
  /** Whether the last word on the driver was that something is noted or under investigation. */
  investigated: boolean;
  /** Time penalties that had been announced and not been taken back, served or not (s). */
  penalty_s: number;
}

/** A time's colour when it was set: purple was everyone's best, green the driver's own, yellow neither. */
export type TowerColor = "purple" | "green" | "yellow";

/** The time of a lap, or of one of its sectors. */
export interface TowerLap {
  lap: number;
  seconds: number;
  color: TowerColor;
}

export interface TowerTyres {
  /** Compound: TYRES[tyre]. */
  tyre: number;
  /** Whether the set was new. */
  fresh: boolean | null;
  /** The first lap on it. */
  first_lap: number;
  /** Laps completed on it in this race. */
  laps: number;
  /** The same with those before it was fitted. */
  age: number | null;
}

/** A visit to the pit lane, as `PitStopsColumns`; of one under way, what is known on entry. */
export interface TowerStop {
  lap: number;
  pit_in_s: number | null;
  pit_out_s: number | null;
  lane_time_s: number | null;
  stationary_s: number | null;
  kind: string | null;
  tyre_before: number | null;
  tyre_after: number | null;
}

/** A row of `EventsColumns`. */
export type Ruling = Row<EventsColumns>;

// car:begin
export interface Car {
  /** The driver's three letters. */
  code: string;
  /** Official lap, from 1. In qualifying and practice: the car's own count of laps, from 1. */
  lap: number;
  /**
   * Official position: 1 to n without gap or tie among the cars that are there. In qualifying and practice:
   * official position by best laps, in qualifying of the part that runs; null before the car has a lap time
   * that counts. Who was knocked out keeps its own.
   */
  position: number | null;
  /** F1's track coordinates; circuit.rotation turns them as F1's own map (1/10 m). */
  x: number | null;
  /** F1's track coordinates, y up (1/10 m). */
  y: number | null;
  /** F1's track coordinates, height (1/10 m). */
  z: number | null;
  /**
   * Race distance, (lap - 1 + rel_dist) * circuit.length_m; never falls. In qualifying and practice:
   * distance, (lap - 1 + rel_dist) * circuit.length_m; never falls; null in the garage (m).
   */
  dist: number | null;
  /**
   * Fraction of the lap from the line, 0 to 1; 0 on the grid, behind the line. In qualifying and practice:
   * fraction of the lap from the line, 0 to 1; null in the garage.
   */
  rel_dist: number | null;
  /** Speed of the car (km/h). */
  speed: number | null;
  /** Engine speed (1/min). */
  rpm: number | null;
  /** Gear, 0 (neutral) to 8. */
  gear: number | null;
  /** Throttle, 0 to 100 (%). */
  throttle: number | null;
  /** Whether the brake is on; in JSON and replay 1 or 0. */
  brake: number | null;
  /** The feed's DRS code: 10, 12 and 14 are open, 8 may be opened, 0 and 1 are shut. */
  drs: number | null;
  /**
   * Compound: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre: number;
  /** Age of the tyres (laps). */
  tyre_life: number | null;
  /**
   * Official gap to the leader; null when lapped or unknown. From the flag on it is that at the flag: time
   * penalties are in drivers[].penalties. In qualifying and practice: the driver's best lap less that of the
   * session, in qualifying of the part, at that moment (s).
   */
  gap: number | null;
  /**
   * Grid until the car moves off, finished once it has taken the flag. In qualifying and practice: garage
   * while it stands in the pits, pit while it drives there, then by its lap; track where that is not known,
   * and after a halt: grid, track, pit, finished, garage, out, timed, in.
   */
  status: Status;
  /**
   * Official interval to the car ahead; null for the leader and where unknown. From the flag on it is that at
   * the flag, like the gap. In qualifying and practice: the driver's best lap less that of the car one place
   * ahead; null for the first (s).
   */
  interval?: number | null;
  /**
   * Laps behind the leader as the official gap says, 0 where it is in seconds. In qualifying and practice:
   * always null.
   */
  laps_down?: number | null;
}

export type ColumnName =
  | "x"
  | "y"
  | "z"
  | "dist"
  | "speed"
  | "rpm"
  | "throttle"
  | "gear"
  | "drs"
  | "brake"
  | "lap"
  | "position"
  | "tyre"
  | "tyre_life"
  | "gap"
  | "status"
  | "interval"
  | "laps_down";
// car:end

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

// documents:begin
export interface Artifact {
  /** The file's key, relative to the root. */
  key: string;
  /** The file's Content-Type. */
  media_type: string;
  /** The file's Content-Encoding: gzip, or null. */
  content_encoding: string | null;
  /** Size of the file. */
  bytes: number;
  /** Hash of the file as it lies, in hex. */
  sha256: string;
}

export interface Check {
  /** What was looked at. */
  name: string;
  /** Ok, or how much it matters. */
  level: "ok" | "note" | "warn" | "bad";
  /** What was found. */
  value: number | string | null;
  /** The same in words. */
  message: string;
}

/**
 * The track as driven: an outline from a clean lap, 1/10 m, first point at the start/finish line.
 *
 * What was learned from the cars is null or empty where too few of them have shown it.
 */
export interface Circuit {
  /** Length of a lap in metres, as measured. */
  length_m: number | null;
  /** Degrees that F1 turns its own map by; null where nobody has said. */
  rotation: number | null;
  /** The outline's points, 1/10 m. */
  x: number[];
  /** The outline's points, 1/10 m. */
  y: number[];
  /** Height of the outline's points, 1/10 m above F1's zero. */
  z?: number[];
  /** The numbered corners, in order. */
  corners: Corner[];
  /** The lines that end sectors 1 and 2. */
  sectors?: SectorLine[];
  /** Where each marshal sector begins, in order. */
  marshal_sectors?: Marker[];
  /** The light panels, in order. */
  marshal_lights?: Marker[];
  /** The pit lane. */
  pit_lane?: PitLane | null;
  /** The DRS zones, in order; none from 2026. */
  drs_zones?: DrsZone[];
}

/** The uniform frame clock. */
export interface Clock {
  /** Frames a second. */
  fps: number;
  /** Number of frames. */
  frames: number;
  /** Seconds from the first frame to the last. */
  duration_s: number;
  /** Frame 0 on F1's session clock: the earliest start of lap 1. */
  t0_session_s: number;
  /** When frame 0 was. */
  t0_utc: string | null;
  /** When the field starts to move. */
  lights_out_s: number | null;
}

/** A numbered corner. */
export interface Corner {
  /** Its number, from the line on. */
  number: number;
  /** Letter of a corner that shares its number. */
  letter: string;
  /** 1/10 m. */
  x: number;
  /** 1/10 m. */
  y: number;
  /** Metres from the line. */
  dist: number | null;
  /** Degrees: from the track to where a map has room for its number. */
  angle?: number | null;
}

/** The last car that went on to the next part. */
export interface CutOff {
  /** The driver's three letters. */
  driver: string;
  /** Its place. */
  position: number;
  /** Its best lap of the part; null where it had none. */
  time_s: number | null;
}

export interface Driver {
  /** Racing number. */
  number: string;
  /** Three letters, by which frames and replay name the car. */
  code: string;
  /** Full name. */
  name: string;
  /** Name of the team. */
  team: string;
  /** Team colour, six hex digits. */
  color: string | null;
  /** Grid place; 0 is a start from the pit lane. */
  grid: number | null;
  /** Official classification: a place, or R, D, E, W, F, N. */
  classified: string | null;
  /** The official result's own word, such as Finished. */
  status: string | null;
  /** Laps completed. */
  laps: number;
  /** When the car came to its final halt. */
  retired_at: number | null;
  /** When the car took the flag. */
  finished_at: number | null;
  /** Those that race control announced for the car. */
  penalties: Penalty[];
  /** First name. */
  first_name?: string | null;
  /** Last name. */
  last_name?: string | null;
  /** The driver's id at jolpica, such as max_verstappen. */
  driver_id?: string | null;
  /** The team's id at jolpica, such as red_bull. */
  team_id?: string | null;
  /** Three letters of the driver's country, as F1 has it. */
  country?: string | null;
  /** Address of F1's portrait of the driver. */
  headshot?: string | null;
}

/** Where cars drove with DRS open. A zone may begin before the line and end after it. */
export interface DrsZone {
  /** Metres from the line to where cars open it. */
  start: number;
  /** Metres from the line to where they shut it. */
  end: number;
  /** Metres from the line to where it is decided who may. */
  detection?: number | null;
  /** How often it was opened there. */
  openings: number;
  /** Number of cars that did. */
  cars: number;
}

/** The race weekend, and which of its sessions this is. */
export interface RaceEvent {
  /** Season. */
  year: number;
  /** Round of the season. */
  round: number;
  /**
   * Session of the round: R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), FP1, FP2 or FP3
   * (practice).
   */
  session: "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3";
  /** Short name of the race weekend. */
  name: string;
  /** Its full name, with the sponsor. */
  official_name: string;
  /** Where it is held. */
  country: string;
  /** Town or circuit. */
  location: string;
  /** F1's own key of the race weekend. */
  meeting_key: number | null;
  /** F1's own key of the session. */
  session_key: number | null;
  /** Scheduled start of the session. */
  date_utc: string | null;
}

/** What the race was computed from, so that an unchanged input can be skipped. */
export interface InputIdentity {
  /** Where it was read from. */
  kind: "cache" | "recording";
  /** The session's folder in the fastf1 cache, or the recording's file names. */
  path: string;
  /** Hash of its content. */
  sha256: string;
  /** When the oldest of the session's data was fetched; null for a recording. */
  fetched_at?: string | null;
}

/** A numbered place on F1's own map. */
export interface Marker {
  /** Its number, from the line on. */
  number: number;
  /** Letter of one that shares its number. */
  letter?: string;
  /** 1/10 m. */
  x: number;
  /** 1/10 m. */
  y: number;
  /** Metres from the line. */
  dist: number | null;
  /** Degrees: from the track to where a map has room for its number. */
  angle?: number | null;
}

/** What the run was asked to make. */
export interface Options {
  /** Frames a second. */
  fps: number;
  /** The n of each skip_{n}.json.gz. */
  frame_skips: number[];
}

/** A part of a qualifying, whose ranking starts anew, or a practice as a whole. */
export interface Part {
  /** Q1 to Q3, SQ1 to SQ3, or the code of the practice. */
  name: string;
  /** When its light went green. */
  start: number;
  /** When its flag fell; null where the data end before. */
  end: number | null;
  /** Red flags, by time; the last one may have ended it. */
  stops?: Stop[];
  /** How many cars went on to the next part: who is behind is in danger. */
  goes_on?: number | null;
  /** The last of them at its end, deleted laps not counted. */
  cutoff?: CutOff | null;
  /** Codes of those who did not go on, by place. */
  knocked_out?: string[];
}

/** A penalty as race control announced it, and did not take back. */
export interface Penalty {
  /** Seconds on the frame clock. */
  t: number;
  /** Race control's words. */
  message: string;
}

/** The pit lane from where it leaves the track to where it joins it, the median of all visits. */
export interface PitLane {
  /** Its points, 1/10 m. */
  x: number[];
  /** Its points, 1/10 m. */
  y: number[];
  /** Metres from its first point to its last. */
  length_m: number;
  /** Metres from the line to where it leaves the track. */
  entry: number;
  /** Metres from the line to where it joins the track. */
  exit: number;
  /** Metres along it to where the speed limit begins. */
  limit_from: number;
  /** Metres along it to where the speed limit ends. */
  limit_to: number;
  /** The limit that the cars kept to, km/h, a multiple of 10. */
  speed_limit?: number | null;
  /** Number of visits that it was learned from. */
  visits: number;
  /** Number of cars that made them. */
  cars: number;
}

export interface Provenance {
  /** Version of f1-precompute. */
  version: string;
  /** Version of fastf1. */
  fastf1: string;
  /** When it was computed. */
  created_at: string;
  /** When its results were changed afterwards; frames are as they were computed. */
  revised_at?: string | null;
  /** The run that computed it. */
  run: string;
  /** True while results or laps may still change. */
  provisional: boolean;
  /** Why it is provisional. */
  reasons: string[];
  /** What the run was asked to make. */
  options: Options;
  /** What it was computed from. */
  input: InputIdentity;
}

/** Grade A: nothing to say. B: notes a viewer will not see. C: visibly damaged. D: use with care. */
export interface Quality {
  /** How far the race can be trusted. */
  grade: "A" | "B" | "C" | "D";
  /** The reasons. */
  checks: Check[];
}

export interface Message {
  /** Seconds on the frame clock. */
  t: number;
  /** F1's kind of message: Flag, SafetyCar, Drs, CarEvent, Other. */
  category: string | null;
  /** Race control's words. */
  message: string;
  /** F1's word, such as YELLOW or CLEAR. */
  flag: string | null;
  /** What the flag is for: Track, Sector or Driver. */
  scope: string | null;
  /** Marshal sector of the flag. */
  sector: number | null;
  /** Racing number of the car it concerns. */
  number: string | null;
  /** Lap of the race in which it came. */
  lap: number | null;
  /** F1's word for a safety car, DRS or the pit lane, such as DEPLOYED. */
  status?: string | null;
}

export interface Replay {
  /** Hash of all chunks, by which their folder is named. */
  generation: string;
  /** Seconds that a chunk covers. */
  chunk_s: number;
  /** Samples further apart than this are not joined by a line. */
  hole_ms: number;
  /** How each column of a chunk is read. */
  columns: Record<string, ReplayColumn>;
  /** The files, by time. */
  chunks: ReplayChunk[];
}

export interface ReplayChunk {
  /** The file's key, relative to the root. */
  key: string;
  /** The first second it covers. */
  start_s: number;
  /** The last second it covers. */
  end_s: number;
  /** Size of the file. */
  bytes: number;
}

/**
 * How a client reads one column of a replay chunk.
 *
 * `clock` "pos" and "car" columns are delta-coded integers, one for each time of that clock, to be
 * interpolated; "step" columns are change points. Value = integer * scale.
 */
export interface ReplayColumn {
  /** The sample times it has values for. */
  clock: "pos" | "car" | "step";
  /** Value = integer * scale. */
  scale: number;
  /** The value's unit; for status, the words of its numbers. */
  unit: string;
}

/** Where a sector ends; the last one ends at the start/finish line. */
export interface SectorLine {
  /** Number of the sector that ends there. */
  number: number;
  /** 1/10 m. */
  x: number;
  /** 1/10 m. */
  y: number;
  /** Metres from the line, the median of the laps it was learned from. */
  dist: number;
  /** Number of these laps. */
  laps: number;
}

/** A stretch in which a session was stopped by a red flag. */
export interface Stop {
  /** When it was stopped. */
  start: number;
  /** When it went on, or was over. */
  end: number;
}

/** One stretch of the race under one flag. */
export interface TrackStatus {
  /**
   * F1's code: 1 track clear, 2 yellow flag, 4 safety car, 5 red flag, 6 virtual safety car, 7 VSC ending.
   */
  status: string;
  /** Since when it holds. */
  start_time: number;
  /** Null while it lasts. */
  end_time: number | null;
}

/** What the weather station measured, about once a minute. */
export interface Weather {
  /** Seconds on the frame clock. */
  t: number;
  /** Degrees Celsius. */
  air_temp: number | null;
  /** Degrees Celsius. */
  track_temp: number | null;
  /** Relative, percent. */
  humidity: number | null;
  /** hPa. */
  pressure: number | null;
  /** Metres a second. */
  wind_speed: number | null;
  /** Where it comes from, degrees from north. */
  wind_direction: number | null;
  /** Whether it rains. */
  rainfall: boolean | null;
}

/** Everything about one race but its frames; points to the rest. */
export interface Manifest {
  /** Version of the format. */
  schema_version: number;
  /** The race weekend and the session. */
  event: RaceEvent;
  /** The frame clock. */
  clock: Clock;
  /** Who took part, in the order of the result. */
  drivers: Driver[];
  /** Laps of the race as scheduled or run. */
  total_laps: number | null;
  /** The track. */
  circuit: Circuit;
  /** Flags and safety cars, by time. */
  track_statuses: TrackStatus[];
  /** Race control's messages, by time. */
  race_control: Message[];
  /** The weather, by time. */
  weather: Weather[];
  /** Parts of qualifying and practice that were run, by time; none of a race. */
  parts?: Part[];
  /** How far it can be trusted, and why. */
  quality: Quality;
  /** Every file of the race but this one. */
  artifacts: Artifact[];
  /** How to read the compact replay. */
  replay: Replay;
  /** From what, how and when it was made. */
  provenance: Provenance;
}

export interface SeasonEvent {
  /** 0 for a cancelled event whose number is now another's. */
  round: number;
  /** Short name of the race weekend. */
  name: string;
  /** Its full name, with the sponsor. */
  official_name: string;
  /** Where it is held. */
  country: string;
  /** Town or circuit. */
  location: string;
  /** Day of the race, ISO. */
  date: string | null;
  /** The schedule's word: conventional, sprint_qualifying ... */
  format: string;
  /** F1's own key of the race weekend. */
  meeting_key: number | null;
  /** Race and sprint, in the order they are held. */
  sessions: SeasonSession[];
  /** Qualifying and practice, in the order they are held. */
  other_sessions?: SeasonSession[];
}

/** A season's own files: all its sessions in one, the standings and the tracks. */
export interface SeasonFiles {
  /** Hash of the published sessions that they were made from. */
  made_from: string;
  /** The files. */
  artifacts: Artifact[];
}

/** One session of a season listing, and what exists of it. */
export interface SeasonSession {
  /**
   * Session of the round: R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), FP1, FP2 or FP3
   * (practice).
   */
  session: "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3";
  /** Its name in words. */
  name: string;
  /** Scheduled start of the session. */
  date_utc: string | null;
  /** Whether it is published, and else why not. */
  state: "published" | "missing" | "failed" | "upcoming" | "cancelled";
  /** Key of its manifest. */
  manifest: string | null;
  /** quality.grade of its manifest. */
  grade: "A" | "B" | "C" | "D" | null;
  /** provenance.provisional of its manifest. */
  provisional: boolean | null;
  /** clock.frames of its manifest. */
  frames: number | null;
  /** clock.duration_s of its manifest. */
  duration_s: number | null;
  /** Size of all the session's artifacts. */
  bytes: number | null;
  /** When it was computed. */
  updated_at: string | null;
  /** Why the last run failed. */
  error: string | null;
}

/** sessions/{year}.json. */
export interface SeasonListing {
  /** Version of the format. */
  schema_version: number;
  /** Season. */
  year: number;
  /** When it last changed. */
  updated_at: string;
  /** Every race weekend of the season, by round. */
  events: SeasonEvent[];
  /** The season's own files; null before there are any. */
  files?: SeasonFiles | null;
}

export interface CatalogRace {
  /** Season. */
  year: number;
  /** Round of the season. */
  round: number;
  /**
   * Session of the round: R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), FP1, FP2 or FP3
   * (practice).
   */
  session: "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3";
  /** Short name of the race weekend. */
  name: string;
  /** Scheduled start of the session. */
  date_utc: string | null;
  /** Key of its manifest. */
  manifest: string;
}

export interface CatalogSeason {
  /** Season. */
  year: number;
  /** The file's key, relative to the root. */
  key: string;
  /** Sessions with artifacts, of any kind. */
  published: number;
  /** When it last changed. */
  updated_at: string;
}

/** catalog.json: where a reader starts. */
export interface Catalog {
  /** Version of the format. */
  schema_version: number;
  /** When it last changed. */
  updated_at: string;
  /** The seasons that have a listing, by year. */
  seasons: CatalogSeason[];
  /** The published race or sprint that was held last. */
  newest: CatalogRace | null;
  /** The published session of any kind that was held last; null in catalogs of before. */
  newest_session?: CatalogRace | null;
}

/** One line of progress.jsonl or runs/*.jsonl. */
export interface ProgressEvent {
  /** Version of these lines. */
  v: number;
  /** Number of the line, from 1. */
  seq: number;
  /** When it was written. */
  ts: string;
  /** The run it belongs to. */
  run: string;
  /** Season. */
  year: number;
  /** Round of the season. */
  round: number;
  /**
   * Session of the round: R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), FP1, FP2 or FP3
   * (practice).
   */
  session: "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3";
  /** Complete and error end a run. */
  type: "progress" | "complete" | "error";
  /** Percent done. */
  progress: number | null;
  /** What is being done: load, compute, encode, publish ... */
  stage: string | null;
  /** The same in words. */
  message: string | null;
  /** Facts about it. */
  data: Record<string, unknown> | null;
}

/** What a nightly run did about one session, and why. */
export interface RunRace {
  /** Season. */
  year: number;
  /** Round of the season. */
  round: number;
  /**
   * Session of the round: R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), FP1, FP2 or FP3
   * (practice).
   */
  session: "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3";
  /** Short name of the race weekend. */
  name: string;
  /** Compute, refresh, upgrade, skip, wait, move, retire or cancelled. */
  action: string;
  /** Why. */
  reason: string;
  /** How the work ended: published, unchanged, kept, failed, given up, without data yet. */
  state: string | null;
  /** Why it failed. */
  error: string | null;
  /** quality.grade of what was published. */
  grade: "A" | "B" | "C" | "D" | null;
  /** Seconds that the work took. */
  seconds: number;
}

/** runs/{run_id}.json: how a nightly run went, for monitors. */
export interface RunSummary {
  /** Version of the format. */
  schema_version: number;
  /** Name of the run. */
  run: string;
  /** The years it looked at. */
  seasons: number[];
  /** When it began. */
  started_at: string;
  /** Seconds that it took. */
  seconds: number;
  /** 0 done, 1 something failed, 75 temporarily impossible. */
  exit_code: number;
  /** The whole in one line. */
  line: string;
  /** How many sessions ended in each way. */
  counts: Record<string, number>;
  /** What went wrong beside single races. */
  problems: string[];
  /** Results that were revised, and answers that were not taken. */
  notes?: string[];
  /** Seconds spent waiting for hosts. */
  network_wait_s: number;
  /** What was done about each race and sprint, and why. */
  races: RunRace[];
  /** The same for qualifying and practice. */
  other_sessions?: RunRace[];
}

/** One car in one frame of skip_{n}.json.gz. What is not known is null. */
export interface DriverFrame {
  /**
   * Race distance, (lap - 1 + rel_dist) * circuit.length_m; never falls. In qualifying and practice:
   * distance, (lap - 1 + rel_dist) * circuit.length_m; never falls; null in the garage (m).
   */
  dist: number | null;
  /**
   * Fraction of the lap from the line, 0 to 1; 0 on the grid, behind the line. In qualifying and practice:
   * fraction of the lap from the line, 0 to 1; null in the garage.
   */
  rel_dist: number | null;
  /** F1's track coordinates; circuit.rotation turns them as F1's own map (1/10 m). */
  x: number | null;
  /** F1's track coordinates, y up (1/10 m). */
  y: number | null;
  /** Speed of the car (km/h). */
  speed: number | null;
  /** Throttle, 0 to 100 (%). */
  throttle: number | null;
  /** Official lap, from 1. In qualifying and practice: the car's own count of laps, from 1. */
  lap: number;
  /**
   * Official position: 1 to n without gap or tie among the cars that are there. In qualifying and practice:
   * official position by best laps, in qualifying of the part that runs; null before the car has a lap time
   * that counts. Who was knocked out keeps its own.
   */
  position: number | null;
  /**
   * Compound: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre: number;
  /** Age of the tyres (laps). */
  tyre_life: number | null;
  /** Gear, 0 (neutral) to 8. */
  gear: number | null;
  /** The feed's DRS code: 10, 12 and 14 are open, 8 may be opened, 0 and 1 are shut. */
  drs: number | null;
  /** Whether the brake is on; in JSON and replay 1 or 0. */
  brake: number | null;
  /**
   * Official gap to the leader; null when lapped or unknown. From the flag on it is that at the flag: time
   * penalties are in drivers[].penalties. In qualifying and practice: the driver's best lap less that of the
   * session, in qualifying of the part, at that moment (s).
   */
  gap: number | null;
  /**
   * Grid until the car moves off, finished once it has taken the flag. In qualifying and practice: garage
   * while it stands in the pits, pit while it drives there, then by its lap; track where that is not known,
   * and after a halt: grid, track, pit, finished, garage, out, timed, in.
   */
  status: "grid" | "track" | "pit" | "finished" | "garage" | "out" | "timed" | "in";
  /**
   * Official interval to the car ahead; null for the leader and where unknown. From the flag on it is that at
   * the flag, like the gap. In qualifying and practice: the driver's best lap less that of the car one place
   * ahead; null for the first (s).
   */
  interval?: number | null;
}

export interface Frame {
  /** Seconds on the frame clock. */
  t: number;
  /** The leader's. */
  lap: number;
  /** By code, the cars that are there. */
  drivers: Record<string, DriverFrame>;
}

/** skip_{n}.json.gz. */
export interface FramesDocument {
  /** Version of the format. */
  schema_version: number;
  /** The n of the file's name: it has every n-th frame. */
  frame_skip: number;
  /** Frames a second in this file. */
  fps: number;
  /** The race weekend and the session. */
  event: RaceEvent;
  /** The frame clock, before the skip. */
  clock: Clock;
  /** Who took part, in the order of the result. */
  drivers: Driver[];
  /** Laps of the race as scheduled or run. */
  total_laps: number | null;
  /** By code: red, green, blue of 0..255. */
  driver_colors: Record<string, [number, number, number]>;
  /** Flags and safety cars, by time. */
  track_statuses: TrackStatus[];
  /** Race control's messages, by time. */
  race_control: Message[];
  /** The weather, by time. */
  weather: Weather[];
  /** Parts of qualifying and practice that were run, by time; none of a race. */
  parts?: Part[];
  /** By time, each on a line of its own. */
  frames: Frame[];
}

/**
 * replay/{generation}/{i}.json.gz: the feed's own samples, for a client that interpolates.
 *
 * `pos_t` and `car_t` are the sample times in ms on the frame clock, the first absolute, then differences.
 * They begin with the last sample at or before the chunk and end with the first after it. Columns on a
 * clock hold one integer a time: the first known value, then differences to the last known one, null where
 * the feed has none. Step columns are [ms, value, ms, value, ...]: the first pair holds at the chunk's
 * start, later times are differences to the one before, values are absolute, null is unknown. `dist` is not
 * yet cut to the lap: a reader keeps it between (lap - 1) and lap times the track's length, so that it is 0
 * on the grid and stands still after the flag.
 */
export interface ReplayChunkDocument {
  /** Version of the format. */
  schema_version: number;
  /** Number of the chunk, from 0. */
  index: number;
  /** The first millisecond it covers. */
  start_ms: number;
  /** The last millisecond it covers. */
  end_ms: number;
  /** Sample times of the columns on the clock pos, ms. */
  pos_t: number[];
  /** Sample times of the columns on the clock car, ms. */
  car_t: number[];
  /** Code -> column -> integers. */
  cars: Record<string, Record<string, (number | null)[]>>;
  /** Time of a car's last frame, ms, for those that leave in here. */
  until: Record<string, number>;
}

/** Columns of equal length: what happened, a row each, by time. */
export interface EventsColumns {
  /** When, on the frame clock (s). */
  t_s: number[];
  /** Lap of the driver, or of the leader where there is none. */
  lap: (number | null)[];
  /**
   * What: formation_lap, aborted_start, start, stop, restart, chequered_flag, flag, overtake, pit_stop,
   * fastest_lap, deleted_lap, reinstated_lap, retirement, noted, investigation, deferred, no_action, penalty,
   * served, not_served, rescinded, warning, reprimand, disqualified.
   */
  kind: string[];
  /** The driver's three letters; null for what concerns all. */
  driver: (string | null)[];
  /** The other driver's three letters: who was overtaken, or is in it too. */
  other: (string | null)[];
  /** Official position of the driver after it. */
  position: (number | null)[];
  /** The same as a fraction of the lap. */
  rel_dist: (number | null)[];
  /** A lap time, the time in the pit lane, or a time penalty (s). */
  seconds: (number | null)[];
  /**
   * An overtake's way (red_flag, pits, retirement, slow, start, safety_car, track), a pit stop's kind, a
   * flag, a reason.
   */
  detail: (string | null)[];
}

/** Columns of equal length: a row per driver and lap. */
export interface LapsColumns {
  /** The driver's three letters, as in drivers[].code. */
  driver: (string | null)[];
  /** Number of the lap, from 1. */
  lap: (number | null)[];
  /** When the lap began, on the frame clock (s). */
  start_s: (number | null)[];
  /** When the car crossed the line at its end, on the frame clock (s). */
  end_s: (number | null)[];
  /** Lap time (s). */
  lap_time_s: (number | null)[];
  /** Time of the first sector (s). */
  sector1_s: (number | null)[];
  /** Time of the second sector (s). */
  sector2_s: (number | null)[];
  /** Time of the third sector (s). */
  sector3_s: (number | null)[];
  /** When sector 1 ended, on the frame clock (s). */
  sector1_end_s: (number | null)[];
  /** When sector 2 ended, on the frame clock (s). */
  sector2_end_s: (number | null)[];
  /** The driver's best lap time so far, this one included (s). */
  lap_best_s: (number | null)[];
  /** The driver's best time of sector 1 so far, this one included (s). */
  sector1_best_s: (number | null)[];
  /** The driver's best time of sector 2 so far, this one included (s). */
  sector2_best_s: (number | null)[];
  /** The driver's best time of sector 3 so far, this one included (s). */
  sector3_best_s: (number | null)[];
  /** The session's best lap time so far, this one included (s). */
  lap_overall_s: (number | null)[];
  /** The session's best time of sector 1 so far, this one included (s). */
  sector1_overall_s: (number | null)[];
  /** The session's best time of sector 2 so far, this one included (s). */
  sector2_overall_s: (number | null)[];
  /** The session's best time of sector 3 so far, this one included (s). */
  sector3_overall_s: (number | null)[];
  /** Speed at the first intermediate line (km/h). */
  speed_i1: (number | null)[];
  /** Speed at the second intermediate line (km/h). */
  speed_i2: (number | null)[];
  /** Speed at the finish line (km/h). */
  speed_fl: (number | null)[];
  /** Speed at the speed trap (km/h). */
  speed_st: (number | null)[];
  /** Number of the stint, from 1. */
  stint: (number | null)[];
  /**
   * Compound: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre: (number | null)[];
  /** Age of the tyres at the lap's end (laps). */
  tyre_life: (number | null)[];
  /** What the lap was: timed, out, in, out_in. */
  kind: (string | null)[];
  /** Official position at the lap's end. */
  position: (number | null)[];
  /** Official gap to the leader at the lap's end (s). */
  gap_s: (number | null)[];
  /** Official interval to the car ahead at the lap's end (s). */
  interval_s: (number | null)[];
  /** Laps behind the leader at the lap's end. */
  laps_down: (number | null)[];
  /** Whether race control deleted the lap time. */
  deleted: (boolean | null)[];
  /** Why the lap time was deleted. */
  deleted_reason: (string | null)[];
  /** Whether fastf1 added the row for a lap that was never completed. */
  generated: (boolean | null)[];
  /** Part of the session: Q1 to Q3, SQ1 to SQ3, or the practice; none of a race. */
  part?: (string | null)[];
  /** Whether its time counts, or did until it was deleted; none of a race. */
  counts?: (boolean | null)[];
  /** When race control deleted its time, on the frame clock (s); none of a race. */
  deleted_s?: (number | null)[];
  /** By how much it beat the driver's best of the part until then (s); none of a race. */
  improved_s?: (number | null)[];
  /** Of a lap that began at pace: completed, cancelled; none of a race. */
  attempt?: (string | null)[];
}

/** Columns of equal length: a row per driver and visit to the pit lane. */
export interface PitStopsColumns {
  /** The driver's three letters, as in drivers[].code. */
  driver: string[];
  /** Number of the driver's visit, from 1. */
  stop: number[];
  /** The lap in which the car came in. */
  lap: number[];
  /** When it entered the pit lane, on the frame clock (s). */
  pit_in_s: (number | null)[];
  /** When it left the pit lane, on the frame clock (s). */
  pit_out_s: (number | null)[];
  /** Time in the pit lane (s). */
  lane_time_s: (number | null)[];
  /** How long the car stood (s). */
  stationary_s: (number | null)[];
  /** Who says so: feed, or speed (the car's own). */
  stationary_from: (string | null)[];
  /** What it was for: tyres, drive_through, stop_and_go, no_change, retired, red_flag, unknown. */
  kind: (string | null)[];
  /**
   * Compound before: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre_before: (number | null)[];
  /**
   * Compound after: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre_after: (number | null)[];
  /** Age of the tyres that came off (laps). */
  tyre_life_before: (number | null)[];
  /** Whether the tyres that went on were new. */
  fresh_tyre: (boolean | null)[];
  /** Official position when it came in. */
  position_before: (number | null)[];
  /** Official position when it left. */
  position_after: (number | null)[];
  /** Track status code when it came in. */
  track_status: (string | null)[];
  /** Whether a team mate, who came before, still stood when it came in. */
  double_stop: (boolean | null)[];
}

/** Columns of equal length: team radio that was broadcast, a row each: links, never a copy. */
export interface RadioColumns {
  /** When, on the frame clock (s). */
  t_s: number[];
  /** The driver's three letters, as in drivers[].code. */
  driver: string[];
  /** Where F1 has the recording. */
  url: string[];
}

/** Columns of equal length: the classification, a row per driver. */
export interface ResultsColumns {
  /** The driver's three letters, as in drivers[].code. */
  driver: string[];
  /** Place in the classification; before it is out, in the timing. */
  position: (number | null)[];
  /** Official classification: a place, or R, D, E, W, F, N. */
  classified: (string | null)[];
  /** The official result's own word, such as Finished. */
  status: (string | null)[];
  /** Whether the driver was disqualified. */
  disqualified: (boolean | null)[];
  /** Grid place; 0 is a start from the pit lane. */
  grid: (number | null)[];
  /** Laps completed. */
  laps: (number | null)[];
  /** Championship points of this session. */
  points: (number | null)[];
  /** Official race time, with time penalties (s). */
  time_s: (number | null)[];
  /** Behind the winner, with time penalties; null when lapped (s). */
  gap_s: (number | null)[];
  /** Laps behind the winner. */
  laps_down: (number | null)[];
  /** The lap of the driver's fastest time. */
  fastest_lap: (number | null)[];
  /** The driver's fastest lap time that was not deleted (s). */
  fastest_lap_s: (number | null)[];
  /** Its rank among all drivers but the disqualified. */
  fastest_lap_rank: (number | null)[];
  /** Time penalties that race control announced, served or not (s). */
  penalty_s: (number | null)[];
  /** Best time of part 1 of qualifying (s). */
  q1_s: (number | null)[];
  /** Best time of part 2 of qualifying (s). */
  q2_s: (number | null)[];
  /** Best time of part 3 of qualifying (s). */
  q3_s: (number | null)[];
}

/** Columns of equal length: the session's own clock, a row per word of it. */
export interface SessionClockColumns {
  /** When, on the frame clock (s). */
  t_s: number[];
  /** Time that remained then (s). */
  remaining_s: number[];
  /** Whether it ran on from then, or stood. */
  running: boolean[];
}

/** Columns of equal length: a row per driver and set of tyres. */
export interface StintsColumns {
  /** The driver's three letters, as in drivers[].code. */
  driver: string[];
  /** Number of the stint, from 1. */
  stint: number[];
  /**
   * Compound: 0 UNKNOWN, 1 SOFT, 2 MEDIUM, 3 HARD, 4 INTERMEDIATE, 5 WET, 6 HYPERSOFT, 7 ULTRASOFT, 8
   * SUPERSOFT, 9 SUPERHARD.
   */
  tyre: number[];
  /** Whether the tyres were new when they were fitted. */
  fresh_tyre: (boolean | null)[];
  /** Laps on the tyres when they were fitted (laps). */
  tyre_life_start: (number | null)[];
  /** The first lap on them. */
  first_lap: number[];
  /** The last lap on them. */
  last_lap: number[];
  /** Laps completed on them (laps). */
  laps: number[];
  /** When the first lap began, on the frame clock (s). */
  start_s: (number | null)[];
  /** When the last lap ended, on the frame clock (s). */
  end_s: (number | null)[];
}

/** timing.json.gz: what a timing tower needs at any moment, column by column. */
export interface TimingDocument {
  /** Version of the format. */
  schema_version: number;
  /** The race weekend and the session. */
  event: RaceEvent;
  /** The frame clock. */
  clock: Clock;
  /** A row per driver and lap. */
  laps: LapsColumns;
  /** A row per driver and set of tyres. */
  stints: StintsColumns;
  /** A row per driver and visit to the pit lane. */
  pit_stops: PitStopsColumns;
  /** The classification, a row per driver. */
  results: ResultsColumns;
  /** What happened, a row each, by time. */
  events: EventsColumns;
  /** The session's own clock, a row per word of it. */
  session_clock: SessionClockColumns;
  /** Team radio that was broadcast, a row each: links, never a copy. */
  radio: RadioColumns;
  /** Parts of qualifying and practice that were run, by time; none of a race. */
  parts?: Part[];
}

/** One car's changes, columns of equal length; before the first it has no colour anywhere. */
export interface CarSegments {
  /** Tenths of a second since the change before, the first since frame 0. */
  t: number[];
  /** Which, from 0 on through all sectors; -1 for all of them at once. */
  segment: number[];
  /** F1's code from then on: 0 none, 2048 yellow, 2049 green, 2051 purple, 2064 pit. */
  status: number[];
}

/** segments.json.gz: the colours of mini-sectors as the timing screen showed them. */
export interface SegmentsDocument {
  /** Version of the format. */
  schema_version: number;
  /** The race weekend and the session. */
  event: RaceEvent;
  /** The frame clock. */
  clock: Clock;
  /** How many segments each sector has. */
  sectors: number[];
  /** By the driver's three letters. */
  cars: Record<string, CarSegments>;
}

/** One value that a revision changed; of a driver who came or went the letters alone. */
export interface ResultChange {
  /** The driver's three letters. */
  driver: string;
  /** The field of its row. */
  column: string;
  /** What it was. */
  before: string | number | boolean | null;
  /** What it is. */
  after: string | number | boolean | null;
}

/** One driver's result, as in results.parquet. */
export interface ResultRow {
  /** The driver's three letters, as in drivers[].code. */
  driver: string;
  /** Racing number. */
  number: string;
  /** Full name. */
  name: string;
  /** Name of the team. */
  team: string;
  /** The driver's id at jolpica. */
  driver_id: string | null;
  /** The team's id at jolpica. */
  team_id: string | null;
  /** Place in the classification; before it is out, in the timing. */
  position: number | null;
  /** Official classification: a place, or R, D, E, W, F, N. */
  classified: string | null;
  /** The official result's own word, such as Finished. */
  status: string | null;
  /** Whether the driver was disqualified. */
  disqualified: boolean | null;
  /** Grid place; 0 is a start from the pit lane. */
  grid: number | null;
  /** Grid penalty, where race control told of one. */
  grid_penalty: string | null;
  /** Laps completed. */
  laps: number | null;
  /** Championship points of this session. */
  points: number | null;
  /** Official race time, with time penalties (s). */
  time_s: number | null;
  /** Behind the winner, with time penalties; null when lapped (s). */
  gap_s: number | null;
  /** Laps behind the winner. */
  laps_down: number | null;
  /** The lap of the driver's fastest time. */
  fastest_lap: number | null;
  /** The driver's fastest lap time that was not deleted (s). */
  fastest_lap_s: number | null;
  /** Its rank among all drivers but the disqualified. */
  fastest_lap_rank: number | null;
  /** Time penalties that race control announced, served or not (s). */
  penalty_s: number | null;
  /** Best time of part 1 of qualifying (s). */
  q1_s: number | null;
  /** Best time of part 2 of qualifying (s). */
  q2_s: number | null;
  /** Best time of part 3 of qualifying (s). */
  q3_s: number | null;
}

/** results.json: the classification, rewritten when it changes afterwards. */
export interface Results {
  /** Version of the format. */
  schema_version: number;
  /** The race weekend and the session. */
  event: RaceEvent;
  /** How often it was written, from 1: again only where it changed. */
  revision: number;
  /** When it was written anew; null for revision 1. */
  revised_at: string | null;
  /** What changed since the revision before. */
  changes: ResultChange[];
  /** Who took part, in the order of the result. */
  rows: ResultRow[];
}

export interface DriverStanding {
  /** Place; null where points of a round are not known. */
  position: number | null;
  /** Points so far; null where those of a round are not known. */
  points: number | null;
  /** Races won so far, sprints not counted. */
  wins: number | null;
  /** Points that the round brought. */
  gained: number | null;
  /** Places won by the round, lost ones are negative. */
  moved: number | null;
  /** What the published results add up to, where the official points differ. */
  summed?: number | null;
  /** The driver's three letters. */
  driver: string;
  /** The driver's id at jolpica. */
  driver_id: string | null;
  /** Full name. */
  name: string;
  /** Name of the team of the last race. */
  team: string;
}

/** Both championships after one round. */
export interface StandingsRound {
  /** Round of the season. */
  round: number;
  /** Short name of the race weekend. */
  name: string;
  /** Whose points are in it: R and S, those published. */
  sessions: ("R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3")[];
  /** Whether the points of every race and sprint so far are known. */
  complete: boolean;
  /** When its places, points and wins were taken from jolpica; null where they follow from the results. */
  official_at?: string | null;
  /** By place. */
  drivers: DriverStanding[];
  /** By place. */
  teams: TeamStanding[];
}

export interface TeamStanding {
  /** Place; null where points of a round are not known. */
  position: number | null;
  /** Points so far; null where those of a round are not known. */
  points: number | null;
  /** Races won so far, sprints not counted. */
  wins: number | null;
  /** Points that the round brought. */
  gained: number | null;
  /** Places won by the round, lost ones are negative. */
  moved: number | null;
  /** What the published results add up to, where the official points differ. */
  summed?: number | null;
  /** Name of the team. */
  team: string;
  /** The team's id at jolpica. */
  team_id: string | null;
}

/** seasons/{year}/standings.json: the official ones, or what the published results add up to. */
export interface Standings {
  /** Version of the format. */
  schema_version: number;
  /** Season. */
  year: number;
  /** By round, those with a published race or sprint. */
  rounds: StandingsRound[];
}

/** A weekend's track, each part from the session that has shown it most often. */
export interface WeekendCircuit {
  /** Round of the season. */
  round: number;
  /** Short name of the race weekend. */
  name: string;
  /** The published sessions that it was learned from. */
  sessions: ("R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3")[];
  /** Which of them the outline and each other part of the circuit are from. */
  learned_from: Record<string, "R" | "S" | "Q" | "SQ" | "FP1" | "FP2" | "FP3">;
  /** The track; visits, laps and openings say how sure each part is. */
  circuit: Circuit;
}

/** seasons/{year}/circuits.json: the tracks, as all published sessions of a weekend have shown them. */
export interface Circuits {
  /** Version of the format. */
  schema_version: number;
  /** Season. */
  year: number;
  /** By round, those with a published session. */
  rounds: WeekendCircuit[];
}
// documents:end
