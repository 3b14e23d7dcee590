// Two charts: the loss of every step against the least that any net can have, and the distance of samples from the data against
// what a perfect sample scores.

import { ROLES } from "../palette.js";

const BINS = 240; // of the loss's steps, each drawn as a mean and the spread around it
const log = Math.log10;
const margins = { left: 40, right: 12, top: 24, bottom: 24 };

/** The part of a box that a chart's axes leave. */
const within = ({ x, y, w, h }) => ({ x: x + margins.left, y: y + margins.top, w: w - margins.left - margins.right, h: h - margins.top - margins.bottom });

/** Losses of all steps so far in at most BINS means: {xs, means, lows, highs}, xs in steps. */
export function binned(losses) {
  const size = Math.max(1, Math.ceil(losses.length / BINS));
  const [xs, means, lows, highs] = [[], [], [], []];
  for (let from = 0; from < losses.length; from += size) {
    const to = Math.min(from + size, losses.length);
    let [sum, low, high] = [0, Infinity, 0];
    for (let i = from; i < to; i++) {
      sum += losses[i];
      low = Math.min(low, losses[i]);
      high = Math.max(high, losses[i]);
    }
    xs.push((from + to + 1) / 2);
    means.push(sum / (to - from));
    lows.push(low);
    highs.push(high);
  }
  return { xs, means, lows, highs };
}

/** A running mean over the last tenth or so of what came before, which a single step does not move. */
function smooth(means) {
  let kept = means[0];
  return means.map((mean, i) => (kept += (mean - kept) * Math.max(0.12, 1 / (i + 1))));
}

/** losses: of every step; floor: the irreducible loss, null while it is not known; steps: how many the training is to take. */
export function paintLoss(view, box, { losses, floor, steps }) {
  const inner = within(box);
  const { xs, means, lows, highs } = binned(losses);
  const seen = [...lows, ...highs, ...(floor > 0 ? [floor * 0.93, floor * 1.5] : [])].filter((value) => value > 0 && Number.isFinite(value));
  const [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.5, 2];
  const chart = view.panel(inner, [0, Math.max(losses.length, Math.min(steps, 200))], [log(low) - 0.03, log(high) + 0.05]);
  chart.axes({ x: stepTicks(chart.xlim[1], inner.w), y: logTicks(low, high), grid: true, title: "Loss" });
  view.text(inner.x + inner.w, inner.y - 7, "training steps →", { size: 11, align: "right" });
  chart.clip(() => {
    xs.forEach((x, i) => chart.line([x, x], [log(lows[i]), log(highs[i])], { color: ROLES.learned, width: Math.max(1, inner.w / xs.length), alpha: 0.25 }));
    if (means.length) chart.line(xs, smooth(means).map(log), { color: ROLES.learned, width: 2.4 });
    if (floor > 0) {
      chart.line(chart.xlim, [log(floor), log(floor)], { color: ROLES.floor, width: 2, dash: [6, 4] });
    }
  });
  if (floor > 0) label(view, inner.x + inner.w - 4, chart.py(log(floor)) + 14, `exact floor: ${floor.toPrecision(3)}`, inner);
  if (!losses.length) view.text(inner.x + inner.w / 2, inner.y + inner.h / 3, "Press Train.", { align: "center", size: 13 });
}

/** A name at the right end of a line, moved up where it would leave the chart. */
function label(view, x, y, text, inner) {
  view.text(x, Math.min(y, inner.y + inner.h - 4), text, { size: 11, align: "right" });
}

const LIMITS = [0.4, 40]; // of the distance, in units of what a perfect sample scores

