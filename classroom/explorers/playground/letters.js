// Words as points along the strokes of letters of our own: the same on every machine, and with no font to load.

import { snap } from "./plane.js";

// Strokes on a grid 4 wide and 6 high, two digits a corner, x and then y; a stroke of one corner is a dot.
const STROKES = {
  __proto__: null,
  A: "002640 1333", B: "00063645443303 3342413000", C: "4536160501103041", D: "00062644422000", E: "40000646 0333", F: "000646 0333",
  G: "45361605011030414323", H: "0006 4046 0343", I: "2026 1030 1636", J: "4641301001", K: "0006 460340", L: "060040",
  M: "0006234640", N: "00064046", O: "100105163645413010", P: "00063645443303", Q: "100105163645413010 2240", R: "00063645443303 2340",
  S: "453616050413334241301001", T: "0646 2620", U: "060110304146", V: "062046", W: "0610233046", X: "0046 0640", Y: "062346 2320",
  Z: "06460040", 0: "100105163645413010 0145", 1: "152620 1030", 2: "05163645440040", 3: "064624344341301001", 4: "30360242",
  5: "460604344341301000", 6: "36160501103041423303", 7: "064610", 8: "13040516364544331302011030414233",
  9: "10304145361605041343", "!": "2622 20", "?": "05163645442322 20", "+": "2125 0343", "-": "0343", "=": "0242 0444",
  "♥": "200305162536454320",
}; // prettier-ignore

export const LONGEST = 8; // letters that one can still tell apart
const POINTS = 360; // at most, for a word
const [WIDE, HIGH, APART] = [5.4, 3.4, 6]; // of the plane, of the plane, and of the grid from letter to letter

/** The letters that can be drawn of a text, accents dropped, and those that cannot. */
export function spelled(text) {
  const letters = [...String(text).normalize("NFD").toUpperCase()].filter((letter) => !/\s|\p{M}|\uFE0F/u.test(letter));
  return { known: letters.filter((letter) => STROKES[letter]), missing: [...new Set(letters.filter((letter) => !STROKES[letter]))] };
}

/** A cloud of a word: letters of two classes in turn, the halves of a single one. `note` says which letters are left out. */
export function word(text) {
  const { known, missing } = spelled(text);
  if (!known.length)
    throw new Error(
      missing.length
        ? "There are strokes here for A to Z, 0 to 9 and ! ? + - = ♥ only. Type one of them, or choose a picture of your word."
        : "The word is empty. Type a letter or more.",
    );
  const used = known.slice(0, LONGEST);
  const size = Math.min(WIDE / (APART * used.length - 2), HIGH / 6); // of the plane, for one of the grid
  const strokes = used.flatMap((letter, i) => STROKES[letter].split(" ").map((stroke) => ({ i, corners: corners(stroke, APART * i) })));
  const length = strokes.reduce((sum, { corners }) => sum + along(corners), 0);
  const gap = Math.max(length / (POINTS - 3 * strokes.length), 0.12);
  const [x, y] = [[], []];
  for (const { i, corners } of strokes)
    for (const [a, b] of dots(corners, gap)) {
      const at = a - (APART * used.length - 2) / 2;
      x.push(snap(size * at), snap(size * (b - 3)));
      y.push(used.length > 1 ? i % 2 : at < 0 ? 0 : 1);
    }
  return { x: Float64Array.from(x), y: Int32Array.from(y), bandwidth: Number((0.22 * size).toFixed(2)), note: left(missing, known.length) };
}

const corners = (stroke, right) => stroke.match(/../g).map(([x, y]) => [right + Number(x), Number(y)]);
const between = ([a, b], [c, d]) => Math.hypot(c - a, d - b);
const along = (corners) => corners.slice(1).reduce((sum, corner, i) => sum + between(corners[i], corner), 0);

/** Points along a stroke, about `gap` apart, its ends among them. */
function* dots(corners, gap) {
  yield corners[0];
  for (let i = 1; i < corners.length; i++) {
    const [from, to] = [corners[i - 1], corners[i]];
    const parts = Math.max(1, Math.round(between(from, to) / gap));
    for (let j = 1; j <= parts; j++) yield from.map((value, d) => value + ((to[d] - value) * j) / parts);
  }
}

function left(missing, letters) {
  const parts = [];
  if (missing.length) parts.push(`There are no strokes here for ${missing.join(" ")}, which ${missing.length > 1 ? "are" : "is"} left out.`);
  if (letters > LONGEST) parts.push(`The first ${LONGEST} letters are drawn.`);
  return parts.join(" ") || null;
}
