// Ticks, and how numbers are written.

/** Round values from `min` to `max`, about `count` of them. @param {number} min @param {number} max @param {number} count */
export function ticksOf(min, max, count, least = 0) {
  const rough = Math.max((max - min) / Math.max(count, 1), least, 1e-9);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999) ?? rough;
  const first = Math.ceil(min / step - 1e-9);
  return Array.from({ length: Math.max(Math.floor(max / step + 1e-9) - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** With its sign. @param {number} seconds */
export function signed(seconds, digits = 3) {
  return `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(digits)}`;
}

/** The middle value; NaN of none. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value of which a share is less. @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}
