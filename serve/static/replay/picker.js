// Without a race in the address: the published races, read from the catalog beside this page.

/** @import {Manifest} from "../f1-replay.js" */

import { addressOf } from "../f1-replay.js";
import { byId, make } from "./facts.js";

/** Lists the races of the tree this page lies in, or in `?root=`. */
export async function pick() {
  const root = new URL(new URLSearchParams(location.search).get("root") ?? ".", location.href);
  const catalog = await read(new URL("catalog.json", root));
  const seasons = await Promise.all(catalog.seasons.map((/** @type {{key: string}} */ season) => read(address(season.key, root))));
  const lists = seasons.sort((a, b) => b.year - a.year).flatMap((season) => [make("h2", { textContent: season.year }), list(season, root)]);
  document.body.replaceChildren(make("main", { className: "picker" }, make("h1", { textContent: "F1 race replays" }), ...lists));
  document.documentElement.dataset.state = "ready";
}

/** @param {any} season @param {URL} root */
function list(season, root) {
  const items = season.events.flatMap((/** @type {any} */ event) =>
    event.sessions
      .filter((/** @type {any} */ session) => session.state === "published")
      .map((/** @type {any} */ session) => {
        const link = make("a", { href: `?race=${encodeURIComponent(address(session.manifest, root).href)}` });
        link.textContent = event.name + (session.session === "R" ? "" : `, ${session.name.toLowerCase()}`);
        const grade = make("b", { className: "grade", textContent: session.grade, title: `Grade ${session.grade}` });
        grade.dataset.grade = session.grade;
        return make("li", {}, make("span", { textContent: event.round || "–" }), link, grade);
      }),
  );
  return make("ol", {}, ...items);
}

/** @param {string} key @param {URL} root */
function address(key, root) {
  const url = addressOf(root, key);
  if (!url) throw new Error(`${key} is no key below ${root}`);
  return url;
}

/** @param {URL} url */
async function read(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${byId("name").textContent}: there is no race in the address, and ${url} answered ${response.status}`);
  return response.json();
}
