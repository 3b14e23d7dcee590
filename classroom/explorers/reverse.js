// Back from noise on DDPM's schedule: one start followed by five continuations, among a cloud; beside it what the model would answer now.

import { ancestral, ddim, generator, leadingGrid, normals, partial, quadraticGrid, trailingGrid, walk } from "./core.js";
import { PATHS, listed, makeModels, modelChoice, modelsOn } from "./choices.js";
import { FAN, ROLES } from "./palette.js";
import { numbers, readMixture, readTrained } from "./payload.js";
import { choice, num, press, range } from "./stage.js";
import { squares, squaresHeight } from "./view.js";

const CLOUD = 240;
const FOLLOWED = FAN.length; // continuations of one start, each with a hue of its own
const STARTS = 40; // so many points of the cloud can be followed
const GRIDS = {
  trailing: { text: "trailing, from T − 1", make: trailingGrid },
  leading: { text: "leading, below T − 1", make: leadingGrid },
  quadratic: { text: "quadratic", make: quadraticGrid },
};

export default {
  hint: ({ first }) =>
    first.eta === 0
      ? "Move η between 0 and 1: the marked start has one path without noise, and five with it. Then choose leading spacing with 3 steps: the walk begins at a time that is less noisy than its start."
      : "Move Steps K to 5, then choose “DDPM, variance β” under Noise of a step. Then follow another start: its five paths part as well.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const models = makeModels(mixture, readTrained(data.trained));
    const first = data.first ?? {}; // where it opens
    for (const [control, value] of Object.entries(first)) numbers([value], control);
    return { models, first, data: mixture.sample(900, generator(1)).x, walks: new Map() };
  },

  controls: ({ models, first }) => [
    choice("path", "Schedule", listed(PATHS, ["ddpm", "ddpm-cosine"])),
    modelChoice("Estimates come from", models),
    choice("variance", "Noise of a step", [["eta", "set by η"], ["beta", "DDPM, variance β"]]),
    choice("grid", "Spacing of the steps", listed(GRIDS)),
    range("eta", "η", { min: 0, max: 1, step: 0.05, value: first.eta ?? 1, show: (eta) => num(eta, 2) }),
    range("K", "Steps K", { stops: [1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100, 200], value: first.K ?? 20 }),
    range("part", "Walk, noise → data", { min: 0, max: 1, step: 0.01, value: 1, show: (part) => `${Math.round(100 * part)} %` }),
    range("start", "Start to follow", { min: 1, max: STARTS, value: first.start ?? 8 }),
    press("noise", "New noise"),
  ],

  options: ({ path, variance }, { models }) => ({
    model: modelsOn(path, models),
    eta: variance === "beta" ? [1] : Array.from({ length: 21 }, (_, i) => +(i * 0.05).toFixed(9)),
  }),
  play: { id: "part", seconds: 5 },
  height: squaresHeight,

  *work({ path, model, variance, grid, eta, K, start, noise }, world) {
    const asked = world.models[path][model];
    const rule = variance === "beta" ? partial(ancestral, { variance }) : partial(ddim, { eta });
    const key = [path, model, variance, grid, eta, K, start, noise].join();
    if (!world.walks.has(key)) {
      if (world.walks.size > 20) world.walks.clear();
      const states = [];
      world.states = states;
      const from = starts(start, noise);
      for (const state of walk(asked, from, GRIDS[grid].make(asked.path.T, K), rule, { generator: generator(9 + noise) })) {
        states.push({ t: state.t, x: state.x, x0: state.estimate?.x0 ?? state.x });
        yield;
      }
      world.walks.set(key, states);
    }
    world.states = world.walks.get(key);
  },

  paint(view, { part }, { states, data }) {
    if (!states?.length) return;
    const now = Math.round(part * (states.length - 1));
    const { t, x, x0 } = states[now];
    const titles = [t < 0 ? "states: the samples" : `states at t = ${t}`, "estimates of the clean sample"];
    squares(view).forEach((panel, side) => {
      panel.clip(() => {
        panel.points(data, { color: ROLES.data, size: 1.3, alpha: Math.min(1, 1.6 * view.faint) });
        const flat = side ? x0 : x;
        panel.points(flat.subarray(2 * FOLLOWED), { color: side ? ROLES.data : ROLES.noisy, size: 1.6, alpha: 0.4 });
        for (const [i, { color, marker }] of FAN.entries()) {
          const trail = states.slice(0, now + 1).map((state) => (side ? state.x0 : state.x).subarray(2 * i, 2 * i + 2));
          panel.line(trail.map((p) => p[0]), trail.map((p) => p[1]), { color, width: 1.5, alpha: 0.85 });
          panel.points(flat.subarray(2 * i, 2 * i + 2), { color, marker, size: 4.5, alpha: 1 });
        }
        if (side) return;
        panel.points(states[0].x.subarray(0, 2), { color: view.ink, marker: "s", size: 6, alpha: 1 });
        panel.points(states[0].x.subarray(0, 2), { color: ROLES.noise, marker: "s", size: 4, alpha: 1 });
      });
      panel.frame(titles[side]);
    });
  },

  say({ part, K, start }, { states }) {
    const now = Math.round(part * (states.length - 1));
    const { t, x } = states[now];
    const mean = [0, 1].map((d) => Array.from({ length: FOLLOWED }, (_, i) => x[2 * i + d]).reduce((a, b) => a + b) / FOLLOWED);
    const spread = Math.sqrt(Array.from({ length: 2 * FOLLOWED }, (_, i) => (x[i] - mean[i % 2]) ** 2).reduce((a, b) => a + b) / FOLLOWED);
    const from = states[0].x;
    return (
      `Start ${start} at (${num(from[0])}, ${num(from[1])}). After ${now} of ${K} ${K === 1 ? "step" : "steps"}, at ` +
      `${t < 0 ? "the data" : `t = ${t}`}, its ${FOLLOWED} continuations have the mean (${num(mean[0])}, ${num(mean[1])}) and a standard deviation of ${num(spread)} around it.`
    );
  },

  /** The start nearest to the touched point, among those that can be followed. */
  pick(px, py, view, { noise }) {
    const panel = squares(view)[0];
    if (!panel.holds(px, py)) return null;
    const [x, y] = panel.at(px, py);
    const all = normals(2 * STARTS, generator(30 + noise));
    const far = (i) => Math.hypot(all[2 * i] - x, all[2 * i + 1] - y);
    return { start: 1 + Array.from({ length: STARTS }, (_, i) => i).reduce((best, i) => (far(i) < far(best) ? i : best)) };
  },
};

/** FOLLOWED copies of the start that is followed, then the cloud, in which all possible starts are the first. */
function starts(start, noise) {
  const cloud = normals(2 * CLOUD, generator(30 + noise));
  const all = new Float64Array(2 * (FOLLOWED + CLOUD));
  for (let i = 0; i < FOLLOWED; i++) all.set(cloud.subarray(2 * start - 2, 2 * start), 2 * i);
  all.set(cloud, 2 * FOLLOWED);
  return all;
}
