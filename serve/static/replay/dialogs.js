// Two dialogs: what the race's data are worth, and the keys.

/** @import {Page} from "./page.js" */

import { addressOf } from "../f1-replay.js";
import { byId, make } from "./facts.js";
import { KEYS } from "./keys.js";

const GRADES = {
  A: "Nothing to say against it.",
  B: "Small flaws that a viewer will not see.",
  C: "Visibly damaged.",
  D: "Use with care.",
};

const SHARES = ["positions", "car_data", "race_distance", "official_order"];

export class Dialogs {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.quality = makeDialog("Data quality", this.#quality());
    this.help = makeDialog("Keyboard shortcuts", [
      make("table", {}, make("tbody", {}, ...KEYS.map(([keys, what]) => make("tr", {}, make("th", { scope: "row" }, ...caps(keys)), make("td", { textContent: what }))))),
      make("p", { className: "note", textContent: "The bar shows safety cars and virtual ones in orange, yellow and red flags in their colours, and retirements as crosses. A dot with a hole is a team's second car. In the tower a green interval is less than a second, and framed where the car's DRS is open." }),
    ]);
    byId("grade").onclick = () => this.open(this.quality);
    byId("help").onclick = () => this.open(this.help);
  }

  /** @param {any} dialog */
  open(dialog) {
    if (!dialog.open) dialog.showModal();
  }

  #quality() {
    const { quality, provenance, artifacts } = this.page.race.manifest;
    const badge = make("b", { className: "grade", textContent: quality.grade });
    badge.dataset.grade = quality.grade;
    const rows = quality.checks.map(({ name, level, value, message }) => {
      const plain = SHARES.includes(name) ? `${(100 * Number(value)).toFixed(1)} %` : value;
      const said = message || (value === null ? "" : String(plain));
      const mark = make("td", { className: "level", textContent: level });
      mark.dataset.level = level;
      return make("tr", {}, mark, make("th", { scope: "row", textContent: name.replaceAll("_", " ") }), make("td", { textContent: said }));
    });
    const made = new Date(provenance.created_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    const state = provenance.provisional ? ` Provisional: ${provenance.reasons.join("; ")}.` : "";
    const files = artifacts.filter(({ key }) => !key.includes("/replay/"));
    return [
      make("p", { className: "verdict" }, badge, GRADES[quality.grade] + state),
      make("table", {}, make("tbody", {}, ...rows)),
      make("h3", { textContent: "Files" }),
      make("ul", { className: "files" }, ...files.map((file) => this.#file(file))),
      make("p", { className: "note", textContent: `Computed ${made} by version ${provenance.version}, with fastf1 ${provenance.fastf1}.` }),
    ];
  }

  /** @param {{key: string, bytes: number}} file */
  #file({ key, bytes }) {
    const name = key.split("/").at(-1) ?? key;
    const url = addressOf(this.page.race.root, key);
    const link = url ? make("a", { href: url.href, textContent: name }) : name;
    return make("li", {}, link, ` ${(bytes / 1e6).toFixed(bytes < 1e5 ? 3 : 1)} MB`);
  }
}

/** A dialog that is closed by its cross, Escape, or a click beside it. @param {string} title @param {Node[]} content */
export function makeDialog(title, content) {
  const close = make("button", { type: "button", className: "close", textContent: "×" });
  close.setAttribute("aria-label", "Close");
  const dialog = make("dialog", {}, make("h2", {}, title, close), ...content);
  dialog.setAttribute("aria-label", title);
  close.onclick = () => dialog.close();
  dialog.onclick = (/** @type {MouseEvent} */ event) => {
    if (event.target === dialog) dialog.close(); // and nothing returned: false would stop the links inside
  };
  document.body.append(dialog);
  return dialog;
}

/** @param {string} keys */
function caps(keys) {
  return keys.split(" ").map((key) => make("kbd", { textContent: key }));
}
