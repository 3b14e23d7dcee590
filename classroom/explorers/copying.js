// From copy to sample: a training set of n points and a denoiser of width h. Left, one noisy point and which training points it may
// have come from; right, what the denoiser draws, and what four judges say of that.

import { ACCUSED, HONEST, LEVELS, PATH, SCORED, WIDTHS, accusing, between, denoiser, drawn, followed, likelihoods, perplexities, timeOf, widened } from "./copies.js";
import { collapse, copyRatio, generator, meanLogDensity, normals, perplexity, pointWeights, twoMoonsMixture } from "./core.js";
import { FINGER, axes, dot, held, nearest } from "./drag.js";
import { ROLES } from "./palette.js";
import { readMarks } from "./payload.js";
import { RULER, multiple, num, percent, press, range, ruler } from "./stage.js";

const SQUARE = 2.8; // the planes that are shown, -SQUARE ... SQUARE each way
const MOST = 800; // points of a training set
const SETS = 264; // the seed of the first one: as far from the moons as half of them are, by their sliced Wasserstein distance
const NOISES = Array.from({ length: 61 }, (_, i) => Number((10 ** (0.7 - i / 20)).toPrecision(2))); // 5 ... 0.005
const NATS = [-4.5, 0.5]; // of the chart
const SAMPLE = ROLES.noisy; // what the denoiser makes of noise

export default {
  hint: "At h = 0 every sample is a training point, and yet the distance to the moons is one that perfect samples have, too. Raise h slowly: the share of crosses falls to about 1/9, which honest samples have as well. The likelihood of held-out points is largest at some h, that of the training points at 0. Then go back to h = 0 and press Play with 20 and with 800 training points: with more of them the copy is decided later.",

  prepare(data) {
    const mixture = twoMoonsMixture();
    const marks = readMarks(data.marks, mixture);
    const [coins, unseen] = [generator(2), mixture.sample(SCORED, generator(3)).x];
    return {
      mixture,
      marks,
      unseen,
      exact: meanLogDensity(unseen, mixture), // what the distribution itself scores there
      noise: { u: Float64Array.from({ length: marks.points }, () => coins.uniform()), z: normals(2 * marks.points, generator(4)) },
      sets: new Map(),
      seen: new Map(),
    };
  },

  controls: () => [
    range("n", "Training points n", { stops: [2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, MOST], value: 200 }),
    range("h", "Bandwidth h", { min: 0, max: 0.6, step: 0.01, value: 0, show: (h) => num(h, 2) }),
    range("level", "Noise σ/α, falling", { stops: NOISES, value: 0.79, show: noise }),
    ...axes("Point", 1.1, 1),
    press("set", "New training points"),
  ],

  play: { id: "level", seconds: 7 },
  height: (width) => layout(width).height,

  *work({ n, h, level, x, y, set }, world) {
    const training = (world.training = trainingSet(world, n, set));
    const { points } = training;
    const [at, t] = [Float64Array.of(x, y), timeOf(level)];
    const model = denoiser(points, h);
    const c = widened(t, h);
    const way = followed(model, at, level);
    world.now = { r: pointWeights(at, 0, points, c), count: perplexity(at, points, c)[0], mean: model.estimate(at, t).x0, way, ratio: copyRatio(way.at(-1), points)[0] };
    const key = `${n} ${set} ${h}`;
    if (!world.seen.has(key)) {
      if (world.seen.size > 60) world.seen.clear();
      const samples = drawn(points, h, world.noise);
      world.seen.set(key, { samples, ...accusing(samples, points), found: null });
    }
    const made = (world.made = world.seen.get(key));
    if (made.found) return;
    yield; // the samples can be seen before they are judged
    const nats = likelihoods(points, h, world.unseen);
    Object.assign(made, { nats, found: world.marks.judge(made.samples) });
  },

  *later(_, world) {
    const { training, unseen, noise } = world;
    training.counts ??= yield* perplexities(training.points, noise.z);
    training.nats ??= yield* scores(training.points, unseen);
  },

  paint(view, { n, h, level, x, y }, { training, now, made, marks, exact }) {
    const { planes, chart, bar, rule, likelihood } = layout(view.width);
    const [one, all] = planes.map((box) => plane(view, box));
    const size = n > 300 ? 1.4 : n > 50 ? 1.8 : 2.4; // of a training point
    one.frame(`a noisy point at σ/α = ${noise(level)}`);
    one.clip(() => {
      const { points } = training;
      one.points(points, { color: ROLES.data, size, alpha: 0.3 + view.faint / 2 });
      const most = now.r.reduce((a, b) => Math.max(a, b));
      for (const [i, r] of now.r.entries())
        if (r > most / 200) one.points(points.subarray(2 * i, 2 * i + 2), { color: ROLES.data, size: size + 3.5 * Math.sqrt(r / most), alpha: 0.1 + (0.8 * r) / most });
      one.line(now.way.map((p) => p[0]), now.way.map((p) => p[1]), { color: SAMPLE, width: 2.2 });
      one.arrow(x, y, now.mean[0] - x, now.mean[1] - y, { color: ROLES.velocity, width: 2, head: 9 });
      dot(one, view, now.mean, ROLES.oracle, 5.5);
      mark(one, view, now.way.at(-1), now.ratio < ACCUSED, 5.5);
      dot(one, view, [x, y], ROLES.noisy, 7.5);
    });

    all.frame(`${made.accused.length} samples on ${n} training points`);
    all.clip(() => {
      all.points(training.points, { color: ROLES.data, size: size + 0.6, alpha: 0.75 });
      made.accused.forEach((accused, i) => mark(all, view, made.samples.subarray(2 * i, 2 * i + 2), accused, 2.8));
    });

    drawCounts(view, chart, { n, h, level, counts: training.counts, count: now.count });
    drawShare(view, bar, made.share, training.fresh);
    ruler(view, rule, marks, made.found, { color: SAMPLE });
    drawLikelihoods(view, likelihood, { h, nats: training.nats, now: made.nats, exact });
  },

  say({ n, h, level }, { now, made: { share, found, nats }, training, marks, exact }) {
    const predicted = collapse(n, 2);
    const decided = h < predicted ? `at σ/α = ${noise(Math.sqrt(predicted ** 2 - h ** 2))}` : "at no noise level, for h is too large";
    const best = training.nats && WIDTHS[training.nats.indexOf(training.nats.reduce((a, b) => (b.held > a.held ? b : a)))];
    const fit = nats
      ? `of held-out points ${num(nats.held)}${best ? ` (largest near h = ${num(best)})` : ""}, of training points ${num(nats.own)}`
      : "of held-out points minus infinity, of training points plus infinity";
    return [
      ["", `At σ/α = ${noise(level)} (t = ${num(timeOf(level))}) the point may come from ${counted(now.count)} of ${n} training points. For Gaussian data the copy would be decided ${decided}; for moons that is only a guide. ` +
        `Its path ends at d₁/d₂ = ${num(now.ratio)}: ${now.ratio < ACCUSED ? "a copy, says the detector" : "no copy, says the detector"}.`],
      ["", `Accused: ${percent(share)} of ${marks.points} samples, and ${percent(training.fresh)} of fresh points of the moons (theory: 1/9). ` +
        `Sliced Wasserstein distance to fresh points: ${num(found.distance, 3)}, ${multiple(found.times, marks)} × a perfect sample's ${num(marks.floor.mean, 3)} ± ${num(marks.floor.sd, 3)}. ` +
        `Mean log-likelihood, in nats: ${fit}; the exact density gives held-out points ${num(exact)}.`],
    ];
  },

  pick(px, py, view) {
    const one = plane(view, layout(view.width).planes[0]);
    const { x, y, w, h } = one.box;
    if (px < x - FINGER / 4 || px > x + w + FINGER / 4 || py < y - FINGER / 4 || py > y + h + FINGER / 4) return {};
    return nearest(one, px, py);
  },

  grip: (px, py, view, { x, y }) => held(plane(view, layout(view.width).planes[0]), px, py, x, y),

  keysLabel: "Arrow keys move the noisy point.",
  keys(key, { x, y }) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key] ?? [];
    const inside = (value) => +Math.max(-2.5, Math.min(2.5, value)).toFixed(2) + 0;
    return dx === undefined ? null : { x: inside(x + 0.05 * dx), y: inside(y + 0.05 * dy) };
  },
};

