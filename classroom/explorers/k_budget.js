// One sampler, five budgets: the same start noise and the same target in every panel, each with its own number of steps K, and a
// perfect sample in the sixth. Below them the distance to the target against the network calls spent, in units of what a perfect
// sample scores.

import { generator, normals, walk } from "./core.js";
import { PATHS, RULE, listed, makeModels, modelChoice, modelsOn, rulesOn } from "./choices.js";
import { ROLES } from "./palette.js";
import { readMarks, readMixture, readTrained } from "./payload.js";
import { choice, multiple, num, percent, press, range } from "./stage.js";

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000];
const PANELS = ["k1", "k2", "k3", "k4", "k5"];
const KEPT = 400; // finished panels that are remembered
const EARLIER = 3; // runs before the present one that the chart shows
const LIMIT = 2.5; // the panels show [-LIMIT, LIMIT] in both directions
const LEADING = 15; // pixels from line to line
const BELOW = 34; // pixels below a panel, for its two numbers
const [LEAST, MOST] = [0.35, 30]; // the chart's multiples of what a perfect sample scores

export default {
  hint: "Keep the five panels and change the rule to DDIM, then the path to the straight flow and the rule to RK4. The chart keeps the last curves, so you can compare them at equal network calls.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const marks = readMarks(data.marks, mixture);
    const { x } = mixture.sample(marks.points, generator(2));
    const models = makeModels(mixture, readTrained(data.trained));
    return { marks, perfect: { x, ...marks.judge(x) }, models, done: new Map(), runs: [], panels: [] };
  },

  controls: (world) => [
    choice("path", "Path", listed(PATHS), "ddpm"),
    choice("rule", "Step rule", listed(RULE), "ancestral"),
    modelChoice("Answers come from", world.models),
    ...PANELS.map((id, i) => range(id, `Panel ${i + 1}, steps`, { stops: STEPS, value: [2, 5, 10, 50, 200][i] })),
    press("noise", "New noise"),
  ],

  options: ({ path }, { models }) => ({
    rule: rulesOn(models[path].oracle.path),
    model: modelsOn(path, models),
  }),

  height: (width, state, world, view) => layout(width, view).height,

  reset(world) {
    world.done.clear();
    world.runs = [];
  },

  *work(state, world) {
    const { path, rule, model, noise } = state;
    const { points, judge } = world.marks;
    if (world.done.size > KEPT) world.done.clear();
    const run = [path, rule, model, noise].join();
    world.runs = [run, ...world.runs.filter((other) => other !== run)].slice(0, 1 + EARLIER);
    const start = normals(2 * points, generator(100 + noise));
    world.panels = PANELS.map((id) => ({ k: state[id], x: start }));
    for (const panel of world.panels) {
      const key = `${run}|${panel.k}`;
      if (world.done.has(key)) {
        Object.assign(panel, world.done.get(key));
        continue;
      }
      const asked = world.models[path][model];
      for (const { x } of walk(asked, start, asked.path.grid(panel.k), RULE[rule].rule, { generator: generator(7 + noise) })) {
        panel.x = x;
        yield;
      }
      Object.assign(panel, judge(panel.x), { calls: panel.k * RULE[rule].rule.facts.calls });
      world.done.set(key, panel);
      yield;
    }
  },

  paint(view, state, world) {
    const { marks, perfect, panels } = world;
    const { boxes, side, note, chart } = layout(view.width, view);
    const { style } = RULE[state.rule];
    const draw = (box, { x, times, off }, color, title) => {
      const panel = view.panel(box, [-LIMIT, LIMIT], [-LIMIT, LIMIT]);
      panel.clip(() => {
        panel.points(marks.target.subarray(0, 800), { color: ROLES.data, size: 1.2, alpha: view.faint });
        panel.points(x, { color, size: 1.4, alpha: 0.8 });
      });
      panel.frame();
      const middle = { align: "center", size: 11 };
      view.text(box.x + side / 2, box.y - 6, title, { align: "center", size: 12 });
      view.text(box.x + side / 2, box.y + side + 14, times === undefined ? "sampling …" : `${multiple(times, marks)} ×`, middle);
      if (times !== undefined) view.text(box.x + side / 2, box.y + side + 28, `${percent(off)} off`, middle);
    };
    panels.forEach((panel, i) => draw(boxes[i], panel, panel.times === undefined ? ROLES.noisy : style.color, panel.k === 1 ? "1 step" : `${panel.k} steps`));
    draw(boxes[5], perfect, ROLES.oracle, "perfect");
    note.lines.forEach((line, i) => view.text(0, note.y + LEADING * i, line, { size: 11.5 }));
    paintChart(view, chart, state, world);
  },

  busy: ({ rule, path }) => `${RULE[rule].text} (${PATHS[path].text}): sampling …`,

  say(state, { marks, panels }) {
    const { text, rule } = RULE[state.rule];
    const each = panels.map(({ k, times, off }, i) => {
      const calls = rule.facts.calls > 1 ? `, ${k * rule.facts.calls} calls` : "";
      return `${k} ${k === 1 ? "step" : "steps"}${calls}: ${multiple(times, marks)}, ${percent(off)}${i ? "" : " of the points off the moons"}`;
    });
    return (
      `${text} (${PATHS[state.path].text}). Distance to the target, as a multiple of the ${num(marks.floor.mean, 2)} ± ${num(marks.floor.sd, 2)} ` +
      `that ${marks.points} perfect points score: ${each.join("; ")}.`
    );
  },
};

const NOTE =
  "Below each panel: its distance to the target, as a multiple of what a perfect sample scores; and the share of its points off the moons.";

