// One step of a solver: the velocities that it evaluates, where the step ends, and how far that is from the exact curve.

import { PATHS, RULE, listed, makeModels } from "./choices.js";
import { generator, rk4, velocity, walk } from "./core.js";
import { FINGER, axes, dot, held, nearest } from "./drag.js";
import { ROLES } from "./palette.js";
import { numbers, readMixture } from "./payload.js";
import { choice, num, range } from "./stage.js";

const SQUARE = 2.6; // the plane that is shown, -SQUARE ... SQUARE each way
const GAP = 14; // pixels between the two squares
const SHOWN = ["euler", "heun", "rk4", "ddim"];
// Three lengths an octave, so that the half of one is another; and the halves of the shortest, which are measured only.
const HALVED = [0, 1, 2, 3, 4, 5].flatMap((k) => [1, 0.8, 0.64].map((length) => length / 2 ** k)).concat(1 / 64).reverse();
const OCTAVE = 3;
const LENGTHS = HALVED.slice(OCTAVE);
// A step of the exact curve is at most FINE long, and a PARTS-th of the step that is judged by it: seen, it is off by less than a hundredth of RK4's miss.
const [FINE, PARTS] = [0.0125, 6];
const [LOW, HIGH] = [1e-6, 4]; // of the chart
const RESOLVED = 1e-12; // seen: rounding reaches 1e-14; no order is read from a smaller miss

export default {
  hint: "Make the step shorter, halving by halving, and read the order. Then drag the pink particle: where the curve bends most, a long step of no rule follows it. On the cosine path compare Euler, along the tangent, with DDIM, along the arc of a fixed estimate.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const [width] = numbers([data.width], "width", 1);
    return { models: makeModels(mixture), data: mixture.sample(900, generator(1)).x, width };
  },

  controls: () => [
    choice("path", "Path", listed(PATHS, ["linear", "cosine"])),
    choice("rule", "Rule", listed(RULE, SHOWN), "heun"),
    range("t", "From time t", { min: 0, max: 0.9, step: 0.05, value: 0.1, show: (t) => num(t, 2) }),
    range("h", "Length h of the step", { stops: LENGTHS, value: 0.5, show: (h) => num(h, h < 0.1 ? 3 : 2) }),
    ...axes("Particle", 2, 1.6),
  ],

  options: ({ t }) => ({ h: LENGTHS.filter((h) => t + h < 1.0001).reverse() }),
  play: { id: "h", seconds: 5 },
  height: (width) => layout(width).height,

  *work({ path, rule, t, h, x, y }, world) {
    const model = world.models[path].oracle;
    const key = [path, t, x, y].join();
    const seen = (exact) => ({ exact, path, rule, t, h, target: at(exact, after(t, h)), ...one(model, RULE[rule].rule, exact[0], t, h) });
    if (world.curve?.key !== key) {
      // First a coarse curve, beside the chart of before: so a particle that is dragged is followed at once.
      world.step = seen([...walk(model, Float64Array.of(x, y), coarse(t, h), rk4)]);
      yield;
      world.curve = { key, ...(yield* follow(model, Float64Array.of(x, y), t)) };
    }
    const { exact, lengths, misses, moved } = world.curve;
    world.step = seen(exact);
    world.chart = { lengths, misses, moved, path, rule, index: lengths.indexOf(h) };
  },

  // What was computed last, also while more is.
  paint(view, _, { step, chart, models, width, data }) {
    const { near, below } = layout(view.width);
    const plane = planeOf(view);
    plane.clip(() => plane.points(data, { color: ROLES.data, size: 1.1, alpha: view.faint }));
    if (!step) return plane.frame();
    plane.frame(`from t = ${num(step.t, 2)} to ${num(after(step.t, step.h), 2)}`);
    const { path } = models[step.path].oracle;
    plane.clip(() => drawStep(plane, view, step, path, false));
    const { middle, half } = extent(step);
    const close = view.panel(near, ...middle.map((at) => [at - half, at + half]));
    const times = SQUARE / half;
    close.frame(`the step, ${num(times, times < 10 ? 1 : 0)} ×`);
    close.clip(() => drawStep(close, view, step, path, true));
    if (chart) drawChart(view.panel(below, [Math.log2(HALVED[0]), 0], [LOW, HIGH].map(Math.log10)), view, chart, width);
  },

  say({ path, rule, t, h }, { chart: { index, misses } }) {
    const { label, calls, order } = RULE[rule].rule.facts;
    const [miss, half] = [misses[rule][index], misses[rule][index - OCTAVE]];
    const does = `${label} on the ${PATHS[path].text}, from t = ${num(t, 2)} to ${num(after(t, h), 2)}, h = ${num(h, h < 0.1 ? 3 : 2)}, ${calls} ${calls === 1 ? "evaluation" : "evaluations"}: the step misses the exact curve by ${small(miss)}. `;
    if (half < RESOLVED) return `${does}With h halved it misses by less than ${small(RESOLVED)}.`;
    return (
      `${does}With h halved it misses by ${small(half)}, ${factor(miss / half)} times less: measured order ${num(Math.log2(miss / half) - 1, 1)}. ` +
      `In theory, while steps are short: order ${order}, ${2 ** (order + 1)} times less.`
    );
  },

  pick(px, py, view) {
    const plane = planeOf(view);
    const { x, y, w, h } = plane.box;
    return px > x + w + 8 || py > y + h + FINGER / 4 ? {} : nearest(plane, px, py);
  },

  grip: (px, py, view, { x, y }) => held(planeOf(view), px, py, x, y),
};