/** The first n points of the training set of this number: the points, and the share of fresh points of the moons that are accused of copying them. */
function trainingSet({ sets, mixture, marks }, n, set) {
  const key = `${n} ${set}`;
  if (!sets.has(key)) {
    if (sets.size > 30) sets.clear();
    const points = mixture.sample(MOST, generator(SETS + set)).x.subarray(0, 2 * n);
    sets.set(key, { points, fresh: accusing(marks.target, points).share });
  }
  return sets.get(key);
}

function* scores(points, unseen) {
  const found = [];
  for (const h of WIDTHS) {
    found.push(likelihoods(points, h, unseen));
    yield;
  }
  return found;
}

/** A noise level in two digits, a count of points in about three. */
const noise = (level) => num(level, level >= 1 ? 1 : level >= 0.1 ? 2 : 3);
const counted = (count) => num(count, count < 10 ? 2 : count < 100 ? 1 : 0);

// ---- the picture ----------------------------------------------------------------------------------------------------

const plane = (view, box) => view.panel(box, [-SQUARE, SQUARE], [-SQUARE, SQUARE]);

/** A sample; a cross for one that is accused. */
function mark(panel, view, at, accused, size) {
  if (accused) panel.points(at, { color: view.ink, marker: "X", size, alpha: 1 });
  else panel.points(at, { color: SAMPLE, size: 0.8 * size, alpha: 0.95 });
}

/** Of several wordings the first that has room. */
const write = (view, { x, y, w }, words) => view.text(x, y, words.find((text) => view.measure(text, 11.5) <= w) ?? words.at(-1), { size: 11.5 });

