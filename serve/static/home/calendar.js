// A season as a calendar: each race weekend with its sessions, what is missing and why; winners when asked for.

/** @import {SeasonEvent, SeasonListing, SeasonSession} from "../f1-replay.js" */
/** @import {Published} from "./published.js" */

import { make } from "../replay/facts.js";
import { flagOf } from "./places.js";

/** @type {Record<string, string>} */
export const GRADES = { A: "nothing to say against it", B: "small flaws that a viewer will not see", C: "visibly damaged", D: "use with care" };
const ORDER = ["FP1", "FP2", "FP3", "SQ", "S", "Q", "R"]; // as a weekend goes, where dates are missing

/** A season's event, found or shown. @typedef {{season: SeasonListing, event: SeasonEvent}} Found */

/** @param {Published} published @param {Found[]} found @param {boolean} years whether to name each season */
export function calendar(published, found, years) {
  const soon = found.find(({ event }) => sessionsOf(event).some(({ state }) => state === "upcoming"));
  const rows = found.map((one, i) => {
    const row = eventRow(published, one.event, one === soon);
    return years && one.season !== found[i - 1]?.season ? [make("li", { className: "year" }, make("h2", { textContent: String(one.season.year) })), row] : [row];
  });
  return make("ol", { className: "calendar" }, ...rows.flat());
}

/** All of them, in the order they are held. @param {SeasonEvent} event @returns {SeasonSession[]} */
export function sessionsOf(event) {
  const all = [...event.sessions, ...(/** @type {any} */ (event).other_sessions ?? [])];
  const rank = (/** @type {SeasonSession} */ { session, date_utc }) => date_utc ?? `9${ORDER.indexOf(session)}`;
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** @param {Published} published @param {SeasonEvent} event @param {boolean} next */
function eventRow(published, event, next) {
  const sessions = sessionsOf(event);
  const day = event.date ? new Date(`${event.date}T12:00:00Z`) : null;
  const date = make(
    "div",
    { className: "date" },
    make("b", { textContent: day ? String(day.getUTCDate()) : "–" }),
    make("span", { textContent: day ? day.toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" }) : "" }),
  );
  const flag = make("span", { className: "country", textContent: flagOf(event.country) });
  flag.setAttribute("aria-hidden", "true");
  flag.toggleAttribute("data-letters", /^[A-Z]+$/.test(flag.textContent));
  const main = sessions.findLast(({ state, session }) => state === "published" && session === "R") ?? sessions.findLast(({ state }) => state === "published");
  const name = make("h2", { title: event.official_name }, main ? make("a", { href: published.replay(main), textContent: event.name }) : event.name);
  const where = make("p", { textContent: [event.round ? `Round ${event.round}` : "", event.location, event.country].filter(Boolean).join(" · ") });
  const failed = sessions.filter(({ state, error }) => state === "failed" && error);
  const why = failed.map(({ name, error }) => make("p", { className: "why", textContent: `${name} failed: ${error}` }));
  const held = sessions.some(({ state }) => state === "published");
  const row = make("li", {}, date, flag, make("div", { className: "what" }, name, where, ...why), make("div", { className: "sessions" }, ...sessions.filter(({ state }) => state !== "missing").map((one) => chip(published, one)), ...missing(sessions)), winner(published, event));
  row.toggleAttribute("data-next", next);
  row.toggleAttribute("data-empty", !held);
  return row;
}

/** @param {Published} published @param {SeasonSession} session */
function chip(published, session) {
  const { state, grade, name, provisional } = session;
  if (state === "published") {
    const badge = make("b", { className: "grade", textContent: grade ?? "" });
    badge.dataset.grade = grade ?? "";
    const note = `${name}: grade ${grade}, ${GRADES[grade ?? ""] ?? ""}${provisional ? "; provisional, results may still change" : ""}`;
    const link = make("a", { className: "chip", href: published.replay(session), title: note }, name, badge);
    if (provisional) link.append(make("small", { textContent: "provisional" }));
    return link;
  }
  const words = state === "upcoming" ? whenOf(session) : state;
  const gap = make("span", { className: "chip" }, name, make("small", { textContent: words }));
  gap.dataset.state = state;
  return gap;
}

/** One for all of them: where races alone are computed a weekend lacks the other four. @param {SeasonSession[]} sessions */
function missing(sessions) {
  const names = sessions.filter(({ state }) => state === "missing").map(({ name }) => name);
  if (!names.length) return [];
  const gap = make("span", { className: "chip", title: names.join(", ") }, names.length > 2 ? `${names.length} sessions` : names.join(", "), make("small", { textContent: "not computed yet" }));
  gap.dataset.state = "missing";
  return [gap];
}

/** In the viewer's own time. @param {SeasonSession} session */
function whenOf({ date_utc }) {
  return date_utc ? new Date(date_utc).toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) : "date open";
}

/** Hidden until asked: who would rather watch is not told. @param {Published} published @param {SeasonEvent} event */
function winner(published, event) {
  const race = event.sessions.find(({ session, state }) => session === "R" && state === "published");
  const box = make("div", { className: "winner" });
  if (!race) return box;
  const button = make("button", { type: "button", textContent: "Show winner" });
  button.setAttribute("aria-label", `Show winner of the ${event.name}`);
  button.onclick = async () => {
    button.disabled = true;
    const told = await podium(published, race).catch(() => null);
    if (told) box.replaceChildren(...told);
    else button.textContent = "Not known";
  };
  box.append(button);
  return box;
}

/** @param {Published} published @param {SeasonSession} session */
async function podium(published, session) {
  const results = await published.results(session);
  const places = results?.rows.filter(({ position }) => position !== null && position <= 3).sort((a, b) => Number(a.position) - Number(b.position)) ?? [];
  if (!places.length) return null;
  const [first, ...others] = places;
  return [make("b", { textContent: first.name }), make("span", { textContent: [first.team, ...others.map(({ position, driver }) => `${position} ${driver}`)].join(" · ") })];
}