// ---- the step ---------------------------------------------------------------------------------------------------------

/** The exact curve from x at t, the misses of every rule by the length of its step, and how far the curve itself has moved. */
function* follow(model, x, t) {
  const lengths = HALVED.filter((length) => t + length < 1.0001);
  const exact = [];
  for (const state of walk(model, x, grid(t, lengths), rk4)) {
    exact.push(state);
    yield;
  }
  const ends = lengths.map((length) => at(exact, after(t, length)));
  const misses = {};
  for (const id of SHOWN) {
    misses[id] = lengths.map((length, i) => apart(one(model, RULE[id].rule, exact[0], t, length).end, ends[i]));
    yield;
  }
  return { exact, lengths, misses, moved: ends.map((end) => apart(x, end)) };
}

/** Where a walk was at a time of its grid. */
const at = (states, time) => states.find(({ t }) => t === time).x;
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const after = (t, length) => Math.min(1, +(t + length).toFixed(9));

/** From t through t + h to the data, in few steps. */
function coarse(t, h) {
  const s = after(t, h);
  const parts = (from, to, n) => Array.from({ length: n }, (_, i) => from + ((to - from) * i) / n);
  return [...parts(t, s, 12), ...(s < 1 ? parts(s, 1, 6) : []), 1];
}

/** From t through t + every length, finely. */
function grid(t, lengths) {
  const times = [t];
  lengths.forEach((length, i) => {
    const [from, to] = [times.at(-1), after(t, length)];
    const parts = Math.ceil((to - from) / Math.min(FINE, (i ? lengths[i - 1] : length) / PARTS) - 0.001);
    for (let part = 1; part <= parts; part++) times.push(part === parts ? to : from + ((to - from) * part) / parts);
  });
  return times;
}

/** One step of the rule from a state of a walk: where it ends, and the velocities k that it evaluates, each {at, k}; DDIM looks at none. */
function one(model, rule, { x, estimate }, t, length) {
  const s = after(t, length);
  const [cT, cS] = [t, s].map(model.path.coeffs);
  const stages = rule.facts.velocity ? [{ at: x, k: velocity(estimate, cT) }] : [];
  const heard = {
    ...model,
    estimate(point, time, y) {
      const found = model.estimate(point, time, y);
      stages.push({ at: point, k: velocity(found, model.path.coeffs(time)) });
      return found;
    },
  };
  return { end: rule({ model: heard, y: null, t, s, h: s - t, cT, cS, x, estimate, before: null }), stages };
}

// ---- the picture ------------------------------------------------------------------------------------------------------

/** The plane and the step alone, beside each other, and the chart of the miss below. */
function layout(width) {
  const side = Math.min((width - GAP) / 2, 310);
  const left = (width - 2 * side - GAP) / 2;
  const [plane, near] = [0, 1].map((i) => ({ x: left + i * (side + GAP), y: 22, w: side, h: side }));
  const below = { x: 40, y: 22 + side + 30, w: width - 52, h: 104 };
  return { plane, near, below, height: below.y + below.h + 22 };
}

const planeOf = (view) => view.panel(layout(view.width).plane, [-SQUARE, SQUARE], [-SQUARE, SQUARE]);

/** The middle and half the side of a square that holds the step; its sizes are powers of the root of 2, so that it changes seldom. */
function extent({ exact, stages, end, target, h }) {
  const points = [end, target, exact[0].x, ...stages.flatMap(({ at, k }) => [at, [0, 1].map((d) => at[d] + (h / 2) * k[d])])];
  const [low, high] = [Math.min, Math.max].map((most) => [0, 1].map((d) => most(...points.map((point) => point[d]))));
  const wide = Math.max(high[0] - low[0], high[1] - low[1], 0.001);
  return { middle: [0, 1].map((d) => (low[d] + high[d]) / 2), half: 2 ** (Math.ceil(2 * Math.log2(0.6 * wide)) / 2) };
}

