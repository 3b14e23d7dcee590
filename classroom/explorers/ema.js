// The average of the weights: what an exponential moving average leaves of the excess over the floor, by its half-life, for two
// schedules of the learning rate and several lengths of training. All of it was measured beforehand, with several seeds.

import { dot, held } from "./drag.js";
import { FAN, ROLES } from "./palette.js";
import { numbers } from "./payload.js";
import { choice, num, range } from "./stage.js";

const AVERAGE = FAN[2].color;
const SCHEDULES = { constant: "constant", cosine: "cosine to 0" };
const ABOVE = 0.32; // of the floor, what the chart of the loss shows
const [LEAST, MOST] = [0.006, 1]; // the excess in the other chart
const SAME = 1.05; // two excesses that differ by less are called equal
const log = Math.log10;

export default {
  hint({ lengths, at }) {
    const length = lengths.includes(1000) ? 1000 : lengths.at(-1);
    const excess = (schedule, half) => num(at(schedule, length, half).excess, 3);
    return (
      `Drag the purple point: after ${grouped(length)} steps at a constant rate, the weights are ${excess("constant")} above the floor, ` +
      `their average with a half-life of 50 steps ${excess("constant", 50)}, with 500 steps ${excess("constant", 500)}, since ${num(100 * 0.5 ** (length / 500), 0)} % of that is still the random initial weights. ` +
      `Then let the rate fall to 0: the weights come down to ${excess("cosine")}, and an average adds nothing (${excess("cosine", 50)}).`
    );
  },

  prepare(data) {
    const [floor] = numbers([data.floor], "floor");
    const [halves, lengths] = [numbers(data.half_lives, "half-lives"), numbers(data.lengths, "lengths")].map((list) => [...list]);
    const runs = new Map();
    for (const schedule of Object.keys(SCHEDULES))
      for (const length of lengths) {
        const { weights, averages, end } = data.runs[schedule][length];
        const run = {
          weights: weights.map((seed) => numbers(seed, "weights", weights[0].length)),
          averages: averages.map((one) => numbers(one, "averages", weights[0].length)),
          end: end.map((one) => numbers(one, "end", weights.length)),
        };
        if (run.averages.length !== halves.length || run.end.length !== 1 + halves.length) throw new Error("an average is missing");
        runs.set(`${schedule},${length}`, run);
      }
    /** The excess at the end, of the average with this half-life or of the weights: {excess, all}, the median and all seeds. */
    const at = (schedule, length, half) => {
      const all = [...runs.get(`${schedule},${length}`).end[half ? 1 + halves.indexOf(half) : 0]].sort((a, b) => a - b);
      return { excess: all[all.length >> 1], all };
    };
    return { floor, halves, lengths, runs, at };
  },

  controls: ({ halves, lengths }) => [
    range("half", "Half-life of the average", { stops: halves, value: 50, show: (half) => `${grouped(half)} ${half === 1 ? "step" : "steps"}` }),
    range("length", "Length of the training", { stops: lengths, value: 1000, show: (length) => `${grouped(length)} steps` }),
    choice("schedule", "Learning rate", Object.entries(SCHEDULES)),
  ],

  play: { id: "half", seconds: 6 },
  height: (width) => layout(width).height,

  paint(view, { half, length, schedule }, world) {
    const { floor, halves, runs, at } = world;
    const { left, right } = layout(view.width);
    const run = runs.get(`${schedule},${length}`);

    const steps = run.weights[0].map((_, i) => ((i + 1) * length) / run.weights[0].length);
    const loss = view.panel(left, [0, length], [floor - 0.04, floor + ABOVE]);
    loss.axes({
      x: [0, 0.5, 1].map((share) => [share * length, grouped(share * length)]),
      y: [1.4, 1.5, 1.6, 1.7].filter((v) => v < floor + ABOVE).map((v) => [v, num(v, 1)]),
      xlabel: "step",
      title: "held-out loss",
      grid: true,
    });
    loss.clip(() => {
      loss.line([0, length], [floor, floor], { color: ROLES.floor, width: 2.5 });
      for (const seed of run.weights) loss.line(steps, seed.map((excess) => floor + excess), { color: ROLES.learned, width: 1, alpha: 0.65 });
      loss.line(steps, run.averages[halves.indexOf(half)].map((excess) => floor + excess), { color: AVERAGE, width: 2.6 });
    });
    view.text(left.x + left.w, loss.py(floor) + 15, `floor: the oracle's loss, ${num(floor, 2)}`, { size: 11.5, align: "right" });
    const named = [["weights", ROLES.learned, 1.2], ["their average", AVERAGE, 2.6]];
    named.reduceRight((end, one) => key(view, end - view.measure(one[0], 11), left.y - 7, one) - 38, left.x + left.w);

    const chart = view.panel(right, reach(halves), [log(LEAST), log(MOST)]);
    chart.axes({
      x: [1, 10, 100, 1000].map((v) => [log(v), grouped(v)]),
      y: [0.01, 0.03, 0.1, 0.3, 1].map((v) => [log(v), String(v)]),
      xlabel: "half-life of the average, steps",
      title: "excess over the floor, at the end",
      grid: true,
    });
    const xs = halves.map(log);
    const curve = (name, pick) => halves.map((h) => log(pick(at(name, length, h))));
    const other = Object.keys(SCHEDULES).find((name) => name !== schedule);
    chart.clip(() => {
      chart.line(xs, curve(other, ({ excess }) => excess), { color: view.ink, width: 1.4, dash: [2, 3], alpha: 0.8 });
      const raw = log(at(schedule, length).excess);
      chart.line([xs[0] - 1, xs.at(-1) + 1], [raw, raw], { color: ROLES.learned, width: 1.8, dash: [6, 4] });
      run.weights.forEach((_, i) => chart.line(xs, halves.map((h, k) => log(run.end[k + 1][i])), { color: AVERAGE, width: 0.8, alpha: 0.5 }));
      chart.line(xs, curve(schedule, ({ excess }) => excess), { color: AVERAGE, width: 2.6 });
    });
    const spot = [log(half), log(at(schedule, length, half).excess)];
    dot(chart, view, spot, AVERAGE, 7.5);
    const lines = [["the weights", ROLES.learned, 1.8, [6, 4]], [`averages, ${SCHEDULES[schedule]}`, AVERAGE, 2.6], [`averages, ${SCHEDULES[other]}`, view.ink, 1.4, [2, 3]]];
    lines.forEach((one, i) => key(view, right.x + 38, right.y + 13 + 15 * i, one));
  },

  say({ half, length, schedule }, { floor, at }) {
    const [raw, mean] = [at(schedule, length), at(schedule, length, half)];
    const ratio = raw.excess / mean.excess;
    const verdict = ratio > SAME ? `, ${num(ratio, 1)} times smaller` : ratio < 1 / SAME ? `, ${num(1 / ratio, 1)} times larger` : ", no difference";
    const kept = 0.5 ** (length / half);
    const start = kept >= 0.01 ? ` It still holds ${num(100 * kept, 0)} % of the random initial weights.` : "";
    return (
      `Excess over the floor of ${num(floor, 2)} after ${grouped(length)} steps, learning rate ${SCHEDULES[schedule]}, median of ${raw.all.length} seeds: weights ${num(raw.excess, 3)}; ` +
      `their average (decay ${num(0.5 ** (1 / half), half > 100 ? 4 : 3)}) ${num(mean.excess, 3)} (${num(mean.all[0], 3)} to ${num(mean.all.at(-1), 3)})${verdict}.${start}`
    );
  },

  pick(px, py, view, state, { halves }) {
    const { right } = layout(view.width);
    if (px < right.x - 20 || py < right.y - 24 || py > right.y + right.h + 36) return {};
    const x = view.panel(right, reach(halves), [0, 1]).at(px, py)[0];
    return { half: halves.reduce((best, h) => (Math.abs(log(h) - x) < Math.abs(log(best) - x) ? h : best)) };
  },

  grip(px, py, view, { half, length, schedule }, { halves, at }) {
    const chart = view.panel(layout(view.width).right, reach(halves), [log(LEAST), log(MOST)]);
    return held(chart, px, py, log(half), log(at(schedule, length, half).excess));
  },
};

const reach = (halves) => [log(halves[0]) - 0.08, log(halves.at(-1)) + 0.12]; // of the axis of half-lives
const grouped = (value) => value.toLocaleString("en");

/** The name of a line at (x, y), with a piece of it before; returns x. */
function key(view, x, y, [text, color, width, dash = []]) {
  const piece = view.panel({ x: x - 28, y: y - 8, w: 22, h: 8 }, [0, 1], [0, 1]);
  piece.line([0, 1], [0.5, 0.5], { color, width, dash });
  view.text(x, y, text, { size: 11 });
  return x;
}

/** Two charts beside each other, or one above the other on a narrow screen. */
function layout(width) {
  const narrow = width < 520;
  const [edge, gap] = [34, 46];
  const w = narrow ? width - edge - 16 : (width - edge - gap - 16) / 2;
  const h = narrow ? 148 : 240;
  const left = { x: edge, y: 22, w, h };
  const right = narrow ? { ...left, y: 22 + h + 56 } : { ...left, x: edge + w + gap };
  return { left, right, height: right.y + h + 38 };
}
