// What the browser keeps for the next visit. It may forbid that: then nothing is kept.

/** The word kept under a key, null for none; with `value` it is replaced, "" forgets it. @param {string} key @param {string} [value] */
export function kept(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else if (value === "") localStorage.removeItem(key);
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
