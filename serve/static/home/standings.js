// Both championships after any round, and how they went.

/** @import {SeasonListing, Standings, StandingsRound} from "../f1-replay.js" */
/** @import {Line, Scene} from "../replay/paint.js" */
/** @import {Published} from "./published.js" */

import { ticksOf } from "../replay/axes.js";
import { make } from "../replay/facts.js";
import { Plot } from "../replay/plot.js";

const DASH = [6, 3];
/** What one row of either championship has. @typedef {{position: number | null, points: number | null, gained: number | null, moved: number | null, wins: number | null, team: string, driver?: string, name?: string}} Standing */
/** @type {Record<string, (round: StandingsRound) => Standing[]>} */
const WHO = { Drivers: ({ drivers }) => drivers, Teams: ({ teams }) => teams };
/** @type {Record<string, "points" | "position">} */
const WHAT = { Points: "points", Place: "position" };

/** @param {Published} published @param {SeasonListing} season */
export async function standingsPage(published, season) {
  const standings = await published.standings(season);
  if (!standings?.rounds.length) return make("p", { className: "nothing", textContent: "No points of this season are published yet." });
  const colors = await published.colors(season);
  return new StandingsView(standings, colors).element;
}

class StandingsView {
  /** @type {"Drivers" | "Teams"} */ who = "Drivers";
  what = "Points";

  /** @param {Standings} standings @param {Map<string, string>} colors by team */
  constructor(standings, colors) {
    this.rounds = standings.rounds;
    this.colors = colors;
    this.round = make("select", { onchange: () => this.#show() }, ...this.rounds.map(({ round, name }, i) => make("option", { value: i, textContent: `After round ${round}, ${name}` })));
    this.round.setAttribute("aria-label", "Round");
    this.round.value = String(this.rounds.length - 1);
    this.plot = new Plot("The championship round by round");
    this.plot.picked = ({ x }) => {
      const at = this.rounds.findIndex(({ round }) => round === x);
      if (at >= 0) (this.round.value = String(at)), this.#show();
    };
    this.table = make("div", { className: "table" });
    this.note = make("p", { className: "note" });
    this.empty = make("p", { className: "nothing", textContent: "No points are known yet." });
    const tools = make("div", { className: "tools" }, this.#choice(Object.keys(WHO), "who"), this.#choice(Object.keys(WHAT), "what"), this.round);
    this.element = make("section", { className: "standings" }, tools, make("div", { className: "both" }, this.table, make("div", { className: "plotbox" }, this.plot.element, this.empty)), this.note);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plot.redraw());
    document.addEventListener("theme", () => this.plot.redraw());
    this.#show();
  }

  /** @param {string[]} words @param {"who" | "what"} field */
  #choice(words, field) {
    const buttons = words.map((word) => {
      const button = make("button", { type: "button", textContent: word });
      button.setAttribute("aria-pressed", String(word === this[field]));
      button.onclick = () => {
        /** @type {any} */ (this)[field] = word;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        this.#show();
      };
      return button;
    });
    return make("div", { className: "choice" }, ...buttons);
  }

  #show() {
    const after = this.rounds[Number(this.round.value)];
    const rows = WHO[this.who](after).map((one) => this.#row(one));
    const heads = [["P", "Place"], [this.who === "Drivers" ? "Driver" : "Team", ""], ["Pts", "Points"], ["+", "Points of this round"], ["±", "Places won in this round"], ["W", "Races won"]];
    const head = make("tr", {}, ...heads.map(([text, title]) => make("th", { scope: "col", textContent: text, title })));
    this.table.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
    const scene = this.#scene();
    this.plot.element.hidden = !scene.bands[0].lines.some(({ points }) => points.some(({ x, y }) => y !== null && x >= this.rounds[0].round));
    this.empty.hidden = !this.plot.element.hidden;
    this.note.textContent = after.complete ? "" : "The points of some race or sprint so far are not known: sums and places are open.";
    this.plot.show(scene);
  }

  /** @param {Standing} one */
  #row(one) {
    const cell = (/** @type {unknown} */ value, className = "") => make("td", { textContent: value ?? "–", className });
    const who = make("th", { scope: "row" }, make("b", { textContent: one.name ?? one.team }), ...(one.name ? [make("small", { textContent: one.team })] : []));
    who.style.setProperty("--team", this.#color(one.team));
    const moved = one.moved ? `${one.moved > 0 ? "▲" : "▼"}${Math.abs(one.moved)}` : "";
    const way = make("td", { textContent: moved });
    way.dataset.way = one.moved ? (one.moved > 0 ? "up" : "down") : "";
    return make("tr", {}, cell(one.position), who, cell(one.points, "points"), cell(one.gained ? `+${one.gained}` : ""), way, cell(one.wins || ""));
  }

  /** @param {string} team */
  #color(team) {
    return this.colors.get(team) ?? "#9aa4b2";
  }

  /** @returns {Scene} */
  #scene() {
    const field = WHAT[this.what];
    const lines = this.#lines(field);
    const known = lines.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []));
    const last = this.rounds[this.rounds.length - 1].round;
    const max = Math.max(1, ...known);
    const down = field === "position";
    const y = down
      ? { name: "", min: 0.5, max: max + 0.5, ticks: Array.from({ length: max }, (_, i) => i + 1), say: (/** @type {number} */ n) => `P${n}`, down }
      : { name: "Points", min: 0, max: max * 1.04, ticks: ticksOf(0, max, 7), say: String };
    const first = this.rounds[0].round;
    const min = down ? Math.min(first, last - 1) : first - 1;
    return { right: 48, x: { name: "round", min, max: last, ticks: ticksOf(min, last, 24, 1), say: String }, bands: [{ weight: 1, lines, y }] };
  }

  /** @param {"points" | "position"} field @returns {Line[]} */
  #lines(field) {
    const of = WHO[this.who];
    const idOf = (/** @type {Standing} */ one) => one.driver ?? one.team;
    const ids = [...new Set(this.rounds.toReversed().flatMap((round) => of(round).map(idOf)))]; // by their place now
    const teams = new Set();
    return ids.map((id) => {
      const rows = this.rounds.map((round) => ({ round, own: of(round).find((one) => idOf(one) === id) }));
      const team = rows.findLast(({ own }) => own)?.own?.team ?? "";
      const color = this.#color(team);
      const points = rows.map(({ round, own }) => ({
        x: round.round,
        y: own?.[field] ?? null,
        says: [{ text: own?.name ?? id, color }, { text: `Round ${round.round}, ${round.name}` }, { text: `P${own?.position ?? "–"} · ${own?.points ?? "–"} points` }],
      }));
      if (field === "points") points.unshift({ x: this.rounds[0].round - 1, y: 0, says: /** @type {any} */ (undefined) });
      const dash = teams.has(team) ? DASH : undefined;
      teams.add(team);
      return { code: id, color, dash, tag: id.length > 3 ? id.slice(0, 6) : id, points };
    });
  }
}
