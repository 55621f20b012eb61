// Race control's messages up to now, the newest first.

/** @import {Page} from "./page.js" */
/** @import {Message, State} from "../f1-replay.js" */

import { byId, clockText, lastAt, make } from "./facts.js";

const SHOWN = 60;

export class Messages {
  #newest = NaN;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.list = make("ol", { reversed: true });
    byId("messages").replaceChildren(make("h2", { textContent: "Race control" }), this.list);
  }

  /** @param {State} state */
  update({ t }) {
    const { race_control } = this.page.race.manifest;
    const newest = lastAt(race_control, t);
    if (newest === this.#newest) return;
    const added = newest - this.#newest;
    if (added > 0 && added < SHOWN) this.list.prepend(...race_control.slice(this.#newest + 1, newest + 1).reverse().map(item));
    else this.list.replaceChildren(...race_control.slice(Math.max(newest + 1 - SHOWN, 0), newest + 1).reverse().map(item));
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.#newest = newest;
  }
}

/** @param {Message} message */
function item(message) {
  const when = make("span", { className: "when", textContent: clockText(message.t) + (message.lap ? ` · lap ${message.lap}` : "") });
  const row = make("li", {}, when, make("span", { textContent: message.message }));
  row.dataset.kind = kindOf(message);
  return row;
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
