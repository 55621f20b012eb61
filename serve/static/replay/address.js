// What a link opens, in the address's fragment: #t=3600&car=VER,NOR. Each part of the page keeps its own word there.

const PAUSE_MS = 300; // browsers allow few changes of the address a second

export class Address {
  /** @type {Map<string, {write: () => string, read: (said: string) => void}>} */ #parts = new Map();
  #said = said(location.href);
  #timer = 0;

  constructor() {
    // the event's own URL: the address may have been rewritten since
    addEventListener("hashchange", ({ newURL }) => {
      this.#said = said(newURL);
      for (const [name, { read }] of this.#parts) read(this.#said.get(name) ?? "");
    });
  }

  /**
   * A word of the address; what it says now is read at once.
   * @param {string} name @param {() => string} write what it is to say, "" for nothing @param {(said: string) => void} read
   */
  add(name, write, read) {
    this.#parts.set(name, { write, read });
    read(this.#said.get(name) ?? "");
  }

  /** Write the address. What no part has asked for yet stays. */
  write() {
    for (const [name, { write }] of this.#parts) {
      const value = write();
      if (value) this.#said.set(name, value);
      else this.#said.delete(name);
    }
    // a fragment alone would be taken from the page's <base>
    const { pathname, search } = location;
    const fragment = String(this.#said).replaceAll("%2C", ",");
    history.replaceState(null, "", pathname + search + (fragment && `#${fragment}`));
  }

  /** The same, once nothing has changed for a moment. @param {() => boolean} [due] whether it still is to be */
  soon(due = () => true) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => due() && this.write(), PAUSE_MS);
  }
}

/** @param {string} url */
function said(url) {
  return new URLSearchParams(new URL(url).hash.slice(1));
}