/** `near`: with the names of what is drawn. */
function drawStep(panel, view, { rule, t, h, exact, stages, end, target }, curve, near) {
  const { color, marker } = RULE[rule].style;
  const { estimate } = exact[0];
  const line = (points, style) => panel.line(points.map((p) => p[0]), points.map((p) => p[1]), style);
  const s = after(t, h);
  line(exact.filter((state) => state.t >= s).map((state) => state.x), { color: ROLES.oracle, width: 2, alpha: 0.4 });
  line(exact.filter((state) => state.t <= s).map((state) => state.x), { color: ROLES.oracle, width: 3 });
  if (rule === "ddim") {
    const arc = (from, to) =>
      Array.from({ length: 41 }, (_, i) => curve.coeffs(from + ((to - from) * i) / 40)).map(({ alpha, sigma }) => [0, 1].map((d) => alpha * estimate.x0[d] + sigma * estimate.eps[d]));
    line(arc(0, 1), { color, width: 1.3, dash: [3, 4] });
    line(arc(t, s), { color, width: 2.4 });
    for (const [at, role, name] of [[estimate.eps, "noise", "ε̂"], [estimate.x0, "data", "x̂₀"]]) {
      panel.points(at, { color: ROLES[role], size: 4.5, alpha: 1 });
      panel.text(at[0] + 7 / panel.kx, at[1] - 12 / panel.ky, name, { size: 13 });
    }
  } else {
    for (const { at } of stages) line([stages[0].at, at], { color, width: 1.1, dash: [3, 4], alpha: 0.8 });
    line([stages[0].at, end], { color, width: 1.6, dash: [7, 4] });
    stages.forEach(({ at, k }, i) => {
      const [dx, dy] = [(h / 2) * k[0], (h / 2) * k[1]];
      panel.arrow(at[0], at[1], dx, dy, { color, width: near ? 2.4 : 1.5, head: near ? 9 : 5 });
      if (i) panel.points(at, { color, size: near ? 3 : 1.8, alpha: 1 });
      const long = Math.hypot(dx, dy);
      if (near && long * panel.kx > 16)
        panel.text(at[0] + dx / 2 - (dy / long) * (11 / panel.kx), at[1] + dy / 2 + (dx / long) * (11 / panel.ky), `k${"₁₂₃₄"[i]}`, { size: 13, align: "center", base: "middle" });
    });
  }
  line([end, target], { width: 2.2 });
  // The end of the curve is a ring, so that a step that ends in it is seen.
  const marks = [[exact[0].x, ROLES.noisy, "o", 7], [target, ROLES.oracle, "o", 7.5], [end, color, marker, 4.5]];
  for (const [at, fill, marker, size] of marks) dot(panel, view, at, fill, size, { marker });
}

/** How far one step of each rule misses, by its length. */
function drawChart(chart, view, { path, rule, lengths, misses, moved, index }, width) {
  chart.axes({
    x: [[-5, "1/32"], [-3, "1/8"], [-1, "1/2"], [0, "1"]],
    y: [[-6, "10⁻⁶"], [-4, "10⁻⁴"], [-2, "0.01"], [0, "1"]],
    title: "miss of one step, by its length h",
    grid: true,
  });
  const xs = lengths.map(Math.log2);
  const logs = (values) => values.map((value) => Math.log10(Math.max(value, 1e-30)));
  chart.clip(() => {
    chart.line(chart.xlim, [Math.log10(width), Math.log10(width)], { color: ROLES.floor, width: 5, alpha: 0.4 });
    chart.line(xs, logs(moved), { dash: [2, 3], width: 1.3, alpha: 0.8 });
    for (const id of [...SHOWN.filter((id) => id !== rule), rule]) {
      const { color, dash, marker } = RULE[id].style;
      chart.line(xs, logs(misses[id]), { color, dash, width: id === rule ? 2.6 : 1.3, alpha: id === rule ? 1 : 0.7 });
      if (id !== rule) continue;
      for (const [i, size] of [[index - OCTAVE, 3.5], [index, 6]]) dot(chart, view, [xs[i], logs(misses[id])[i]], color, size, { marker, rim: 1.2 });
    }
    // Each name below its line, where the others are not.
    for (const [id, i] of [["euler", 1], ["ddim", 5], ["heun", 2], ["rk4", 0]]) {
      if (path === "linear" && id === "ddim") continue; // it is Euler's rule there
      const first = misses[id].findIndex((miss) => miss > 8 * LOW);
      if (first < 0 || first + i >= xs.length) continue;
      const text = path === "linear" && id === "euler" ? "Euler, DDIM" : RULE[id].text;
      view.text(chart.px(xs[first + i]) + 9, chart.py(logs(misses[id])[first + i]) + 12, text, { size: 11 });
    }
    view.text(chart.px(xs[0]) + 9, chart.py(logs(moved)[0]) + 12, "no step", { size: 11 });
  });
}

/** A small number: three digits, or a power of ten. */
function small(value) {
  if (value >= 0.001 || value === 0) return num(value, 3);
  const power = Math.floor(Math.log10(value));
  return `${num(value / 10 ** power, 1)} × 10⁻${String(-power).replace(/./g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;
}

const factor = (ratio) => (ratio < 10 ? num(ratio, 1) : num(ratio, 0));