/** Six panels in a row, or three in each of two on a narrow screen; a note and the chart below. */
function layout(width, view) {
  const narrow = width < 520;
  const columns = narrow ? 3 : 6;
  const gap = 8;
  const side = (width - gap * (columns - 1)) / columns;
  const pitch = side + BELOW + 22;
  const boxes = Array.from({ length: 6 }, (_, i) => ({ x: (i % columns) * (side + gap), y: 18 + Math.floor(i / columns) * pitch, w: side, h: side }));
  const note = { y: (6 / columns) * pitch + 14, lines: view.lines(NOTE, width) };
  const top = note.y + LEADING * note.lines.length + 20;
  const high = narrow ? 140 : 180;
  return { boxes, side, note, chart: { x: 30, y: top, w: width - 34, h: high }, height: top + high + 36 };
}

/** Distance against calls, both logarithmic: the panels of the present run, and those of the runs before it, each with its name. */
function paintChart(view, box, state, world) {
  const log = Math.log10;
  const { marks, runs } = world;
  const chart = view.panel(box, [-0.08, 3.65], [log(LEAST), log(MOST)]);
  chart.band(-0.08, 3.65, ...marks.spread.map(log), { color: ROLES.floor, alpha: 0.22 });
  chart.axes({
    x: [1, 10, 100, 1000].map((v) => [log(v), v.toLocaleString("en")]),
    y: [0.5, 1, 2, 5, 10, 20].map((v) => [log(v), String(v)]),
    grid: true,
    xlabel: "network calls per sample",
    title: "distance to the target, 1 = a perfect sample",
  });
  for (const { times } of [marks.gaussian, marks.nothing]) chart.line([-0.08, 3.65], [log(times), log(times)], { color: ROLES.floor, width: 1.5, dash: [5, 4] });
  const taken = [];
  const fixed = (y, text, up) => {
    const at = { x: box.x + box.w - 4 - view.measure(text, 11), y: chart.py(log(y)) + (up ? -5 : 13), w: view.measure(text, 11) };
    view.text(at.x, at.y, text, { size: 11 });
    taken.push([at.x, at.y - 10, at.x + at.w, at.y + 2]);
  };
  fixed(marks.nothing.times, "the noise itself", true);
  fixed(marks.gaussian.times, "the best Gaussian", false);
  fixed(marks.spread[0] * 1.06, "perfect samples", true);

  const curves = runs.map((run) => {
    const dots = [...world.done].filter(([key]) => key.startsWith(`${run}|`)).map(([, dot]) => dot);
    dots.sort((a, b) => a.calls - b.calls);
    const [xs, ys] = [dots.map((dot) => log(dot.calls)), dots.map((dot) => Math.min(Math.max(log(dot.times), log(LEAST)), log(MOST)))];
    return { name: named(run, state), style: RULE[run.split(",")[1]].style, xs, ys };
  });
  for (const { xs, ys } of curves) taken.push(...covered(chart, xs, ys));
  curves.forEach(({ name, style: { color, dash, marker }, xs, ys }, i) => {
    if (!xs.length) return;
    const current = i === 0;
    const spot = free(view, box, taken, name, xs.map(chart.px), ys.map(chart.py));
    if (!spot && !current) return; // a curve without its name would be a riddle
    chart.line(xs, ys, { color, width: current ? 2 : 1.2, dash, alpha: current ? 1 : 0.8 });
    chart.points(xs.flatMap((x, j) => [x, ys[j]]), { color, marker, size: current ? 4.5 : 3, alpha: current ? 1 : 0.8 });
    if (spot) view.text(...spot, name, { size: 11, weight: current ? "bold" : "normal" });
  });
}

/** The name of a curve: its rule, and in what else it differs from the present run. */
function named(run, state) {
  const [path, rule, model, noise] = run.split(",");
  const other = path === state.path ? [] : [PATHS[path].text];
  if (model !== state.model) other.push(model === "net" ? "a trained net" : "the oracle");
  if (Number(noise) !== state.noise) other.push(`noise ${Number(noise) + 1}`);
  return `${RULE[rule].text}${other.length ? ` (${other.join(", ")})` : ""}`;
}

/** Boxes [left, top, right, bottom] in pixels that a curve covers. */
function covered(chart, xs, ys) {
  const boxes = [];
  for (let i = 0; i < xs.length; i++) {
    const [ax, ay] = [chart.px(xs[i]), chart.py(ys[i])];
    const [bx, by] = i + 1 < xs.length ? [chart.px(xs[i + 1]), chart.py(ys[i + 1])] : [ax, ay];
    const pieces = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / 6));
    for (let j = 0; j <= pieces; j++) {
      const [x, y] = [ax + ((bx - ax) * j) / pieces, ay + ((by - ay) * j) / pieces];
      boxes.push([x - 3, y - 3, x + 3, y + 3]);
    }
  }
  return boxes;
}

/** Where a curve's name has room, beside one of its dots: [x, y], or null; the room is taken then. */
function free(view, { x: left, y: top, w, h }, taken, name, xs, ys) {
  const wide = view.measure(name, 11) + 2;
  for (const far of [0, 10])
    for (let i = 0; i < xs.length; i++) {
      for (const [x, y] of [[xs[i] + 8, ys[i] - 6 - far], [xs[i] + 8, ys[i] + 13 + far], [xs[i] - 8 - wide, ys[i] - 6 - far], [xs[i] - 8 - wide, ys[i] + 13 + far]]) {
        const room = [x, y - 10, x + wide, y + 2];
        const inside = room[0] > left + 2 && room[1] > top && room[2] < left + w && room[3] < top + h - 2;
        if (!inside || taken.some((other) => room[0] < other[2] && other[0] < room[2] && room[1] < other[3] && other[1] < room[3])) continue;
        taken.push(room);
        return [x, y];
      }
    }
  return null;
}
