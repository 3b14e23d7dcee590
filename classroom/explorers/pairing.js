// Who is paired with whom: lines between noise and data, and where one Euler step from each noise lands, E[x | eps].

import { assignment } from "./assignment.js";
import { generator, twoMoonsMixture } from "./core.js";
import { ROLES } from "./palette.js";
import { halves, readMarks } from "./payload.js";
import { RULER, choice, multiple, num, percent, press, range, ruler } from "./stage.js";

const N = 2048; // pairs
const [LINES, FAINT] = [60, 700]; // of them are drawn, and drawn as points
const NEAR = 40; // noises whose partners are averaged, the nearer ones with more weight
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const MINE = 16; // pairs by hand,
const NEAR_MINE = 3; // of which so many are averaged
const SQUARE = 2.5; // the plane that is shown, -SQUARE ... SQUARE each way

export default {
  hint:
    "Take the batch down to 1: the lines cross everywhere, a noise says nothing of its partner, and one step ends in one spot, the mean of the data. " +
    "Press Play, and the spot opens into two moons. Pair by hand: tap a pair, then another, and they swap their data. " +
    "Or look at the upper moon alone: where the pairs ignore its label, half of the noise is missing.",

  prepare(data) {
    const mixture = twoMoonsMixture();
    const [noise, ends] = ["noise", "ends"].map((name) => halves(data[name], name, 2 * N));
    const { x, y } = mixture.sample(N, generator(39)); // of many seeds one whose costs are near those of long draws
    const upper = pick(x, [...y.keys()].filter((i) => y[i] === 0));
    return { noise, ends, x, y, upper, marks: readMarks(data.marks, mixture), mine: byHand(mixture), done: new Map() };
  },

  controls: () => [
    range("size", "Batch size", { stops: SIZES, value: 256, show: (size) => (size === 1 ? "1, independent" : String(size)) }),
    range("pair", "A pair, by hand", { min: 1, max: MINE, value: 1 }),
    choice("how", "Pairs", [["optimal", "optimal within a batch"], ["ends", "the flow’s own ends"], ["hand", "by hand"]]),
    choice("label", "Shown", [["none", "both moons"], ["ignored", "upper, label ignored"], ["class", "upper, paired within it"]]),
    press("take", "Take or swap"),
  ],

  options({ how, size, pair, take }) {
    const [best, hand] = [how === "optimal", how === "hand"];
    return { ...(best || { size: [size], label: ["none"] }), ...(hand || { pair: [pair], take: [take] }) };
  },

  play: { id: "size", seconds: 5 },
  height: (width) => layout(width).height,

  reset({ mine }) {
    Object.assign(mine, { partner: mine.first, held: -1 });
  },

  *work({ how, size, label, pair, take }, world) {
    const { mine, done, marks } = world;
    if (how === "hand" && take === (mine.count + 1) % 100) takeOrSwap(mine, pair - 1);
    mine.count = take;
    const key = how === "hand" ? `hand ${mine.partner}` : how === "ends" ? how : `${size} ${label}`;
    if (how === "hand") {
      done.delete(world.hand); // of all that there may be only the last
      world.hand = key;
    }
    if (!done.has(key)) done.set(key, yield* shown(world, how, size, label));
    world.shown = done.get(key);
  },

  paint(view, { pair }, world) {
    // Of the state before, until this one is computed.
    const first = { label: "none", noise: world.noise, data: world.x, landed: [], cost: NaN, judged: null };
    const { how, label, noise, data, landed, mean, cost, judged } = world.shown ?? first;
    const { boxes, bar, below } = layout(view.width);
    const [pairs, step] = boxes.map((box) => square(view, box));
    const hand = how === "hand";
    const { held } = world.mine;
    pairs.frame(hand ? `${MINE} pairs` : label === "none" ? "noise (orange) and data (blue)" : "the upper moon (blue) and its noise");
    pairs.clip(() => {
      if (!hand) {
        pairs.points(data.subarray(0, 2 * FAINT), { color: ROLES.data, size: 1.1, alpha: 0.6 * view.faint });
        pairs.points(noise.subarray(0, 2 * FAINT), { color: ROLES.noise, size: 1.1, alpha: label === "none" ? 0.8 * view.faint : 0.75 });
      }
      const count = hand ? MINE : world.shown ? LINES : 0;
      for (let i = 0; i < count; i++) {
        const chosen = hand && (i === held || i === pair - 1);
        const style = chosen ? { width: 2.6, color: i === held ? ROLES.learned : view.ink } : { width: hand ? 1.5 : 1, alpha: 0.6 };
        pairs.line([noise[2 * i], data[2 * i]], [noise[2 * i + 1], data[2 * i + 1]], style);
      }
      const size = hand ? 4.5 : 2.6;
      pairs.points(noise.subarray(0, 2 * count), { color: ROLES.noise, size, alpha: 1 });
      pairs.points(data.subarray(0, 2 * count), { color: ROLES.data, size, alpha: 1 });
    });
    step.frame("one Euler step lands on");
    step.clip(() => {
      step.points((label === "none" ? world.x : world.upper).subarray(0, 2 * FAINT), { color: ROLES.data, size: 1.1, alpha: 0.8 * view.faint });
      step.points(landed, { color: ROLES.noisy, size: 1.7, alpha: 0.8 });
    });

    const reach = 4.3;
    const [beside, name] = hand ? [world.mine.least, "least possible"] : [4, "independent"];
    view.text(bar.x, bar.y + 10, `mean square distance of a pair: ${num(cost)} (${name}: ${num(beside, hand ? 2 : 1)})`, { size: 11.5 });
    const scale = view.panel({ x: bar.x, y: bar.y + 16, w: bar.w, h: 10 }, [0, reach], [0, 1]);
    scale.band(0, reach, 0, 1, { color: ROLES.floor, alpha: 0.25 });
    scale.band(0, Math.min(cost, reach), 0, 1, { color: ROLES.velocity, alpha: 0.9 });
    scale.line([beside, beside], [-0.3, 1.3], { width: 1.5 });
    if (label === "none") ruler(view, below, world.marks, judged);
    else {
      view.text(below.x, below.y + 12, `mean of this moon’s noise: ${num(mean)} from 0`, { size: 11.5 });
      view.text(below.x, below.y + 30, "a sampler starts from N(0, I), whose mean is 0", { size: 11.5 });
    }
  },

  say({ how, size, label, pair }, { shown: { cost, mean, judged }, marks, mine }) {
    const pairs = {
      optimal: size === 1 ? "Independent pairs" : `Optimal pairs within batches of ${size}${label === "class" ? " of one class" : ""}`,
      ends: "Each noise with the end of its own path in the exact flow",
      hand: `Your pairs${mine.held < 0 ? "" : ` (pair ${mine.held + 1} is taken)`}`,
    }[how];
    const distance = `mean square distance ${num(cost)}${how === "hand" ? `, the least possible ${num(mine.least)}` : ""}`;
    const lands = judged
      ? `One Euler step lands at a distance to the moons of ${multiple(judged.times, marks)} times a perfect sample’s, with ${percent(judged.off)} of the points off them.`
      : `The mean of the noise that the upper moon is paired with is ${num(mean)} from 0; a sampler starts from noise of mean 0.`;
    return `${pairs}: ${distance}. ${lands}`;
  },

  tap(px, py, view, { how, take }, { mine }) {
    const panel = square(view, layout(view.width).boxes[0]);
    if (how !== "hand" || !panel.holds(px, py)) return {};
    // The noise or the data point that is nearest names its pair.
    const away = (at, i) => Math.hypot(panel.px(at[2 * i]) - px, panel.py(at[2 * i + 1]) - py);
    let [least, best] = [Infinity, 0];
    for (let i = 0; i < MINE; i++) {
      const near = Math.min(away(mine.noise, i), away(mine.data, mine.partner[i]));
      if (near < least) [least, best] = [near, i];
    }
    return { pair: best + 1, take: (take + 1) % 100 };
  },
};

