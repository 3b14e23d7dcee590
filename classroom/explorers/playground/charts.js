// Two charts: the loss of every step against the least that any net can have, and the distance of samples from the data against
// what a perfect sample scores. Both say in their middle what is missing where there is nothing to draw.

import { ROLES } from "../palette.js";
import { figure, measured } from "./figures.js";

const BINS = 80; // of the loss's steps, each drawn as a mean inside its lowest and highest
const log = Math.log10;
const SMALL = 11; // CSS pixels of a tick's text
const NAME = 11.5; // and of a line's

/** The part of a box that the texts of axes leave: ticks are [value, text]. */
function within(view, { x, y, w, h }, xs, ys) {
  const widest = Math.max(...ys.map(([, text]) => view.measure(text, SMALL)));
  const last = view.measure(xs.at(-1)[1], SMALL);
  const [left, right, top, bottom] = [Math.max(40, widest + 10), Math.max(12, last / 2 + 2), 24, 24];
  return { x: x + left, y: y + top, w: w - left - right, h: h - top - bottom };
}

/** Losses of all steps so far in at most BINS bins: {xs, means, lows, highs}, xs in steps. Each mean lies between its low and its high. */
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
    means.push(Math.min(Math.max(sum / (to - from), low), high));
    lows.push(low);
    highs.push(high);
  }
  return { xs, means, lows, highs };
}

/**
 * losses: of every step; floor: {mean, error} of the irreducible loss, null while it is not known; asked: the same of what a net with a
 * mistake is asked, null where that is what was meant; steps: how many the training is to take; missing: what there is to do first.
 */
export function paintLoss(view, box, { losses, floor, asked = null, steps, missing = null }) {
  const { xs, means, lows, highs } = binned(losses);
  const floors = [floor, asked].filter((it) => it?.mean > 0);
  const seen = [...lows, ...highs, ...floors.flatMap(({ mean }) => [mean * 0.93, mean * 1.5])].filter((value) => value > 0 && Number.isFinite(value));
  const [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.5, 2];
  const last = Math.max(losses.length, Math.min(steps, 200));
  const xticks = stepTicks(last, box.w - 52);
  const yticks = logTicks(low, high);
  const inner = within(view, box, xticks, yticks);
  const chart = view.panel(inner, [0, last], [log(low) - 0.03, log(high) + 0.05]);
  chart.axes({ x: xticks, y: yticks, grid: true, title: "Loss" });
  const axis = "training steps →";
  if (view.measure("Loss", 12) + view.measure(axis, SMALL) + 12 < inner.w) view.text(inner.x + inner.w, inner.y - 7, axis, { size: SMALL, align: "right" });
  if (missing) return middle(view, inner, missing);
  const across = (value, style) => chart.line(chart.xlim, [log(value), log(value)], style);
  chart.clip(() => {
    between(chart, xs, lows.map(log), highs.map(log), { color: ROLES.learned, alpha: 0.25 });
    for (const { mean, error } of floors) chart.band(...chart.xlim, log(Math.max(mean - 2 * error, mean / 10)), log(mean + 2 * error), { color: ROLES.floor, alpha: 0.35 });
    chart.line(xs, means.map(log), { color: ROLES.learned, width: 2.2 });
    if (xs.length === 1) chart.points([xs[0], log(means[0])], { color: ROLES.learned, size: 3, alpha: 1 });
    if (floor?.mean > 0) across(floor.mean, { color: ROLES.floor, width: 2, dash: [6, 4] });
    if (asked?.mean > 0) across(asked.mean, { color: ROLES.floor, width: 2, dash: [2, 3] });
  });
  const place = places(view, inner);
  const name = (it, texts) => it?.mean > 0 && place(chart.py(log(it.mean)), texts, "right", { before: 13 }); // below it: the loss is above
  if (!losses.length) middle(view, inner, "Press Train.", place);
  name(floor, asked ? [`floor of what was meant: ${measured(floor)}`, `meant: ${figure(floor.mean, floor.error)}`] : floor ? [`exact floor: ${measured(floor)}`, `floor: ${figure(floor.mean, floor.error)}`] : []);
  name(asked, asked ? [`floor of what this net is asked: ${measured(asked)}`, `asked: ${figure(asked.mean, asked.error)}`] : []);
  if (asked?.mean === 0) place(inner.y + inner.h, ["floor of what this net is asked: 0", "asked: 0"], "right");
}

/** The area between two lines. */
function between({ px, py, context: c }, xs, lows, highs, { color, alpha }) {
  const known = [...xs.keys()].filter((i) => Number.isFinite(lows[i] + highs[i]));
  if (!known.length) return;
  Object.assign(c, { fillStyle: color, globalAlpha: alpha });
  c.beginPath();
  c.moveTo(px(xs[known[0]]), py(highs[known[0]]));
  for (const i of known) c.lineTo(px(xs[i]), py(highs[i]));
  for (const i of [...known].reverse()) c.lineTo(px(xs[i]), py(lows[i]));
  c.closePath();
  c.fill();
  c.globalAlpha = 1;
}

const LIMITS = [0.4, 40]; // of the distance, in units of what a perfect sample scores
const held = (times) => Math.min(Math.max(times, LIMITS[0]), LIMITS[1]);

/**
 * history: [{step, times, how}] of the net's samples, how: what they were drawn with; those drawn as the last are bold. exact: {times} or
 * null; marks: floor.js; steps and missing as above.
 */
