// Colours that can be told from the ground they are drawn on, and from each other.

const LEAST = 2.2; // contrast of a line

/** @param {string} color "#rrggbb", or "rgb(...)" as the browser resolves it @returns {[number, number, number]} */
function parts(color) {
  const hex = color.trim().match(/^#([\da-f]{6})$/i);
  if (hex) return /** @type {any} */ ([0, 2, 4].map((i) => parseInt(hex[1].slice(i, i + 2), 16)));
  const said = color.match(/[\d.]+/g)?.map(Number) ?? [128, 128, 128];
  return [said[0], said[1], said[2]];
}

/** @param {[number, number, number]} rgb */
function light(rgb) {
  const [r, g, b] = rgb.map((n) => (n <= 10.3 ? n / 3294 : ((n / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} a @param {string} b */
export function contrast(a, b) {
  const [low, high] = [light(parts(a)), light(parts(b))].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved away from the ground until it can be seen. @param {string} color @param {string} ground */
export function inkFor(color, ground, least = LEAST) {
  const key = `${color} ${ground} ${least}`;
  let made = kept.get(key);
  if (made) return made;
  const toward = light(parts(ground)) > 0.4 ? 0 : 255;
  for (let share = 0; ; share += 0.1) {
    const mixed = parts(color).map((n) => Math.round(n + (toward - n) * share));
    made = `rgb(${mixed.join(", ")})`;
    if (share >= 1 || contrast(made, ground) >= least) break;
  }
  kept.set(key, made);
  return made;
}

/** @type {Map<string, string>} */
const kept = new Map();

/** Whether an area of that colour needs an edge. @param {string} color @param {string} ground */
export function clash(color, ground) {
  return contrast(color, ground) < 1.4;
}

/** A colour like another, told from it: moved towards that of the text. @param {string} color @param {number} nth 0 for itself @param {string} ink */
export function variant(color, nth, ink) {
  const share = nth && Math.min(0.45 + 0.2 * nth, 0.9);
  const toward = parts(ink);
  return nth ? `rgb(${parts(color).map((n, i) => Math.round(n + (toward[i] - n) * share)).join(", ")})` : color;
}

/** Whether two colours would be taken for one. @param {string} a @param {string} b */
export function alike(a, b) {
  const [p, q] = [parts(a), parts(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) < 70;
}

/** The compounds' colours, as the page's style has them. @returns {Record<string, string>} by kind */
export function compounds(/** @type {string[]} */ kinds) {
  const probe = document.createElement("i");
  probe.className = "tyre";
  probe.hidden = true;
  document.body.append(probe);
  const found = kinds.map((kind) => {
    probe.dataset.kind = kind;
    return [kind, getComputedStyle(probe).getPropertyValue("--compound").trim()];
  });
  probe.remove();
  return Object.fromEntries(found);
}
