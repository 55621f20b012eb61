// Entry of the replay page: finds out which race to show, and opens it while the rest of the page loads.

import { openRace, SESSIONS } from "../f1-replay.js";

/**
 * URL of the manifest: `?race=` names it; on our server the path does. Null where neither says.
 * @param {Location} at
 */
function manifestUrl(at) {
  const query = new URLSearchParams(at.search);
  const named = query.get("race");
  if (named) return new URL(named, at.href).href;
  const [, base, year, round] = at.pathname.match(/^(.*\/)replay\/(\d{4})\/(\d{1,2})\/?$/) ?? [];
  if (!year) return null;
  const { folder } = SESSIONS[query.get("session")?.toUpperCase() ?? "R"] ?? SESSIONS.R;
  return new URL(`${base}data/telemetry/${year}/${Number(round)}/${folder}manifest.json`, at.href).href;
}

/**
 * Where all races are listed: the start of our server, else home.html beside this page.
 * @param {Location} at
 */
function listUrl(at) {
  if (/\/replay\/\d{4}\/\d{1,2}\/?$/.test(at.pathname)) return at.pathname.replace(/replay\/\d{4}\/\d{1,2}\/?$/, "");
  const query = new URLSearchParams(at.search);
  const folder = new URL(query.get("race") ?? "", at.href).href.replace(/(telemetry\/\d{4}\/\d+\/(?:\w+\/)?manifest\.json|[^/]*)([?#].*)?$/, "");
  const root = query.get("root") ?? folder;
  return root === new URL(".", at.href).href ? "home.html" : `home.html?root=${encodeURIComponent(root)}`;
}

/** @param {unknown} error */
function apologize(error) {
  const { status = 0, message = String(error) } = /** @type {{status?: number, message?: string}} */ (error);
  const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
  notice.textContent =
    status === 404 ? "This race has not been published." : `The race cannot be shown: ${message}`;
  if (manifestUrl(location)) notice.append(Object.assign(document.createElement("a"), { href: listUrl(location), textContent: "All races" }));
  notice.hidden = false;
  document.documentElement.dataset.state = "failed";
}

/** @type {HTMLAnchorElement} */ (document.getElementById("races")).href = listUrl(location);
try {
  const url = manifestUrl(location);
  if (url) {
    const opening = openRace(url, { ahead: 0 }); // what is seen first comes first; see AHEAD
    opening.catch(() => {}); // reported below, once the page's code is there
    const { show } = await import("./page.js");
    const race = await opening;
    await show(race);
    const { showWeekend } = await import("./weekend.js");
    await showWeekend(race);
  } else {
    location.replace(listUrl(location));
  }
} catch (error) {
  apologize(error);
}
