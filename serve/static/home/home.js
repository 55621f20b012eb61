// Entry of the home page: seasons, search, and the standings; #2025 and #2025/standings are their addresses.

/** @import {SeasonListing} from "../f1-replay.js" */

import { byId, make } from "../replay/facts.js";
import { kept } from "../replay/kept.js";
import { calendar } from "./calendar.js";
import { Published } from "./published.js";

const KEPT_THEME = "f1-replay-theme"; // as the replay page
const SERVED = { docs: "Try the API", redoc: "API reference" };

const published = new Published(location);
/** @type {number[]} */ let years = [];

/** A fragment alone would be taken from the page's <base>. @param {string} fragment */
function hrefOf(fragment) {
  return `${location.pathname}${location.search}#${fragment}`;
}

/** Which season and page the address names. */
function asked() {
  const [, year, page] = location.hash.match(/^#(\d{4})(?:\/(\w+))?$/) ?? [];
  return { year: years.includes(Number(year)) ? Number(year) : years[0], standings: page === "standings" };
}

/** @param {any[]} content */
function show(...content) {
  byId("page").replaceChildren(...content);
  byId("page").setAttribute("aria-busy", "false");
  document.documentElement.dataset.state = "ready";
}

async function route() {
  const { year, standings } = asked();
  if (year === undefined) return show(make("p", { className: "nothing", textContent: "Nothing has been published yet." }));
  document.title = `${year}${standings ? " standings" : ""}: F1 race replays`;
  const links = years.map((one) => link(hrefOf(`${one}${standings ? "/standings" : ""}`), String(one), one === year));
  const kinds = [link(hrefOf(String(year)), "Calendar", !standings), link(hrefOf(`${year}/standings`), "Standings", standings)];
  byId("seasons").replaceChildren(make("div", { className: "years" }, ...links), make("div", { className: "kinds" }, ...kinds));
  const season = await published.season(year);
  if (!season) return show(make("p", { className: "nothing", textContent: `The listing of ${year} is not there.` }));
  if (standings) {
    const { standingsPage } = await import("./standings.js");
    return show(await standingsPage(published, season));
  }
  show(summary(season), calendar(published, season.events.map((event) => ({ season, event })), false));
}

/** How much of a season there is. @param {SeasonListing} season */
function summary({ events }) {
  const sessions = events.flatMap((event) => event.sessions);
  const count = (/** @type {string} */ state) => sessions.filter((one) => one.state === state).length;
  const parts = [`${count("published")} of ${sessions.length - count("cancelled")} races and sprints are here`];
  for (const [state, words] of [["missing", "not computed yet"], ["failed", "failed"], ["upcoming", "still to come"]]) if (count(state)) parts.push(`${count(state)} ${words}`);
  const all = make("button", { type: "button", textContent: "Show all winners" });
  all.onclick = () => {
    for (const button of document.querySelectorAll(".winner button")) /** @type {HTMLElement} */ (button).click();
    all.remove();
  };
  return make("p", { className: "summary" }, `${parts.join(" · ")} `, ...(count("published") ? [all] : []));
}

/** @param {string} href @param {string} textContent @param {boolean} current */
function link(href, textContent, current) {
  const made = make("a", { href, textContent });
  if (current) made.setAttribute("aria-current", "page");
  return made;
}

/** Events of all seasons of which every word is said somewhere. @param {string} text */
async function search(text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return route();
  const seasons = await Promise.all(years.map((year) => published.season(year).catch(() => null)));
  if (plain(byId("search").value).split(/\s+/).filter(Boolean).join() !== words.join()) return;
  const found = seasons.flatMap((season) =>
    (season?.events ?? []).flatMap((event) => {
      const said = plain([season?.year, event.name, event.official_name, event.country, event.location].join(" "));
      return season && words.every((word) => said.includes(word)) ? { season, event } : [];
    }),
  );
  show(found.length ? calendar(published, found, true) : make("p", { className: "nothing", textContent: `No race matches “${text}”.` }));
}

/** Without case and accents: São Paulo is found by sao. @param {string} text */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function switchTheme() {
  const root = document.documentElement.style;
  const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.colorScheme = dark ? "light" : "dark";
  kept(KEPT_THEME, root.colorScheme);
  document.dispatchEvent(new Event("theme"));
}

/** @param {() => Promise<void>} act */
async function tried(act) {
  try {
    await act();
  } catch (error) {
    show(make("p", { className: "nothing", textContent: `The races cannot be listed: ${error}` }));
  }
}

document.documentElement.style.colorScheme = kept(KEPT_THEME) ?? "";
byId("theme").onclick = switchTheme;
byId("search").oninput = () => tried(() => search(byId("search").value));
addEventListener("hashchange", () => {
  byId("search").value = "";
  tried(route);
});
if (published.served)
  byId("more").append(...Object.entries(SERVED).map(([path, textContent]) => make("a", { href: `${location.pathname}${path}`, textContent })));
await tried(async () => {
  const catalog = await published.catalog();
  years = (catalog?.seasons ?? []).map(({ year }) => year).sort((a, b) => b - a);
  await route();
});
