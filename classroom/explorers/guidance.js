// Classifier-free guidance on two moons: both classes from the same noise, pulled apart by w; adherence against spread, and what
// the samples are worth between a perfect sample and the noise.

import { ddim, generator, guided, normals, walk } from "./core.js";
import { PATHS, listed, makeModels, modelChoice, modelsOn } from "./choices.js";
import { ROLES } from "./palette.js";
import { readMarks, readMixture, readTrained } from "./payload.js";
import { RULER, choice, multiple, num, percent, press, range, ruler } from "./stage.js";

const N = 150; // points of each class
const W = Array.from({ length: 33 }, (_, i) => i / 4);
const ENDS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, Infinity]; // noise levels sigma/alpha
const COLORS = [ROLES.data, ROLES.learned];
const MARKERS = ["o", "D"];

export default {
  hint: "Move w from 1 to 8: nearly every point lands on the class that was asked for, and the moons shrink to parts of themselves. Then let it act only where σ/α is below 1: most of each moon comes back.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const models = makeModels(mixture, readTrained(data.trained));
    return { mixture, models, marks: readMarks(data.marks, mixture), real: mixture.sample(1200, generator(1)), y: Int32Array.from({ length: 2 * N }, (_, i) => (i < N ? 0 : 1)), done: new Map() };
  },

  controls: ({ models }) => [
    choice("path", "Path", listed(PATHS, ["linear", "ddpm"])),
    modelChoice("Answers come from", models),
    range("w", "Guidance weight w", { stops: W, value: 3, show: (w) => num(w, 2) }),
    range("low", "Guide above σ/α of", { stops: [0, ...ENDS.slice(0, -1)], value: 0 }),
    range("high", "Guide below σ/α of", { stops: ENDS, value: Infinity, show: (v) => (v === Infinity ? "no limit" : String(v)) }),
    range("K", "Steps K", { stops: [5, 10, 20, 50, 100], value: 20 }),
    press("noise", "New noise"),
  ],

  options: ({ path, low }, { models }) => ({
    model: modelsOn(path, models),
    high: ENDS.filter((v) => v > low).reverse(),
  }),
  height: (width) => layout(width).height,
  reset: (world) => world.done.clear(),

  *work(state, world) {
    world.run = [state.path, state.model, state.low, state.high, state.K, state.noise].join();
    if (world.done.size > 300) world.done.clear();
    world.now = yield* at(state.w, state, world, true);
  },

  /** The whole numbers w, for the chart. */
  *later(state, world) {
    for (let w = 0; w <= W.at(-1); w++) yield* at(w, state, world, false);
  },

  paint(view, state, world) {
    const { cloud, chart, rule } = layout(view.width);
    const panel = view.panel(cloud, [-3, 3], [-3, 3]);
    panel.clip(() => {
      panel.points(world.real.x, { color: (i) => COLORS[world.real.y[i]], size: 1.1, alpha: view.faint });
      if (world.x) for (const c of [0, 1]) panel.points(world.x.subarray(2 * N * c, 2 * N * (c + 1)), { color: COLORS[c], marker: MARKERS[c], size: 2.2, alpha: 0.85 });
    });
    panel.frame(`two classes from the same noise, w = ${num(state.w, 2)}`);
    const plot = view.panel(chart, [0, 8], [0, 1.5]);
    plot.axes({ x: [0, 2, 4, 6, 8].map((v) => [v, String(v)]), y: [0, 0.5, 1].map((v) => [v, String(v)]), grid: true, xlabel: "guidance weight w" });
    plot.line([0, 8], [1, 1], { color: ROLES.floor, width: 1, dash: [4, 4] });
    const dots = [...world.done].filter(([key]) => key.startsWith(`${world.run}|`)).map(([, dot]) => dot);
    dots.sort((a, b) => a.w - b.w);
    for (const [what, color, marker] of [["adherence", ROLES.velocity, "s"], ["spread", ROLES.noisy, "^"]]) {
      plot.line(dots.map((d) => d.w), dots.map((d) => d[what]), { color, width: 1.2 });
      plot.points(dots.flatMap((d) => [d.w, d[what]]), { color, marker, size: 3, alpha: 0.6 });
      if (!world.now) continue;
      plot.points([state.w, world.now[what]], { color, marker, size: 5.5, alpha: 1 });
    }
    const legend = [[ROLES.velocity, "s", "adherence: on the class asked for"], [ROLES.noisy, "^", "spread: against the true one"]];
    legend.forEach(([color, marker, text], i) => {
      const y = chart.y - 26 + 16 * i;
      const key = view.panel({ x: chart.x, y: y - 5, w: 10, h: 10 }, [0, 1], [0, 1]);
      key.points([0.5, 0.5], { color, marker, size: 4.5, alpha: 1 });
      view.text(chart.x + 16, y, text, { base: "middle", size: 11.5 });
    });
    ruler(view, { x: 0, y: rule, w: view.width }, world.marks, world.now);
  },

  say: (state, { now, marks }) =>
    `w = ${num(state.w, 2)}: ${num(100 * now.adherence, 1)} % of the points lie on the class they were asked for; ` +
    `their spread within the class is ${num(now.spread, 2)} of the true one${state.w === 1 ? " (w = 1 is plain conditional sampling)" : state.w === 0 ? " (w = 0 ignores the class)" : ""}. ` +
    `Together they are ${multiple(now.times, marks)} × as far from the moons as a perfect sample, and ${percent(now.off)} of them lie off the moons.`,
};

