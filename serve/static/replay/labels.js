// The cars' codes on the map: beside each car where there is room, faded out where there is none.

const HEIGHT = 15;
const PAD = 4;
const PLACES = [[12, -16], [-12, -16], [12, 16], [-12, 16], [24, -32], [-24, -32], [24, 32], [-24, 32]]; // px from the car
const FAR = 4; // from this place on a line joins label and car
const FADE = 0.2;

/** A car's dot; `quiet` ones have no label. @typedef {{code: string, x: number, y: number, quiet: boolean}} Place */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

export class Labels {
  /** @type {Map<string, {choice: number, alpha: number, width: number}>} */ #memory = new Map();

  /** Whether labels are still fading in or out. */
  fading = false;

  /** @param {CanvasRenderingContext2D} ctx @param {MediaQueryList} calm */
  constructor(ctx, calm) {
    this.ctx = ctx;
    this.calm = calm;
  }

  /**
   * @param {Place[]} places most important last-drawn first @param {readonly string[]} selected @param {string | undefined} leader
   * @param {number} width @param {number} height @param {Record<string, string>} ink
   */
  draw(places, selected, leader, width, height, ink) {
    const { ctx } = this;
    ctx.font = "700 11px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    ctx.textAlign = "center";
    /** @type {Box[]} */ const taken = places.map(({ x, y }) => ({ left: x - 6, top: y - 6, right: x + 6, bottom: y + 6 }));
    this.fading = false;
    for (const [i, place] of places.entries()) {
      if (place.quiet) continue;
      const memory = this.#remembered(place.code);
      const strong = selected.includes(place.code);
      const box = this.#find(place, memory, taken, i, width, height) ?? (strong ? boxAt(place, 0, memory.width) : null);
      const aim = box ? 1 : 0;
      memory.alpha = this.calm.matches || Math.abs(aim - memory.alpha) < FADE / 4 ? aim : memory.alpha + (aim - memory.alpha) * FADE;
      this.fading ||= memory.alpha !== aim;
      if (box) taken.push(box);
      const shown = box ?? boxAt(place, memory.choice, memory.width);
      if (memory.alpha > 0) {
        if (memory.choice >= FAR) this.#join(place, shown, memory.alpha, ink.dim);
        this.#write(place.code, shown, memory.alpha, strong || place.code === leader, ink);
      }
    }
    ctx.globalAlpha = 1;
  }

  /** @param {string} code */
  #remembered(code) {
    let memory = this.#memory.get(code);
    if (!memory) {
      memory = { choice: 0, alpha: 0, width: this.ctx.measureText(code).width + 2 * PAD };
      this.#memory.set(code, memory);
    }
    return memory;
  }

  /**
   * The first free place for a label, beginning with where it is now: labels that jump cannot be read.
   * @param {Place} place @param {{choice: number, width: number}} memory @param {Box[]} taken
   * @param {number} own index of the car's own dot in `taken` @param {number} width @param {number} height
   */
  #find(place, memory, taken, own, width, height) {
    for (let k = 0; k < PLACES.length; k++) {
      const choice = (memory.choice + k) % PLACES.length;
      const box = boxAt(place, choice, memory.width);
      if (box.left < 0 || box.top < 0 || box.right > width || box.bottom > height) continue;
      if (taken.some((other, i) => i !== own && overlap(box, other))) continue;
      memory.choice = choice;
      return box;
    }
    return null;
  }

  /** @param {Place} place @param {Box} box @param {number} alpha @param {string} color */
  #join(place, box, alpha, color) {
    const { ctx } = this;
    ctx.globalAlpha = alpha * 0.6;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(place.x, place.y);
    ctx.lineTo(Math.min(Math.max(place.x, box.left), box.right), Math.min(Math.max(place.y, box.top), box.bottom));
    ctx.stroke();
  }

  /** @param {string} code @param {Box} box @param {number} alpha @param {boolean} strong @param {Record<string, string>} ink */
  #write(code, box, alpha, strong, ink) {
    const { ctx } = this;
    ctx.globalAlpha = alpha * (strong ? 1 : 0.86);
    ctx.fillStyle = strong ? ink.ink : ink.panel;
    ctx.beginPath();
    ctx.roundRect(box.left, box.top, box.right - box.left, HEIGHT, 4);
    ctx.fill();
    ctx.globalAlpha = alpha;
    ctx.fillStyle = strong ? ink.bg : ink.ink;
    ctx.fillText(code, (box.left + box.right) / 2, box.top + HEIGHT / 2 + 0.5);
  }
}

/** @param {Place} place @param {number} choice @param {number} width @returns {Box} */
function boxAt(place, choice, width) {
  const [dx, dy] = PLACES[choice];
  const middle = place.x + dx + Math.sign(dx) * (width / 2 - 6);
  const top = place.y + dy - HEIGHT / 2;
  return { left: middle - width / 2, top, right: middle + width / 2, bottom: top + HEIGHT };
}

/** @param {Box} a @param {Box} b */
function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
