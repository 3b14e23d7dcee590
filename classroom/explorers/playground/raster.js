// Pictures as points: what is ink in a picture, and points spread evenly over it.

import { core } from "./engine.js";
import { MOST } from "./mixture.js";

const PIXELS = 4e6; // that are looked at; a page scales a larger picture down first
const CANDIDATES = 12_000; // pixels of ink among which points are chosen
const FIT = 5.4; // of the plane, for the longer side

/**
 * The ink of a picture of bytes (4 a pixel), as {width, height, alpha}, alpha 1 where there is some. In a picture with transparent parts what is
 * not transparent is ink; else what is dark on light or light on dark: the border tells which is the ground. Throws a sentence.
 */
export function threshold(rgba, width, height) {
  check(width, height, rgba.length / 4, "picture");
  const n = width * height;
  const alpha = new Uint8Array(n);
  let clear = 0;
  for (let i = 0; i < n; i++) if (rgba[4 * i + 3] < 128) clear++;
  if (clear === n) throw new Error("This picture is transparent everywhere. Choose one with something on it.");
  if (clear) {
    for (let i = 0; i < n; i++) alpha[i] = rgba[4 * i + 3] >= 128 ? 1 : 0;
    return { width, height, alpha };
  }
  const light = new Uint8Array(n);
  for (let i = 0; i < n; i++) light[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  const edge = otsu(light);
  let [border, bright] = [0, 0];
  for (let i = 0; i < n; i++) {
    const [column, row] = [i % width, Math.floor(i / width)];
    if (column && row && column < width - 1 && row < height - 1) continue;
    border++;
    if (light[i] > edge) bright++;
  }
  const dark = 2 * bright >= border; // ink on a light ground
  for (let i = 0; i < n; i++) alpha[i] = light[i] > edge === dark ? 0 : 1;
  return { width, height, alpha };
}

/** The brightness that parts dark from light best, with the largest variance between the two (Otsu). */
function otsu(light) {
  const count = new Float64Array(256);
  for (const value of light) count[value] += 1;
  const [low, high] = [count.findIndex((n) => n), count.findLastIndex((n) => n)];
  if (high - low < 16)
    throw new Error("This picture has one colour only, so nothing on it can be told from its ground. Choose one with more contrast.");
  const sum = count.reduce((total, n, value) => total + n * value, 0);
  let [best, edge, below, sumBelow] = [-1, low, 0, 0];
  for (let value = low; value < high; value++) {
    below += count[value];
    sumBelow += value * count[value];
    const above = light.length - below;
    const between = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2;
    if (between > best) [best, edge] = [between, value];
  }
  return edge;
}

/**
 * A cloud of a mask {width, height, alpha}, at most `most` points, evenly spread over the ink; its left half is class 0, its right
 * half class 1. Throws a sentence where there is no ink.
 */
export function fromMask({ width, height, alpha, most = MOST, seed = 0 }) {
  check(width, height, alpha.length, "mask");
  const generator = core.generator(seed);
  const ink = [];
  let seen = 0;
  for (let i = 0; i < alpha.length; i++) {
    if (!alpha[i]) continue;
    seen++; // a fair sample of all ink, of bounded size
    if (ink.length < CANDIDATES) ink.push(i);
    else {
      const at = Math.floor(seen * generator.uniform());
      if (at < CANDIDATES) ink[at] = i;
    }
  }
  if (!seen) throw new Error("There is no ink on this picture. Choose one with something on it.");
  shuffle(ink, generator);
  const points = ink.map((i) => [(i % width) + generator.uniform(), Math.floor(i / width) + generator.uniform()]);
  let gap = Math.sqrt(seen / most);
  let chosen = apart(points, gap);
  while (chosen.length > most) chosen = apart(points, (gap *= 1.1));
  const sides = [0, 1].map((d) => chosen.map((point) => point[d]));
  const [low, high] = [sides.map((side) => Math.min(...side)), sides.map((side) => Math.max(...side))];
  const size = FIT / Math.max(high[0] - low[0], high[1] - low[1], 1);
  const middle = [0, 1].map((d) => (low[d] + high[d]) / 2);
  const halves = sides[0].slice().sort((a, b) => a - b)[chosen.length >> 1];
  return {
    x: Float64Array.from(chosen.flatMap(([a, b]) => [size * (a - middle[0]), size * (middle[1] - b)])), // rows count downwards
    y: Int32Array.from(chosen, ([a]) => (a < halves ? 0 : 1)),
    bandwidth: Math.min(0.6, Math.max(0.02, Number((0.6 * gap * size).toFixed(2)))),
  };
}

function check(width, height, pixels, what) {
  if (!(width > 0 && height > 0)) throw new Error(`This ${what} has no pixel. Choose another.`);
  if (width * height !== pixels) throw new Error(`This ${what} says it is ${width} x ${height} and has ${pixels} pixels. Choose another.`);
  const millions = (n) => `${Math.round(n / 1e6)} million pixels`;
  if (pixels > PIXELS) throw new Error(`This ${what} has ${millions(pixels)}, and ${millions(PIXELS)} are looked at. Make it smaller.`);
}

function shuffle(list, generator) {
  for (let i = list.length - 1; i > 0; i--) {
    const other = Math.floor((i + 1) * generator.uniform());
    [list[i], list[other]] = [list[other], list[i]];
  }
}

/** Of points in random order, each that is at least `gap` from all that were taken before it. */
function apart(points, gap) {
  const cells = new Map(); // taken points by their cell of a grid, at most one in each
  const side = gap / Math.SQRT2;
  const taken = [];
  for (const point of points) {
    const [column, row] = point.map((value) => Math.floor(value / side));
    let free = true;
    for (let c = column - 2; free && c <= column + 2; c++)
      for (let r = row - 2; free && r <= row + 2; r++) {
        const other = cells.get(65536 * r + c);
        if (other && (other[0] - point[0]) ** 2 + (other[1] - point[1]) ** 2 < gap * gap) free = false;
      }
    if (!free) continue;
    cells.set(65536 * row + column, point);
    taken.push(point);
  }
  return taken;
}
