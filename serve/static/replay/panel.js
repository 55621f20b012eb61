// The buttons, keys and links that open charts and comparison; their code comes when they are first opened.

/** @import {Page} from "./page.js" */
/** @import {Desk} from "./desk.js" */

import { byId } from "./facts.js";

/** The buttons of the head. */
export const OPENERS = ["charts", "compare"];

/** @param {Page} page */
export function addPanel(page) {
  /** @type {Promise<Desk> | null} */ let opening = null;
  /** @type {Desk | null} */ let desk = null;
  const show = async (/** @type {string[]} */ names) => {
    if (!names.length && !opening) return;
    opening ??= import("./desk.js").then(({ Desk }) => Desk.make(page));
    try {
      (desk = await opening).open(names);
    } catch (error) {
      opening = null;
      byId("announce").textContent = `Charts cannot be shown: ${error}`;
    }
  };
  const race = ["R", "S"].includes(page.race.manifest.event.session);
  const toggle = (/** @type {string} */ id) => {
    const open = (desk?.names ?? []).some((name) => (name === "compare") === (id === "compare"));
    return show(open ? [] : [id === "compare" ? id : race ? "positions" : "laps"]);
  };
  for (const id of OPENERS) {
    byId(id).hidden = false;
    byId(id).onclick = () => toggle(id);
  }
  page.address.add("show", () => desk?.names.join() ?? "", (said) => show(said.split(",").filter(Boolean)));
  return toggle;
}
