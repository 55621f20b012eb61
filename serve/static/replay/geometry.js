// Points and lines of the map. Pure functions.

/** @typedef {[number, number]} Point */

/** @param {Point} a @param {Point} b */
export function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** @param {readonly Point[]} points @param {Point} to */
export function nearest(points, to) {
  let best = 0;
  for (let i = 1; i < points.length; i++) if (distance(points[i], to) < distance(points[best], to)) best = i;
  return best;
}

/** The unit vector to the left of a closed line at a point. @param {readonly Point[]} points @param {number} i @returns {Point} */
export function normal(points, i) {
  const n = points.length;
  const [ax, ay] = points[(i + n - 3) % n];
  const [bx, by] = points[(i + 3) % n];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  return [-(by - ay) / length, (bx - ax) / length];
}

/** The point of an open line that is nearest to one beside it. @param {readonly Point[]} line @param {Point} point @returns {Point} */
export function snap(line, point) {
  let best = line[0];
  for (let i = 1; i < line.length; i++) {
    const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
    const square = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const share = Math.min(Math.max(((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / square, 0), 1);
    const foot = /** @type {Point} */ ([ax + share * (bx - ax), ay + share * (by - ay)]);
    if (distance(foot, point) < distance(best, point)) best = foot;
  }
  return best;
}

/** The box that holds the points; without any, one of `around` to each side of the origin. @param {readonly Point[]} points @param {number} around */
export function bounds(points, around) {
  const xs = points.map(([x]) => x).concat(points.length ? [] : [-around, around]);
  const ys = points.map(([, y]) => y).concat(points.length ? [] : [-around, around]);
  return { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
}

/** A path from point to point. @param {readonly Point[]} points */
export function line(points) {
  const path = new Path2D();
  for (const point of points) path.lineTo(...point);
  return path;
}

/** A closed smooth path through the middles of the given points. @param {readonly Point[]} points */
export function smooth(points) {
  const path = new Path2D();
  const middle = (/** @type {number} */ i) => {
    const [ax, ay] = points[i % points.length];
    const [bx, by] = points[(i + 1) % points.length];
    return /** @type {Point} */ ([(ax + bx) / 2, (ay + by) / 2]);
  };
  path.moveTo(...middle(0));
  for (let i = 1; i <= points.length; i++) path.quadraticCurveTo(...points[i % points.length], ...middle(i));
  path.closePath();
  return path;
}

/** Indices of a closed line of n points between two shares of its length. @param {number} n @param {number} from @param {number} to */
export function between(n, from, to) {
  const [first, last] = [from, to].map((share) => Math.round(share * n) % n);
  return Array.from({ length: ((last - first + n) % n) + 1 }, (_, k) => (first + k) % n);
}