/** Both classes sampled with weight w, and measured; `shown` while it runs. What is known already is not done again. */
function* at(w, { path, model, low, high, K, noise }, world, shown) {
  const key = `${world.run}|${w}`;
  if (!world.done.has(key)) {
    const one = normals(2 * N, generator(60 + noise));
    const start = new Float64Array(4 * N);
    start.set(one);
    start.set(one, 2 * N);
    const everywhere = low === 0 && high === Infinity;
    const asked = guided(world.models[path][model], w, everywhere ? null : [low, high]);
    let end;
    for (const { x } of walk(asked, start, asked.path.grid(K), ddim, { y: world.y })) {
      end = x;
      if (shown) world.x = x;
      yield;
    }
    world.done.set(key, { w, x: end, ...measures(end, world), ...world.marks.judge(end) });
  }
  if (shown) world.x = world.done.get(key).x;
  return world.done.get(key);
}

/** Adherence: the share of points whose own class is the more probable one. Spread: their standard deviation in the class over the true one. */
function measures(x, { mixture, y, real }) {
  const clean = { alpha: 1, sigma: 0 };
  const other = y.map((c) => 1 - c);
  const [mine, theirs] = [mixture.logProb(x, clean, y), mixture.logProb(x, clean, other)];
  const adherence = mine.filter((value, i) => value > theirs[i]).length / y.length;
  const ratio = [0, 1].map((c) => deviation(x, y, c) / deviation(real.x, real.y, c));
  return { adherence, spread: (ratio[0] + ratio[1]) / 2 };
}

/** Root of the mean square distance of the points of class c to their mean. */
function deviation(x, y, c) {
  const rows = Array.from(y.keys()).filter((i) => y[i] === c);
  const mean = [0, 1].map((d) => rows.reduce((sum, i) => sum + x[2 * i + d], 0) / rows.length);
  return Math.sqrt(rows.reduce((sum, i) => sum + (x[2 * i] - mean[0]) ** 2 + (x[2 * i + 1] - mean[1]) ** 2, 0) / rows.length);
}

/** The cloud beside the chart, or above it on a narrow screen; the ruler below the cloud. */
function layout(width) {
  if (width < 520) {
    const side = Math.min(width, 230);
    const rule = side + 24;
    return { cloud: { x: (width - side) / 2, y: 20, w: side, h: side }, rule, chart: { x: 34, y: rule + RULER + 44, w: width - 44, h: 130 }, height: rule + RULER + 210 };
  }
  const side = Math.min(width * 0.54, 380);
  return { cloud: { x: 0, y: 20, w: side, h: side }, rule: side + 28, chart: { x: side + 50, y: 62, w: width - side - 62, h: side - 84 }, height: side + 30 + RULER };
}
