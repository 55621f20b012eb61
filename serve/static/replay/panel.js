// The buttons, keys and links that open charts and comparison; their code comes when they are first opened.

/** @import {Page} from "./page.js" */
/** @import {Desk} from "./desk.js" */

import { byId } from "./facts.js";

/** @type {Record<string, string>} */
export const OPENERS = { charts: "positions", compare: "compare" };

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
  const toggle = (/** @type {string} */ name) => show(desk?.names.includes(name) ? [] : [name]);
  for (const [id, name] of Object.entries(OPENERS)) {
    const button = byId(id);
    button.hidden = false;
    button.onclick = () => toggle(name);
  }
  page.address.add("show", () => desk?.names.join() ?? "", (said) => show(said.split(",").filter(Boolean)));
  return toggle;
}
