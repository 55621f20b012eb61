// The result: on demand at any moment, after a word of warning before the flag; at the flag the page offers it.

/** @import {Page} from "./page.js" */
/** @import {ResultRow, Results, State} from "../f1-replay.js" */

import { makeDialog } from "./dialogs.js";
import { byId, colorOf, finishTime, isTimed, make } from "./facts.js";
import { lapsText, lapText, raceText } from "./format.js";

/** The official letters for those without a place. @type {Record<string, string>} */
const LETTERS = { R: "Retired", D: "Disqualified", E: "Excluded", W: "Did not start", F: "Not qualified", N: "Not classified" };
const SHORT = /** @type {Record<string, string>} */ ({ R: "DNF", D: "DSQ", E: "EXC", W: "DNS", F: "DNQ", N: "NC" });
const RACE = ["", "Driver", "Team", "Grid", "Laps", "Time", "Best lap", "Points"];
const TIMED = ["", "Driver", "Team", "Laps", "Best lap", "Gap"];

export class Result {
  #shown = false; // nobody is asked twice

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    const { manifest } = page.race;
    this.finish = finishTime(manifest) ?? manifest.parts?.at(-1)?.end ?? page.race.duration;
    this.content = make("div");
    this.dialog = makeDialog("Result", [this.content]);
    this.dialog.classList.add("wide");
    for (const id of ["result", "outcome"]) byId(id).onclick = () => this.open();
  }

  /** @param {State} state */
  update({ t }) {
    byId("outcome").hidden = t < this.finish;
  }

  open() {
    if (this.dialog.open) return;
    if (this.#shown || this.page.player.t >= this.finish) this.#show();
    else this.#ask();
    this.dialog.showModal();
  }

  #ask() {
    const yes = make("button", { type: "button", className: "plain", textContent: "Show the result", onclick: () => this.#show() });
    this.content.replaceChildren(make("p", { textContent: "At this moment of the replay it is not over." }), yes);
  }

  async #show() {
    this.#shown = true;
    this.content.replaceChildren(make("p", { className: "hint", textContent: "Loading…" }));
    try {
      const results = await this.page.race.results();
      const told = results ? [table(results, this.page.race.manifest), ...notes(results, isTimed(this.page.race.manifest))] : [make("p", { textContent: "This race was computed before results were published with it." })];
      this.content.replaceChildren(...told);
    } catch (error) {
      this.content.replaceChildren(make("p", { textContent: `The result cannot be read: ${/** @type {Error} */ (error).message}` }));
    }
  }
}

/** @param {Results} results @param {import("../f1-replay.js").Manifest} manifest */
function table({ rows }, manifest) {
  const { drivers } = manifest;
  const timed = isTimed(manifest);
  const parts = timed && rows.some(({ q1_s }) => q1_s !== null) ? ["Q1", "Q2", "Q3"] : [];
  const head = make("tr", {}, ...(timed ? [...TIMED, ...parts] : RACE).map((textContent) => make("th", { scope: "col", textContent })));
  const colors = new Map(drivers.map((driver) => [driver.code, colorOf(driver)]));
  const body = rows.map((row) => line(row, colors.get(row.driver) ?? "", timed ? timesOf(row, parts.length) : null));
  head.firstChild.append(make("span", { className: "unseen", textContent: "Place" }));
  return make("table", { className: "result" }, make("thead", {}, head), make("tbody", {}, ...body));
}

/** Of qualifying and practice. @param {ResultRow} row @param {number} parts how many have a column */
function timesOf({ team, laps, fastest_lap_s, gap_s, q1_s, q2_s, q3_s }, parts) {
  return [team, String(laps ?? "–"), lapText(fastest_lap_s), gap_s ? `+${lapText(gap_s)}` : "", ...[q1_s, q2_s, q3_s].slice(0, parts).map((seconds) => lapText(seconds))];
}

/** @param {ResultRow} row @param {string} color @param {string[] | null} times instead of those of a race */
function line(row, color, times) {
  const { position, classified, grid, laps, points, fastest_lap_s, fastest_lap_rank, fastest_lap } = row;
  const place = SHORT[classified ?? ""] ?? String(position ?? "–");
  const who = make("th", { scope: "row" }, make("b", { textContent: row.driver }), ` ${row.name}`);
  who.style.setProperty("--team", color);
  const cells = times ?? [row.team, grid === null ? "–" : grid === 0 ? "Pit" : String(grid), String(laps ?? "–"), timeText(row), lapText(fastest_lap_s), points ? String(points) : ""];
  const line = make("tr", {}, make("td", { textContent: place, title: LETTERS[classified ?? ""] ?? "" }), who, ...cells.map((textContent) => make("td", { textContent })));
  if (times) return line;
  const [best] = line.querySelectorAll("td:nth-last-child(2)");
  if (fastest_lap !== null) best.title = `Lap ${fastest_lap}`;
  if (fastest_lap_rank === 1) best.dataset.color = "purple";
  return line;
}

/** The winner's time, the others' gap, or why there is none; and time penalties. @param {ResultRow} row */
function timeText({ position, classified, status, time_s, gap_s, laps_down, penalty_s }) {
  const penalty = penalty_s ? ` (+${penalty_s} s)` : "";
  if (classified && SHORT[classified]) return (status ?? LETTERS[classified]) + penalty;
  if (position === 1 && time_s !== null) return raceText(time_s) + penalty;
  if (gap_s !== null) return `+${lapText(gap_s)}${penalty}`;
  return (laps_down ? lapsText(laps_down) : (status ?? "–")) + penalty;
}

/** @param {Results} results @param {boolean} timed */
function notes({ rows, revision, revised_at, changes }, timed) {
  const said = [];
  if (rows.some(({ penalty_s }) => penalty_s)) said.push("In brackets: time penalties that race control announced, served or not; the times have those that count in them.");
  if (!timed && rows.every(({ classified }) => classified === null)) said.push("The official result was not out when the race was computed: this is the order of the timing.");
  if (revision > 1) {
    const when = revised_at ? ` of ${new Date(revised_at).toLocaleDateString("en-GB", { dateStyle: "long" })}` : "";
    const what = changes.map(({ driver, column, before, after }) => `${driver} ${column.replaceAll("_", " ")} ${before ?? "–"} → ${after ?? "–"}`);
    said.push(`Revision ${revision}${when}: ${what.join("; ")}`);
  }
  return said.map((textContent) => make("p", { className: "note", textContent }));
}
