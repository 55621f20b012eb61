// Which cars the viewer has chosen: the tower, the map, the card, charts and comparisons all go by it.

/** As many as can be told apart in one chart. */
export const MOST = 4;

/** A `change` event tells that `codes` is another list. */
export class Selection extends EventTarget {
  /** In the order in which they were chosen. @type {readonly string[]} */ codes = [];
  /** Whether the next click is one more, as if a key were held: fingers have no keys. */
  adding = false;
  #known;

  /** @param {Iterable<string>} known the codes there are */
  constructor(known) {
    super();
    this.#known = new Set(known);
  }

  /** The one chosen last: whose card is shown, and whom the map follows. */
  get last() {
    return this.codes.at(-1) ?? null;
  }

  /** @param {string} code */
  has(code) {
    return this.codes.includes(code);
  }

  /** Choose these and no others; of too many the last ones. @param {readonly string[]} codes */
  set(codes) {
    const chosen = [...new Set(codes)].filter((code) => this.#known.has(code)).slice(-MOST);
    if (chosen.join() === this.codes.join()) return;
    this.codes = chosen;
    this.dispatchEvent(new Event("change"));
  }

  /** Choose one alone; none, if it is that one already. @param {string} code */
  only(code) {
    this.set(this.codes.join() === code ? [] : [code]);
  }

  /** Choose one beside the others, or give it up. @param {string} code */
  toggle(code) {
    this.set(this.has(code) ? this.codes.filter((other) => other !== code) : [...this.codes, code]);
  }

  /** A click on a car, or beside all; with a key held it is one more. @param {string | null} code @param {MouseEvent} event */
  click(code, event) {
    const more = this.adding;
    this.adding = false;
    if (code === null) this.set([]);
    else if (more || event.shiftKey || event.ctrlKey || event.metaKey) this.toggle(code);
    else this.only(code);
  }
}
