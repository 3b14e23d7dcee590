// Data to begin with, as clouds. A cloud is {x, y, bandwidth}: x (2n) points of the plane, each about [-3, 3]; y (n) the class of
// each, 0 or 1; bandwidth, the standard deviation of the Gaussian around every point that suits it. mixture.js makes data of it.

import { word } from "./letters.js";

/** The shapes in the order of their buttons. */
export const SHAPES = [
  { name: "moons", label: "Two moons" },
  { name: "checkerboard", label: "Checkerboard" },
  { name: "spiral", label: "Spiral" },
  { name: "gaussians", label: "Eight Gaussians" },
  { name: "letters", label: "A word" },
  { name: "drawn", label: "Your own" },
];

const MADE = { __proto__: null, moons, checkerboard, spiral, gaussians, letters: word, drawn: () => cloud([], [], 0.15) };

/** The cloud of a shape, always the same. `text` is the word of "letters"; "drawn" is still empty. */
export function shape(name, text = "FLOW") {
  if (!MADE[name]) throw new Error(`There is no shape ${name}. Choose one of ${Object.keys(MADE).join(", ")}.`);
  return MADE[name](text);
}

const cloud = (points, classes, bandwidth) => ({ x: Float64Array.from(points.flat()), y: Int32Array.from(classes), bandwidth });
const range = (n) => Array.from({ length: n }, (_, i) => i);

/** The book's two moons, centred and twice as large: standardised they are `core.twoMoonsMixture()`. */
function moons() {
  const angles = range(100).map((i) => ((i + 0.5) * Math.PI) / 100);
  const upper = angles.map((a) => [2 * Math.cos(a) - 1, 2 * Math.sin(a) - 0.5]);
  const lower = angles.map((a) => [1 - 2 * Math.cos(a), 0.5 - 2 * Math.sin(a)]);
  return cloud([...upper, ...lower], range(200).map((i) => (i < 100 ? 0 : 1)), 0.14);
}

/** Eight of sixteen squares; neighbouring rows are of two classes. */
function checkerboard() {
  const [side, per] = [1.4, 6]; // of a square, and points along it
  const squares = range(16).map((i) => [i % 4, Math.floor(i / 4)]).filter(([column, row]) => (column + row) % 2);
  const inside = (i) => (side * (i + 0.5)) / per;
  const points = squares.flatMap(([column, row]) =>
    range(per * per).map((i) => [side * (column - 2) + inside(i % per), side * (row - 2) + inside(Math.floor(i / per))]),
  );
  return cloud(points, squares.flatMap(([, row]) => Array(per * per).fill(row % 2)), 0.1);
}

/** Two arms of one and a half turns, their points equally far apart. */
function spiral() {
  const [per, turns, inner, outer] = [120, 1.5, 0.5, 2.7];
  // With the radius growing by the angle, the length is about quadratic in the angle: evenly spaced squares of the radius.
  const radii = range(per).map((i) => Math.sqrt(inner ** 2 + ((outer ** 2 - inner ** 2) * (i + 0.5)) / per));
  const arm = (turn) =>
    radii.map((r) => {
      const angle = 2 * Math.PI * turns * ((r - inner) / (outer - inner)) + turn;
      return [r * Math.cos(angle), r * Math.sin(angle)];
    });
  return cloud([...arm(0), ...arm(Math.PI)], range(2 * per).map((i) => (i < per ? 0 : 1)), 0.11);
}

/** Eight Gaussians on a circle, of two classes in turn. */
function gaussians() {
  const angles = range(8).map((i) => (i * Math.PI) / 4);
  return cloud(angles.map((a) => [2.4 * Math.cos(a), 2.4 * Math.sin(a)]), range(8).map((i) => i % 2), 0.25);
}
