// The sinusoidal embedding as a picture: a row a time, a column a dimension; and how many directions it really uses.

import { embedding } from "./core.js";
import { ROLES } from "./palette.js";
import { choice, num, range } from "./stage.js";
import { heatMap, rgb } from "./view.js";

const TIMES = 1000; // evenly spaced over the clock [0, 1]
const ROWS = 500; // of them in the picture: at t_scale 1,000 the fastest column swings 159 times
const SCALES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SHOWN = 40; // singular values in the chart
const DIMS = [32, 64, 128];
const ENERGY = 0.999;

export default {
  hint: "Move the scale from 1 to 1,000: the pale half of the picture wakes up, and the staircase of singular values becomes a slope. Then keep scale 1 and lower the longest period: no direction is gained, because the fastest sine stays as slow as it is.",

  prepare(data) {
    if (!DIMS.includes(data.dim)) throw new Error("dim is none of those to choose from");
    return { dim: data.dim, seen: new Map() };
  },

  controls: ({ dim }) => [
    choice("dim", "Dimensions", DIMS.map((d) => [d, String(d)]), dim),
    range("scale", "t_scale", { stops: SCALES, value: 1, show: (v) => v.toLocaleString("en") }),
    range("period", "Longest period", { stops: [1, 10, 100, 1000, 10000], value: 10000, show: (v) => v.toLocaleString("en") }),
    range("t", "Time t", { min: 0, max: 1, step: 0.01, value: 0.5, show: (t) => num(t, 2) }),
  ],

  play: { id: "scale", seconds: 5 },
  height: (width) => layout(width).height,

  *work({ dim, scale, period }, world) {
    world.now = yield* look(dim, scale, period, world);
  },

  /** DDPM's range, for comparison. */
  *later({ dim }, world) {
    world.usual = yield* look(dim, 1000, 10000, world);
  },

  paint(view, { dim, scale, t }, { now, usual }) {
    if (!now) return;
    const { map, chart } = layout(view.width);
    const picture = view.panel(map, [0, dim], [1, 0]);
    picture.heat(now.map);
    picture.frame(`the embedding at t_scale = ${scale.toLocaleString("en")}`);
    picture.line([0, dim], [t, t], { color: view.ink, width: 1.5, dash: [4, 3] });
    view.text(map.x, map.y + map.h + 15, `sines, ${dim / 2} frequencies`, { size: 11 });
    view.text(map.x + map.w, map.y + map.h + 15, "cosines", { size: 11, align: "right" });
    view.text(map.x - 6, map.y + 5, "t = 0", { size: 11, align: "right" });
    view.text(map.x - 6, map.y + map.h, "t = 1", { size: 11, align: "right" });

    const floor = -6;
    const plot = view.panel(chart, [0.5, SHOWN + 0.5], [floor, 0.2]);
    plot.axes({
      x: [1, 10, 20, 30, 40].map((v) => [v, String(v)]),
      y: [0, -2, -4, -6].map((v) => [v, v === 0 ? "1" : `10${["⁻²", "⁻⁴", "⁻⁶"][-v / 2 - 1]}`]),
      grid: true,
      xlabel: "number of the direction",
      title: "singular values, relative to the first",
    });
    plot.band(0.5, Math.min(now.rank, SHOWN) + 0.5, floor, 0.2, { color: ROLES.velocity, alpha: 0.16 });
    const draw = ({ values }, strong) => {
      const flat = values.slice(0, SHOWN).flatMap((v, i) => [i + 1, Math.log10(v / values[0])]);
      plot.clip(() => plot.points(flat, { color: strong ? ROLES.velocity : view.ink, size: strong ? 3 : 1.8, alpha: strong ? 1 : 0.6 }));
    };
    if (usual && usual !== now) {
      draw(usual, false);
      plot.text(14, Math.log10(usual.values[13] / usual.values[0]) - 0.65, "t_scale 1,000", { size: 11 });
    }
    draw(now, true);
    plot.text(33, floor + 0.4, `${now.rank} ${now.rank === 1 ? "direction holds" : "directions hold"} 99.9 %`, { align: "right", size: 12 });
  },

  say: ({ dim, scale, period }, { now }) =>
    `t_scale ${scale.toLocaleString("en")}, longest period ${period.toLocaleString("en")}: ${now.rank} of ${dim} directions hold 99.9 % of the variance over t; ` +
    `effective rank ${num(now.effective, 1)}; ${now.flat} of ${dim} dimensions vary by less than 0.01 (standard deviation). ` +
    `Similarity of noise and data, t = 0 and 1: ${num(now.ends, 2)} (equal times have 1).`,
};

