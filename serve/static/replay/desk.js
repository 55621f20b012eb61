// Beside the map: one or two charts, or a comparison of laps.

/** @import {Page} from "./page.js" */
/** @import {State} from "../f1-replay.js" */
/** @import {RaceLaps} from "./laps.js" */

import { Chart, CHARTS } from "./chart.js";
import { Compare } from "./compare.js";
import { byId, make } from "./facts.js";
import { OPENERS } from "./panel.js";

/** What a pane shows. @typedef {{element: any, update(state: State): void, redraw(): void, toggleTable(): void, close?(): void}} View */
/** @typedef {{name: string, view: View, element: any}} Pane */

const MOST = 2;

export class Desk {
  /** @type {Pane[]} */ #panes = [];
  /** Whether what is still to come is shown. */ whole = false;

  /** @param {Page} page */
  static async make(page) {
    const styled = ["plot", "desk"].map((name) => {
      const style = make("link", { rel: "stylesheet", href: `replay/${name}.css` });
      document.head.append(style);
      return new Promise((resolve) => (style.onload = style.onerror = resolve));
    });
    const [laps] = await Promise.all([page.laps(), ...styled]);
    return new Desk(page, laps);
  }

  /** @param {Page} page @param {RaceLaps | null} laps null of a race from before there was timing.json.gz */
  constructor(page, laps) {
    this.page = page;
    this.laps = /** @type {RaceLaps} */ (laps);
    const charts = Object.entries(CHARTS).filter(([, { raced }]) => !raced || laps?.race);
    /** What there is to show. @type {Record<string, string>} */
    this.all = { compare: "Compare", ...Object.fromEntries(charts.map(([key, { name }]) => [key, name])) };
    this.element = make("section", { id: "desk", hidden: true });
    this.element.setAttribute("aria-label", "Charts and comparison");
    this.tools = make("div", { className: "tools" });
    this.wholeButton = this.#tool(laps?.race === false ? "Whole session" : "Whole race", "Show what is still to come, too", () => this.setWhole(!this.whole));
    this.splitButton = this.#tool("◫", "Two side by side", () => this.open(this.names.length < MOST ? [...this.names, this.#other()] : this.names.slice(0, 1)));
    this.tableButton = this.#tool("☷", "The same as a table", () => this.#panes.forEach(({ view }) => view.toggleTable()));
    this.largeButton = this.#tool("⤢", "Larger or smaller", () => this.#large());
    this.#tool("×", "Close", () => this.open([]));
    byId("side").after(this.element);
    page.views.push(this);
    page.addEventListener("theme", () => this.#redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
    addEventListener("resize", () => this.#foot());
  }

  /** What is open. */
  get names() {
    return this.#panes.map(({ name }) => name);
  }

  /** Open these, close what else was. @param {string[]} names */
  open(names) {
    const wanted = [...new Set(names)].filter((name) => name in this.all).slice(0, MOST);
    for (const pane of this.#panes) if (!wanted.includes(pane.name)) pane.view.close?.();
    if (this.laps) this.#panes = wanted.map((name) => this.#panes.find((pane) => pane.name === name) ?? this.#pane(name));
    const old = make("p", { className: "early" }, "This race was computed before there were lap tables: it has no charts. ", make("button", { type: "button", textContent: "Close", onclick: () => this.open([]) }));
    this.element.replaceChildren(...(this.laps ? [...this.#panes.map(({ element }) => element), this.tools] : [old]));
    this.element.hidden = !wanted.length;
    this.element.dataset.panes = String(wanted.length);
    const root = document.documentElement;
    if (wanted.length) root.dataset.desk = wanted.includes("compare") ? "compare" : "charts";
    else delete root.dataset.desk;
    this.splitButton.setAttribute("aria-pressed", String(wanted.length > 1));
    this.#tabs();
    this.#foot();
    this.page.player.redraw();
    this.page.address.soon();
  }

  /** @param {State} state */
  update(state) {
    for (const { view } of this.#panes) view.update(state);
  }

  /** @param {boolean} whole */
  setWhole(whole) {
    this.whole = whole;
    this.wholeButton.setAttribute("aria-pressed", String(whole));
    this.#redraw();
  }

  /** Whoever is early may want it all. */
  wholeLink() {
    return make("button", { type: "button", textContent: `Show the whole ${this.laps.race ? "race" : "session"}`, onclick: () => this.setWhole(true) });
  }

  /** @param {string} name @returns {Pane} */
  #pane(name) {
    const view = name === "compare" ? new Compare(this) : new Chart(this, name);
    const tabs = make("div", { className: "tabs" });
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", "What to show");
    return { name, view, element: make("div", { className: "pane" }, tabs, view.element) };
  }

  /** The names of all that can be shown, over each pane. */
  #tabs() {
    for (const pane of this.#panes) {
      const change = (/** @type {string} */ to) => this.open(this.names.map((name) => (name === pane.name ? to : name)));
      pane.element.firstChild.replaceChildren(...(this.#panes.length > 1 ? [this.#choice(pane.name, change)] : tabsOf(this.all, pane.name, change)));
    }
    for (const id of OPENERS)
      byId(id).setAttribute("aria-pressed", String(this.names.some((name) => (name === "compare") === (id === "compare"))));
  }

  /** The same where there is less room. @param {string} chosen @param {(name: string) => void} change */
  #choice(chosen, change) {
    const free = Object.entries(this.all).filter(([name]) => name === chosen || !this.names.includes(name));
    const select = make("select", { onchange: () => change(select.value) }, ...free.map(([value, textContent]) => make("option", { value, textContent })));
    select.setAttribute("aria-label", "What to show");
    select.value = chosen;
    return select;
  }

  /** A chart to lay beside the one that is open. */
  #other() {
    return Object.keys(this.all).find((name) => name !== "compare" && !this.names.includes(name)) ?? "laps";
  }

  #large() {
    const large = this.element.toggleAttribute("data-large");
    this.largeButton.setAttribute("aria-pressed", String(large));
  }

  #redraw() {
    for (const { view } of this.#panes) view.redraw();
    this.page.player.redraw();
  }

  /** On a small screen the desk lies over all but the controls. */
  #foot() {
    this.element.style.setProperty("--foot", `${byId("controls").offsetHeight}px`);
  }

  /** @param {string} text @param {string} title @param {() => void} onclick */
  #tool(text, title, onclick) {
    const button = make("button", { type: "button", textContent: text, title, onclick });
    if (text.length < 3) button.setAttribute("aria-label", title); // a picture alone says nothing
    this.tools.append(button);
    return button;
  }
}

/** @param {Record<string, string>} all @param {string} chosen @param {(name: string) => void} change */
function tabsOf(all, chosen, change) {
  return Object.entries(all).map(([name, text]) => {
    const button = make("button", { type: "button", textContent: text, onclick: () => change(name) });
    button.setAttribute("aria-pressed", String(name === chosen));
    return button;
  });
}
