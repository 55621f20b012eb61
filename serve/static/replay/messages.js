// Race control's messages and the race's events up to now, the newest first: of all cars or of the chosen ones. A click
// goes to that moment.

/** @import {Page} from "./page.js" */
/** @import {Message, State} from "../f1-replay.js" */
/** @import {Told} from "./events.js" */

import { messages, told } from "./events.js";
import { byId, clockText, lastAt, make } from "./facts.js";

const SHOWN = 60;
const LISTS = { control: "Race control", events: "Events" };

export class Messages {
  /** @type {Record<string, Told[]>} */ #all;
  /** @type {Told[]} */ #list = [];
  #kind = "control";
  #newest = NaN;
  #own = make("input", { type: "checkbox" });

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.#all = { control: messages(page.race.manifest), events: [] };
    this.list = make("ol", { reversed: true });
    this.tabs = Object.entries(LISTS).map(([value, textContent]) => make("button", { type: "button", value, textContent, onclick: () => this.#choose(value) }));
    this.filter = make("label", { className: "own", hidden: true }, this.#own, "chosen cars only");
    byId("messages").replaceChildren(make("h2", {}, ...this.tabs), this.filter, this.list);
    this.#own.onchange = () => this.#filter();
    page.selection.addEventListener("change", () => this.#filter());
    page.race.timing().then((timing) => timing && this.#tell(told(timing, page.race.manifest)), () => {}); // older races have none
    this.#choose(this.#kind);
  }

  /** @param {State} state */
  update({ t }) {
    const newest = lastAt(this.#list, t);
    if (newest === this.#newest) return;
    const added = newest - this.#newest;
    if (added > 0 && added < SHOWN) this.list.prepend(...this.#list.slice(this.#newest + 1, newest + 1).reverse().map((one) => this.#item(one)));
    else this.list.replaceChildren(...this.#list.slice(Math.max(newest + 1 - SHOWN, 0), newest + 1).reverse().map((one) => this.#item(one)));
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.#newest = newest;
  }

  /** @param {Told[]} events */
  #tell(events) {
    this.#all.events = events;
    this.#filter();
  }

  /** @param {string} kind */
  #choose(kind) {
    this.#kind = kind;
    for (const tab of this.tabs) tab.setAttribute("aria-pressed", String(tab.value === kind));
    this.#filter();
  }

  #filter() {
    const { selection, player } = this.page;
    this.filter.hidden = !selection.codes.length;
    const own = this.#own.checked && selection.codes.length > 0;
    this.#list = this.#all[this.#kind].filter(({ driver, other }) => !own || [driver, other].some((code) => code && selection.has(code)));
    this.#newest = NaN;
    player.redraw();
  }

  /** @param {Told & {message?: Message}} told */
  #item({ t, at, text, kind, message }) {
    const when = make("span", { className: "when", textContent: clockText(t) + (message?.lap ? ` · lap ${message.lap}` : "") });
    const go = make("button", { type: "button", title: "Go to this moment", onclick: () => this.page.player.seek(at) }, when, make("span", { textContent: text }));
    const row = make("li", {}, go);
    row.dataset.kind = message ? kindOf(message) : kind;
    return row;
  }
}

/** @param {Message} message */
function kindOf({ flag, category, message }) {
  if (flag === "BLUE") return "blue";
  if (flag?.includes("YELLOW")) return "yellow";
  if (flag === "RED") return "red";
  if (flag === "GREEN" || flag === "CLEAR") return "clear";
  if (flag === "CHEQUERED") return "finish";
  if (category === "SafetyCar") return "sc";
  return /PENALTY|INVESTIGATION|STEWARDS/.test(message) ? "steward" : "other";
}