/** Blue above zero, orange below, pale near it. */
const [LOW, HIGH] = [rgb(ROLES.noise), rgb(ROLES.data)];
const colour = (value) => [...(value < 0 ? LOW : HIGH), 255 * Math.min(1, Math.abs(value))];

/** The embedding of all times with its singular values. What is known already is not done again. */
function* look(dim, scale, period, { seen }) {
  const key = [dim, scale, period].join();
  if (!seen.has(key)) {
    const rows = Array.from({ length: TIMES }, (_, i) => embedding(i / (TIMES - 1), dim, scale, period));
    yield;
    const values = yield* singularValues(rows, dim);
    const every = rows.filter((_, i) => i % (TIMES / ROWS) === 0);
    const map = heatMap(every.flatMap((row) => [...row]), ROWS, dim, colour);
    yield;
    seen.set(key, { map, values, ends: similarity(rows[0], rows.at(-1)), ...summary(rows, values, dim) });
  }
  return seen.get(key);
}

/** The cosine of two embeddings, which all have the same length. */
const similarity = (one, other) => (2 / one.length) * one.reduce((sum, v, i) => sum + v * other[i], 0);

/** How many directions hold ENERGY of the variance, the exponential of the spectrum's entropy, and how many dimensions hardly vary. */
function summary(rows, values, dim) {
  const total = values.reduce((sum, v) => sum + v * v, 0);
  let [rank, held] = [0, 0];
  while (held < ENERGY * total) held += values[rank++] ** 2;
  const effective = Math.exp(-values.reduce((sum, v) => sum + (v ? (v * v) / total * Math.log((v * v) / total) : 0), 0));
  let flat = 0;
  for (let j = 0; j < dim; j++) {
    const mean = rows.reduce((sum, row) => sum + row[j], 0) / TIMES;
    if (Math.sqrt(rows.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / TIMES) < 0.01) flat++;
  }
  return { rank, effective, flat };
}

/** Singular values of the centred rows, largest first: roots of the eigenvalues of their Gram matrix, by Jacobi's rotations. */
function* singularValues(rows, dim) {
  const means = Array.from({ length: dim }, (_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
  const gram = Array.from({ length: dim }, () => new Float64Array(dim));
  for (let p = 0; p < dim; p++) {
    const column = rows.map((row) => row[p] - means[p]);
    for (let q = 0; q <= p; q++) {
      let sum = 0;
      for (let i = 0; i < rows.length; i++) sum += column[i] * rows[i][q];
      gram[p][q] = gram[q][p] = sum;
    }
    if (p % 16 === 15) yield;
  }
  const trace = gram.reduce((sum, row, i) => sum + row[i], 0);
  for (let sweep = 0, turned = true; turned && sweep < 20; sweep++) {
    turned = false;
    for (let p = 0; p < dim - 1; p++) for (let q = p + 1; q < dim; q++) turned = rotate(gram, p, q, 1e-15 * trace) || turned;
    yield;
  }
  return gram.map((row, i) => Math.sqrt(Math.max(row[i], 0))).sort((x, y) => y - x);
}

/** Turn rows and columns p and q so that their common entry vanishes; whether it was above `small`. */
function rotate(a, p, q, small) {
  if (Math.abs(a[p][q]) <= small) return false;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  const [rowP, rowQ] = [a[p], a[q]];
  for (let i = 0; i < a.length; i++) {
    const x = rowP[i];
    const y = rowQ[i];
    rowP[i] = c * x - s * y;
    rowQ[i] = s * x + c * y;
  }
  for (const row of a) {
    const x = row[p];
    const y = row[q];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  return true;
}

/** The picture beside the chart, or above it on a narrow screen. */
function layout(width) {
  if (width < 520) {
    return { map: { x: 40, y: 20, w: width - 42, h: 200 }, chart: { x: 40, y: 275, w: width - 52, h: 160 }, height: 475 };
  }
  const half = width / 2;
  return { map: { x: 40, y: 20, w: half - 55, h: 270 }, chart: { x: half + 45, y: 20, w: half - 60, h: 270 }, height: 328 };
}