/** history: [{step, times}] of the net's samples; exact: {times} or null; marks: floor.js; steps as above. */
export function paintDistance(view, box, { history, exact, marks, steps }) {
  const inner = within(box);
  const last = Math.max(history.at(-1)?.step ?? 0, Math.min(steps, 200));
  const held = (times) => Math.min(Math.max(times, LIMITS[0]), LIMITS[1]);
  const most = Math.max(12, marks ? 1.25 * marks.nothing.times : 0, ...history.map(({ times }) => 1.1 * held(times)));
  const chart = view.panel(inner, [0, last], [log(LIMITS[0]), log(Math.min(most, LIMITS[1]))]);
  chart.axes({ x: stepTicks(last, inner.w), y: [0.5, 1, 2, 5, 10, 20, 40].filter((v) => v <= most).map((v) => [log(v), `${v}×`]), grid: true, title: inner.w < 150 ? "Distance" : inner.w < 250 ? "Distance, 1× = perfect" : "Distance to the data, 1× = a perfect sample" });
  if (!marks) return view.text(inner.x + inner.w / 2, inner.y + inner.h / 3, "measuring …", { align: "center", size: 13 });
  const across = (times, style) => chart.line([0, last], [log(held(times)), log(held(times))], style);
  chart.clip(() => {
    chart.band(0, last, ...marks.spread.map(log), { color: ROLES.floor, alpha: 0.3 });
    across(marks.nothing.times, { color: ROLES.floor, width: 1.5, dash: [6, 4] });
    across(marks.gaussian.times, { color: ROLES.floor, width: 1.5, dash: [2, 3] });
    if (exact) across(exact.times, { color: ROLES.oracle, width: 2.4 });
    const xs = history.map(({ step }) => step);
    const ys = history.map(({ times }) => log(held(times)));
    chart.line(xs, ys, { color: ROLES.learned, width: 2.4 });
    if (history.length) chart.points([xs.at(-1), ys.at(-1)], { color: ROLES.learned, size: 4.5, alpha: 1 });
  });
  names(view, inner, chart, [
    [marks.nothing.times, "doing nothing"],
    [marks.gaussian.times, "best Gaussian"],
    [marks.spread[1], "perfect samples", null, 13],
    ...(exact ? [[exact.times, "exact", ROLES.oracle]] : []),
    ...(history.length ? [[history.at(-1).times, "net", ROLES.learned, -7, chart.px(history.at(-1).step)]] : []),
  ]);
}

/** The names of lines: those of the marks at the left, those of the samples at the right, none on another. */
function names(view, inner, chart, lines) {
  const taken = { left: [], right: [] };
  for (const [times, text, color, first = -5, at = inner.x + inner.w - 4] of lines) {
    const side = color ? "right" : "left";
    const y = chart.py(log(Math.min(Math.max(times, LIMITS[0]), LIMITS[1])));
    const free = [first, -5, 13, -18, 26].map((shift) => y + shift).find((at) => at > inner.y + 9 && at < inner.y + inner.h - 2 && taken[side].every((other) => Math.abs(other - at) > 11));
    if (view.measure(text, 11.5) > inner.w - 8) continue;
    if (free === undefined || (color && (at < inner.x + 110 || inner.w < 200))) continue; // there it would stand on those of the marks
    taken[side].push(free);
    const x = side === "left" ? inner.x + 6 : Math.max(at - 4, inner.x + 24);
    view.text(x, free, text, { size: 11.5, align: side, weight: color ? "bold" : "normal" });
  }
}

/** About four round numbers of steps, two on a narrow chart. */
function stepTicks(last, wide) {
  const raw = last / (wide > 130 ? 4 : 2);
  const size = 10 ** Math.floor(log(raw));
  const step = size * ([1, 2, 5].find((k) => k * size >= raw) ?? 10);
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => [i * step, (i * step).toLocaleString("en")]);
}

/** At most five round numbers between two, on a scale of powers. */
function logTicks(low, high) {
  for (const mantissas of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]]) {
    const found = [];
    for (let power = Math.floor(log(low)); power <= Math.ceil(log(high)); power++)
      for (const m of mantissas) if (m * 10 ** power >= low && m * 10 ** power <= high) found.push(+(m * 10 ** power).toPrecision(3));
    if (found.length >= 3) return found.slice(0, 8).map((value) => [log(value), String(value)]);
  }
  return [[log(low), low.toPrecision(3)], [log(high), high.toPrecision(3)]];
}