export function paintDistance(view, box, { history, exact, marks, steps, missing = null }) {
  const last = Math.max(history.at(-1)?.step ?? 0, Math.min(steps, 200));
  const most = Math.max(12, marks ? 1.25 * marks.nothing.times : 0, ...history.map(({ times }) => 1.1 * held(times)));
  const xticks = stepTicks(last, box.w - 52);
  const yticks = [0.5, 1, 2, 5, 10, 20, 40].filter((v) => v <= most).map((v) => [log(v), `${v}×`]);
  const inner = within(view, box, xticks, yticks);
  const chart = view.panel(inner, [0, last], [log(LIMITS[0]), log(Math.min(most, LIMITS[1]))]);
  const titles = ["Distance to the data, 1× = a perfect sample", "Distance, 1× = perfect", "Distance"];
  chart.axes({ x: xticks, y: yticks, grid: true, title: titles.find((title) => view.measure(title, 12) <= inner.w) ?? "" });
  if (missing || !marks) return middle(view, inner, missing ?? "measuring …");
  const across = (times, style) => chart.line([0, last], [log(held(times)), log(held(times))], style);
  const now = history.at(-1);
  chart.clip(() => {
    chart.band(0, last, ...marks.spread.map(log), { color: ROLES.floor, alpha: 0.3 });
    across(marks.nothing.times, { color: ROLES.floor, width: 1.5, dash: [6, 4] });
    across(marks.gaussian.times, { color: ROLES.floor, width: 1.5, dash: [2, 3] });
    if (exact) across(exact.times, { color: ROLES.oracle, width: 2.4 });
    for (const run of runs(history)) {
      const [xs, ys] = [run.map(({ step }) => step), run.map(({ times }) => log(held(times)))];
      const alpha = run[0].how === now.how ? 1 : 0.4;
      chart.line(xs, ys, { color: ROLES.learned, width: 2.4, alpha });
      if (run.length === 1 && run[0] !== now) chart.points([xs[0], ys[0]], { color: ROLES.learned, size: 3, alpha });
    }
    if (now) chart.points([now.step, log(held(now.times))], { color: ROLES.learned, size: 4.5, alpha: 1 });
  });
  const place = places(view, inner);
  const at = (times) => chart.py(log(held(times)));
  if (now) place(at(now.times), ["net"], "right", { weight: "bold", until: chart.px(now.step) - 4, before: -7 });
  if (exact) place(at(exact.times), ["exact"], "right", { weight: "bold" });
  place(at(marks.nothing.times), ["doing nothing"], "left");
  place(at(marks.spread[1]), ["perfect samples", "perfect"], "left", { before: 13 });
  place(at(marks.gaussian.times), ["best Gaussian", "Gaussian"], "left");
}

/** Parts of a history that were drawn with the same. */
function runs(history) {
  const parts = [];
  for (const one of history) {
    if (parts.at(-1)?.[0].how === one.how) parts.at(-1).push(one);
    else parts.push([one]);
  }
  return parts;
}

/** A sentence in the middle of a chart. */
function middle(view, inner, text, place = places(view, inner)) {
  const lines = view.lines(text, inner.w - 12, 13);
  lines.forEach((line, i) => {
    const [x, y] = [inner.x + inner.w / 2, inner.y + inner.h / 3 + 17 * i];
    view.text(x, y, line, { align: "center", size: 13 });
    place.taken.push({ x: x - view.measure(line, 13) / 2, y: y - 11, w: view.measure(line, 13), h: 15 });
  });
}

/**
 * place(y, texts, side, more) writes a line's name above or below it, at the left or right end: the first of the texts that has a place
 * where it neither leaves the chart nor stands on another; else none. until: the right end of the text; before: where it is tried first,
 * in pixels from the line to the foot of the text.
 */
function places(view, inner) {
  const taken = [];
  function place(y, texts, side, { weight = "normal", until = inner.x + inner.w - 4, before = -5 } = {}) {
    for (const text of texts) {
      const w = view.measure(text, NAME) * (weight === "bold" ? 1.1 : 1);
      const x = side === "left" ? inner.x + 6 : Math.max(until - w, inner.x + 6);
      for (const shift of [before, -5, 13, -18, 26]) {
        const box = { x, y: y + shift - 10, w, h: 13 };
        const inside = x + w <= inner.x + inner.w && box.y >= inner.y && box.y + box.h <= inner.y + inner.h;
        if (!inside || taken.some((it) => box.x < it.x + it.w && it.x < box.x + w && box.y < it.y + it.h && it.y < box.y + box.h)) continue;
        taken.push(box);
        return view.text(x, y + shift, text, { size: NAME, weight });
      }
    }
  }
  return Object.assign(place, { taken });
}

/** About four round numbers of steps, two on a narrow chart. */
function stepTicks(last, wide) {
  const raw = last / (wide > 130 ? 4 : 2);
  const size = 10 ** Math.floor(log(raw));
  const step = size * ([1, 2, 5].find((k) => k * size >= raw) ?? 10);
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => [i * step, (i * step).toLocaleString("en")]);
}

/** At most eight round numbers between two, on a scale of powers. */
function logTicks(low, high) {
  const text = (value) => (value < 0.001 ? value.toExponential(1).replace(".0e", "e") : String(+value.toPrecision(3)));
  for (const mantissas of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]]) {
    const found = [];
    for (let power = Math.floor(log(low)); power <= Math.ceil(log(high)); power++)
      for (const m of mantissas) if (m * 10 ** power >= low && m * 10 ** power <= high) found.push(+(m * 10 ** power).toPrecision(3));
    if (found.length >= 3) return found.filter((_, i) => i % Math.ceil(found.length / 8) === 0).map((value) => [log(value), text(value)]);
  }
  return [[log(low), text(low)], [log(high), text(high)]];
}