/** The pairs of a state, where a step from each noise lands, and what is said of both. */
function* shown(world, how, size, label) {
  const { mine, marks, ends } = world;
  const { noise, data } =
    how === "hand" ? { noise: mine.noise, data: pick(mine.data, mine.partner) } : how === "ends" ? { noise: world.noise, data: ends } : yield* paired(world, size, label);
  // A sampler starts from all of the noise, whatever was paired.
  const near = () => nearest(world.noise.subarray(0, 2 * marks.points), noise, how === "hand" ? NEAR_MINE : NEAR);
  const whole = how === "hand" ? mine : world; // whose noises are always the same
  // The flow's own ends: a noise has one partner, itself in order, and there is no mean to take.
  const own = how === "ends" && label === "none";
  const landed = own ? data.subarray(0, 2 * marks.points) : landing(label === "none" ? (whole.near ??= yield* near()) : yield* near(), data);
  const mean = [0, 1].map((d) => noise.reduce((sum, value, i) => sum + (i % 2 === d ? value : 0), 0) / (noise.length / 2));
  return { how, label, noise, data, landed, mean: Math.hypot(...mean), cost: cost(noise, data), judged: label === "none" ? marks.judge(landed) : null };
}

// ---- pairs ------------------------------------------------------------------------------------------------------------

