// Countries as flags.

/** Names that F1 uses beside those of the browser. @type {Record<string, string>} */
const ALSO = { usa: "US", uk: "GB", "great britain": "GB", uae: "AE", "abu dhabi": "AE", turkey: "TR", korea: "KR", russia: "RU" };
const A = 0x1f1e6; // regional indicator A

/** @type {Map<string, string> | null} */ let codes = null;
/** @type {boolean | null} */ let painted = null;

/** A country's flag, or its two letters where there are no flags; nothing for one that nobody knows. @param {string} country its English name */
export function flagOf(country) {
  codes ??= allCodes();
  painted ??= isPainted(flag("AU"));
  const name = country.trim().toLowerCase();
  const code = ALSO[name] ?? codes.get(name) ?? "";
  return painted ? flag(code) : code;
}

/** @param {string} code */
function flag(code) {
  return String.fromCodePoint(...[...code].map((letter) => A + letter.charCodeAt(0) - 65));
}

/** Whether a text comes in colours: Windows has no flags, and some machines no emoji at all. @param {string} text */
function isPainted(text) {
  const ctx = new OffscreenCanvas(32, 32).getContext("2d");
  if (!ctx) return false;
  ctx.font = "24px system-ui, sans-serif";
  ctx.fillText(text, 0, 26);
  const { data } = ctx.getImageData(0, 0, 32, 32);
  for (let i = 0; i < data.length; i += 4) if (Math.max(...data.slice(i, i + 3)) - Math.min(...data.slice(i, i + 3)) > 40) return true;
  return false;
}

/** Two letters by English name, as the browser knows them. */
function allCodes() {
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const code = (/** @type {string} */ said) => new Intl.Locale(`und-${said}`).region ?? said; // UK is GB
  return new Map(letters.flatMap((a) => letters.map((b) => [names.of(a + b)?.toLowerCase() ?? "", code(a + b)])));
}
