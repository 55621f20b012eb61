// In step with a broadcast or a recording of it: what its player shows is the replay's time and an offset, kept per race.

/** @import {Page} from "./page.js" */
/** @import {State} from "../f1-replay.js" */

import { makeDialog } from "./dialogs.js";
import { byId, clockText, make, write } from "./facts.js";
import { kept } from "./kept.js";

const NUDGES = [-1, -0.1, 0.1, 1];

export class Sync {
  /** Broadcast time less replay time (s); null where nobody has said. @type {number | null} */ offset = null;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    const { year, round, session } = page.race.manifest.event;
    this.key = `f1-replay-sync-${year}-${round}-${session}`;
    this.field = make("input", { type: "text", inputMode: "numeric", placeholder: "h:mm:ss", autocomplete: "off" });
    this.said = make("p", { className: "note" });
    this.dialog = makeDialog("Sync with a broadcast", this.#content());
    byId("sync").onclick = () => this.open();
    const before = kept(this.key);
    if (before !== null && Number.isFinite(Number(before))) this.#set(Number(before));
    else this.#show();
  }

  /** @param {State} state */
  update({ t }) {
    write(byId("video"), this.offset === null ? "" : clockText(t + this.offset));
  }

  open() {
    if (this.dialog.open) return;
    this.field.value = clockText(this.page.player.t + (this.offset ?? 0));
    this.dialog.showModal();
    this.field.select();
  }

  /** Move the replay against the broadcast. @param {number} seconds */
  nudge(seconds) {
    if (this.offset === null) return;
    this.#set(this.offset - seconds);
    this.page.player.seek(this.page.player.t + seconds);
  }

  #content() {
    const label = make("label", {}, "The broadcast's player shows ", this.field);
    const act = (/** @type {string} */ textContent, /** @type {(seconds: number) => void} */ act) =>
      make("button", { type: "button", className: "plain", textContent, onclick: () => this.#read(act) });
    const nudges = NUDGES.map((seconds) => make("button", { type: "button", className: "plain", textContent: `${seconds > 0 ? "+" : "−"}${Math.abs(seconds)} s`, onclick: () => this.nudge(seconds) }));
    const forget = make("button", { type: "button", className: "plain", textContent: "Forget", onclick: () => this.#set(null) });
    return [
      make("p", {}, label),
      make("p", { className: "acts" }, act("…at the moment shown here", (seconds) => this.#set(seconds - this.page.player.t)), act("Go there", (seconds) => this.page.player.seek(seconds - (this.offset ?? 0)))),
      make("p", { className: "acts" }, "The replay is ahead or behind: ", ...nudges, forget),
      this.said,
    ];
  }

  /** @param {(seconds: number) => void} act with what was typed in */
  #read(act) {
    const seconds = secondsOf(this.field.value);
    if (seconds === null) {
      write(this.said, `“${this.field.value}” is no time: write it as 1:02:03, 62:03 or 3723.`);
      return;
    }
    act(seconds);
    this.#show();
  }

  /** @param {number | null} offset */
  #set(offset) {
    this.offset = offset === null ? null : Math.round(offset * 1000) / 1000;
    kept(this.key, this.offset === null ? "" : String(this.offset));
    this.page.player.steady = this.offset !== null;
    this.page.player.redraw();
    this.#show();
  }

  #show() {
    const { offset } = this;
    const text = offset === null ? "" : `The broadcast's clock is ${Math.abs(offset).toFixed(1)} s ${offset < 0 ? "behind" : "ahead of"} the replay's. It is kept in this browser for this race.`;
    write(this.said, text || "Not in step with anything yet. Say what the player shows at the moment shown here.");
    byId("video").hidden = offset === null;
  }
}

/** 1:02:03.5, 62:03 or 3723 in seconds; null for what is no time. @param {string} text */
export function secondsOf(text) {
  if (!/^\s*\d+(:[0-5]?\d){0,2}([.,]\d+)?\s*$/.test(text)) return null;
  return text.replace(",", ".").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