/** Noise and data (n * 2 each), row by row a pair, optimal within consecutive batches: all of them, or with a label those of the upper moon. */
export function* paired({ noise, x, y }, size, label) {
  const rows = [...y.keys()].filter((i) => label !== "class" || y[i] === 0);
  const pairs = [];
  for (let from = 0; from < rows.length; from += size) {
    const batch = rows.slice(from, from + size);
    const partner = size === 1 ? [0] : assignment(pick(noise, batch), pick(x, batch));
    batch.forEach((row, i) => pairs.push([row, batch[partner[i]]]));
    yield;
  }
  const own = label === "none" ? pairs : pairs.filter(([, data]) => y[data] === 0);
  return { noise: pick(noise, own.map(([row]) => row)), data: pick(x, own.map(([, data]) => data)) };
}

/** Rows of a flat list of points. */
const pick = (points, rows) => Float64Array.from({ length: 2 * rows.length }, (_, j) => points[2 * rows[Math.floor(j / 2)] + (j % 2)]);

/** The mean square distance of a pair. */
const cost = (noise, data) => noise.reduce((sum, value, i) => sum + (value - data[i]) ** 2, 0) / (noise.length / 2);

/** Of each point the `near` nearest noises (n * 2), and weights that fall to 0 at the next one: {near, who, weights}. */
export function* nearest(points, noise, near) {
  const count = points.length / 2;
  const [who, weights] = [new Int32Array(count * near), new Float64Array(count * near)];
  const [far, row] = [new Float64Array(near + 1), new Int32Array(near + 1)]; // square distances, the smallest first
  for (let p = 0; p < count; p++) {
    far.fill(Infinity);
    for (let j = 0; j < noise.length / 2; j++) {
      const square = (points[2 * p] - noise[2 * j]) ** 2 + (points[2 * p + 1] - noise[2 * j + 1]) ** 2;
      if (square >= far[near]) continue;
      let k = near;
      for (; k > 0 && far[k - 1] > square; k--) {
        far[k] = far[k - 1];
        row[k] = row[k - 1];
      }
      far[k] = square;
      row[k] = j;
    }
    const total = near - far.subarray(0, near).reduce((sum, square) => sum + square, 0) / far[near];
    for (let k = 0; k < near; k++) {
      who[near * p + k] = row[k];
      weights[near * p + k] = (1 - far[k] / far[near]) / total;
    }
    if (p % 100 === 0) yield;
  }
  return { near, who, weights };
}

/** E[x | eps] at each point: the mean of the data (n * 2) that is paired with the nearest noises. */
export function landing({ near, who, weights }, data) {
  const landed = new Float64Array((2 * who.length) / near);
  who.forEach((row, i) => {
    for (const d of [0, 1]) landed[2 * Math.floor(i / near) + d] += weights[i] * data[2 * row + d];
  });
  return landed;
}

/** The pairs of the reader: noises that cover N(0, I) evenly, data that cover the moons, and at first a bad order. */
function byHand({ means }) {
  const ring = (n, radius, turn) => Array.from({ length: 2 * n }, (_, j) => radius * [Math.cos, Math.sin][j % 2]((2 * Math.PI * (Math.floor(j / 2) + turn)) / n));
  const noise = Float64Array.from([...ring(5, 0.6, 0.1), ...ring(11, 1.6, 0.3)]);
  const centres = means.length / 2;
  const data = pick(means, Array.from({ length: MINE }, (_, i) => Math.floor(((i + 0.5) * centres) / MINE)));
  const first = Int32Array.from({ length: MINE }, (_, i) => (7 * i + 3) % MINE);
  const least = cost(noise, pick(data, assignment(noise, data)));
  return { noise, data, first, partner: first, least, held: -1, count: 0 };
}

/** Take this pair; when one is held, swap the data of the two. */
function takeOrSwap(mine, i) {
  if (mine.held < 0) return void (mine.held = i);
  const partner = Int32Array.from(mine.partner);
  [partner[i], partner[mine.held]] = [partner[mine.held], partner[i]];
  Object.assign(mine, { partner, held: -1 });
}

// ---- the picture ------------------------------------------------------------------------------------------------------

const square = (view, box) => view.panel(box, [-SQUARE, SQUARE], [-SQUARE, SQUARE]);

/** Two squares beside each other; below each what measures it, or on a narrow screen one below the other. */
function layout(width) {
  const narrow = width < 520;
  const gap = narrow ? 8 : 16;
  const side = Math.min((width - gap) / 2, 330);
  const left = (width - 2 * side - gap) / 2;
  const boxes = [0, 1].map((i) => ({ x: left + i * (side + gap), y: 22, w: side, h: side }));
  const under = 22 + side + 8;
  const bar = { x: left, y: under, w: narrow ? width : side };
  const below = narrow ? { x: 0, y: under + 34, w: width } : { x: boxes[1].x, y: under, w: side };
  return { boxes, bar, below, height: below.y + RULER };
}
