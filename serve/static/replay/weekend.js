// The weekend's other sessions that are published, one click away.

/** @import {Race, SeasonListing, SeasonSession} from "../f1-replay.js" */

import { addressOf, SESSIONS } from "../f1-replay.js";
import { byId, make } from "./facts.js";

/** Those beside the one on the page, in the order they were held. Without a listing there are none. @param {Race} race */
export async function others(race) {
  const { year, round, session: own } = race.manifest.event;
  const url = addressOf(race.root, `sessions/${year}.json`);
  const response = url && (await fetch(url).catch(() => null));
  if (!response?.ok) return [];
  /** @type {SeasonListing} */ const season = await response.json();
  const event = season.events.find((one) => one.round === round);
  const sessions = /** @type {SeasonSession[]} */ ([...(event?.other_sessions ?? []), ...(event?.sessions ?? [])]);
  return sessions
    .filter(({ session, state }) => state === "published" && session !== own && SESSIONS[session])
    .sort((a, b) => ((a.date_utc ?? "") < (b.date_utc ?? "") ? -1 : 1));
}

/** Links to them, beside the name of the one on the page. @param {Race} race */
export async function showWeekend(race) {
  const links = (await others(race)).map(({ session, name }) => make("a", { href: addressFor(session), title: name, textContent: session === "R" ? "Race" : session }));
  if (!links.length) return;
  const nav = make("nav", { id: "weekend" }, ...links);
  nav.setAttribute("aria-label", "Other sessions of the weekend");
  byId("where").append(nav);
}

/** This page's address for another session: our server has it in the query, elsewhere the manifest's key tells. @param {string} session */
function addressFor(session) {
  const url = new URL(location.href);
  const key = url.searchParams.get("race");
  url.hash = "";
  url.searchParams.delete("session");
  if (key) url.searchParams.set("race", key.replace(/(telemetry\/\d+\/\d+\/)(?:\w+\/)?/, `$1${SESSIONS[session].folder}`));
  else if (session !== "R") url.searchParams.set("session", session);
  return url.href;
}
