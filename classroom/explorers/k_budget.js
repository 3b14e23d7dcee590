// One sampler, five budgets: the same start noise and the same target in every panel, each with its own number of steps K.
// Below them the distance to the target against the network calls spent, beside the floor that a perfect sample scores.

import { generator, normals, quantiles, slicedWasserstein, walk } from "./core.js";
import { PATHS, RULE, listed, makeModels, modelChoice, modelsOn, rulesOn } from "./choices.js";
import { ROLES } from "./palette.js";
import { numbers, readMixture, readTrained } from "./payload.js";
import { choice, num, press, range } from "./stage.js";

const N = 300; // points a panel; the floor that Python hands over belongs to it
const REFERENCE = 4; // as in lib.trained.k_budget: so many times more points judge a sample
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000];
const PANELS = ["k1", "k2", "k3", "k4", "k5"];
const KEPT = 400; // finished panels that are remembered
const LIMIT = 2.5; // the panels show [-LIMIT, LIMIT] in both directions

export default {
  hint: "Keep the five K and change the rule to DDIM, then the path to the straight flow and the rule to RK4: the chart keeps every dot, so you can compare at equal network calls.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const [mean, sd] = numbers(data.floor, "floor", 2);
    const { x: target } = mixture.sample(REFERENCE * N, generator(1));
    const models = makeModels(mixture, readTrained(data.trained));
    return { target, reference: quantiles(target), floor: { mean, sd }, models, done: new Map(), panels: [] };
  },

  controls: (world) => [
    choice("path", "Path", listed(PATHS), "ddpm"),
    choice("rule", "Step rule", listed(RULE), "ancestral"),
    modelChoice("Answers come from", world.models),
    ...PANELS.map((id, i) => range(id, `K, panel ${i + 1}`, { stops: STEPS, value: [2, 5, 10, 50, 200][i] })),
    press("noise", "New noise"),
  ],

  options: ({ path }, { models }) => ({
    rule: rulesOn(models[path].oracle.path),
    model: modelsOn(path, models),
  }),

  height: (width) => layout(width).height,

  reset: (world) => world.done.clear(),

  *work(state, world) {
    const { path, rule, model, noise } = state;
    if (world.done.size > KEPT) world.done.clear();
    const run = [path, rule, model, noise].join();
    world.run = run;
    const start = normals(2 * N, generator(100 + noise));
    world.panels = PANELS.map((id) => ({ k: state[id], x: start, distance: NaN }));
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
      panel.distance = slicedWasserstein(panel.x, world.reference);
      world.done.set(key, { x: panel.x, distance: panel.distance, k: panel.k, calls: panel.k * RULE[rule].rule.facts.calls });
      yield;
    }
  },

  paint(view, state, world) {
    const { boxes, side, chart } = layout(view.width);
    const { style, rule } = RULE[state.rule];
    const each = rule.facts.calls;
    const draw = (box, points, color, title, below) => {
      const panel = view.panel(box, [-LIMIT, LIMIT], [-LIMIT, LIMIT]);
      panel.clip(() => {
        if (points !== world.target) panel.points(world.target.subarray(0, 800), { color: ROLES.data, size: 1.2, alpha: view.faint });
        panel.points(points, { color, size: side > 110 ? 1.7 : 1.4, alpha: 0.8 });
      });
      panel.frame();
      view.text(box.x + side / 2, box.y - 6, title, { align: "center", size: 12 });
      view.text(box.x + side / 2, box.y + side + 14, below, { align: "center", size: 11 });
    };
    world.panels.forEach((panel, i) => {
      const calls = panel.k * each;
      const title = each === 1 ? `K = ${panel.k}` : `K = ${panel.k}, ${calls} calls`;
      const distance = Number.isFinite(panel.distance);
      draw(boxes[i], panel.x, distance ? style.color : ROLES.noisy, title, distance ? `${num(panel.distance / world.floor.mean, 1)} floors` : "sampling …");
    });
    if (boxes[5]) draw(boxes[5], world.target.subarray(0, 2 * N), ROLES.data, "exact", "the target");
    paintChart(view, chart, world);
  },

  say(state, world) {
    const { text, rule } = RULE[state.rule];
    const each = world.panels.map((p) => `K = ${p.k} (${p.k * rule.facts.calls} calls): ${num(p.distance, 3)}`);
    return `${text}, on the ${PATHS[state.path].text}, sliced Wasserstein distance: ${each.join("; ")}. Floor: ${num(world.floor.mean, 3)} ± ${num(world.floor.sd, 3)}.`;
  },
};

/** Five panels in a row, or two columns and the target in the sixth place on a narrow screen; the chart below. */
function layout(width) {
  const columns = width < 520 ? 2 : 5;
  const gap = 10;
  const side = (width - gap * (columns - 1)) / columns;
  const rows = Math.ceil(5 / columns);
  const boxes = Array.from({ length: columns === 2 ? 6 : 5 }, (_, i) => ({
    x: (i % columns) * (side + gap),
    y: 18 + Math.floor(i / columns) * (side + 42),
    w: side,
    h: side,
  }));
  const top = rows * (side + 42) + 22;
  return { boxes, side, chart: { x: 44, y: top, w: width - 54, h: 170 }, height: top + 170 + 38 };
}

/** Distance against calls, both logarithmic: every panel so far, those of the present run strong. */
function paintChart(view, box, world) {
  const log = Math.log10;
  const chart = view.panel(box, [-0.08, 3.65], [log(0.04), log(2.5)]);
  const { mean, sd } = world.floor;
  chart.band(-0.08, 3.65, log(Math.max(mean - 2 * sd, 0.041)), log(mean + 2 * sd), { color: ROLES.floor, alpha: 0.22 });
  chart.axes({
    x: [1, 10, 100, 1000].map((v) => [log(v), v.toLocaleString("en")]),
    y: [0.05, 0.1, 0.2, 0.5, 1, 2].map((v) => [log(v), String(v)]),
    grid: true,
    xlabel: "network calls a sample",
    title: "sliced Wasserstein distance",
  });
  view.text(box.x + 6, chart.py(log(mean)), "floor: a perfect sample, ± 2 sd", { size: 11, base: "middle" });
  const runs = new Map();
  for (const [key, dot] of world.done) {
    const run = key.split("|")[0];
    runs.set(run, [...(runs.get(run) ?? []), dot]);
  }
  for (const [run, dots] of [...runs].sort(([a]) => (a === world.run ? 1 : -1))) {
    const rule = run.split(",")[1];
    const { style, text } = RULE[rule];
    const current = run === world.run;
    dots.sort((a, b) => a.calls - b.calls);
    const flat = dots.flatMap((dot) => [log(dot.calls), log(dot.distance)]);
    const even = (_, i) => i % 2 === 0;
    const odd = (_, i) => i % 2 === 1;
    chart.line(flat.filter(even), flat.filter(odd), { color: style.color, width: current ? 1.8 : 1, dash: style.dash, alpha: current ? 1 : 0.45 });
    chart.points(flat, { color: style.color, marker: style.marker, size: current ? 4.5 : 3, alpha: current ? 1 : 0.5 });
    if (!current) continue;
    // Beside the first dot, which is the highest, so that the floor's own words stay free.
    const right = chart.px(flat[0]) > box.x + box.w / 2;
    view.text(chart.px(flat[0]) + (right ? -9 : 9), chart.py(flat[1]) - 8, text, { align: right ? "right" : "left" });
  }
}