/** Two columns, or on a narrow screen one: each picture with its measures below it. */
function layout(width) {
  const narrow = width < 520;
  const column = narrow ? width : (width - 28) / 2;
  const side = narrow ? Math.min(width, 225) : Math.min(column, 330);
  const right = narrow ? 0 : column + 28;
  const first = { x: narrow ? (width - side) / 2 : 0, y: 22, w: side, h: side };
  const under = first.y + side + 34;
  const chart = { x: 34, y: under, w: column - 44, h: narrow ? 84 : 168 };
  const second = { ...first, x: first.x + right, y: narrow ? chart.y + chart.h + 62 : first.y };
  const bar = { x: right, y: second.y + side + 20, w: column };
  const rule = { x: right, y: bar.y + 26, w: column };
  const likelihood = { x: right + 34, y: rule.y + RULER + 26, w: column - 44, h: 74 };
  return { planes: [first, second], chart, bar, rule, likelihood, height: likelihood.y + likelihood.h + 38 };
}

/** The share of samples that are accused, and the grey band of the shares of honest ones: in theory, and of fresh points here. */
function drawShare(view, { x, y, w }, share, fresh) {
  write(view, { x, y, w }, [
    `accused of copying: ${percent(share)} (honest samples: 1/9; fresh points here: ${percent(fresh)})`,
    `accused: ${percent(share)} (honest samples: 1/9; fresh points: ${percent(fresh)})`,
    `accused: ${percent(share)} (honest: 1/9, fresh: ${percent(fresh)})`,
  ]);
  const bar = view.panel({ x, y: y + 9, w, h: 8 }, [0, 1], [0, 1]);
  bar.band(0, 1, 0, 1, { alpha: 0.12 });
  bar.band(Math.min(HONEST, fresh), Math.max(HONEST, fresh), -0.5, 1.5, { color: ROLES.floor, alpha: 0.5 });
  bar.band(0, share, 0, 1, { alpha: 0.75 });
  for (const honest of [HONEST, fresh]) bar.line([honest, honest], [-0.5, 1.5], { color: ROLES.floor, width: 2 });
}

/** How many points still count, by noise level; where the prediction for Gaussian data puts the end of it. */
function drawCounts(view, box, { n, h, level, counts, count }) {
  const log = Math.log10;
  const panel = view.panel(box, [-log(LEVELS[0]), -log(LEVELS.at(-1))], [0, log(n) * 1.06]);
  panel.axes({
    x: [5, 1, 0.1, 0.01].map((value) => [-log(value), String(value)]),
    y: [1, ...[10, 100].filter((value) => value < n / 2.5), n].map((value) => [log(value), String(value)]),
    title: "training points that still count (perplexity)",
    xlabel: "σ/α, from noise to data →",
  });
  const predicted = collapse(n, 2);
  if (h < predicted) {
    const at = -log(Math.sqrt(predicted ** 2 - h ** 2));
    panel.line([at, at], [0, log(n)], { color: ROLES.floor, width: 1.6, dash: [4, 4] });
    const room = (text) => panel.px(at) + 6 + view.measure(text, 11) < box.x + box.w;
    const words = ["predicted for Gaussian data", "predicted"].find(room);
    view.text(panel.px(at) + (words ? 6 : -6), box.y + 12, words ?? "predicted", { size: 11, align: words ? "left" : "right" });
  }
  if (counts) panel.line(LEVELS.map((value) => -log(value)), LEVELS.map((value) => log(between(counts, value, h))), { color: ROLES.data, width: 2.2 });
  panel.line([-log(level), -log(level)], [0, log(n)], { width: 1, alpha: 0.5 });
  dot(panel, view, [-log(level), log(count)], ROLES.noisy, 5.5);
}

/** Mean log-likelihood by h: of held-out points and of the training points, and what the exact density gives the held-out ones. */
function drawLikelihoods(view, box, { h, nats, now, exact }) {
  const panel = view.panel(box, [0, 0.6], NATS);
  panel.axes({ x: [0, 0.2, 0.4, 0.6].map((value) => [value, String(value)]), y: [[-4, "−4"], [-2, "−2"], [0, "0"]], xlabel: "bandwidth h" });
  const said = "held out (solid), training (dashed)";
  write(view, { ...box, x: box.x - 34, w: box.w + 44, y: box.y - 7 }, [`log-likelihood, nats: ${said}`, `log-likelihood: ${said}`, `log p: ${said}`]);
  panel.line([0, 0.6], [exact, exact], { color: ROLES.floor, width: 1.6, dash: [4, 4] });
  panel.clip(() => {
    if (nats) {
      panel.line(WIDTHS, nats.map(({ own }) => own), { color: ROLES.data, width: 1.8, dash: [7, 3] });
      panel.line(WIDTHS, nats.map(({ held }) => held), { width: 2.2 });
    }
    panel.line([h, h], NATS, { width: 1, alpha: 0.5 });
    if (now) for (const [value, color] of [[now.own, ROLES.data], [now.held, view.ink]]) dot(panel, view, [h, value], color, 4.5);
  });
  panel.text(0.59, exact + 0.3, "exact density", { size: 11, align: "right" });
}
