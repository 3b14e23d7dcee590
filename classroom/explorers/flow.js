// Left, pairs of noise and data, each on its own line. Right, particles from the same noise that follow the mean of those velocities.
// Below, where many such particles end, between a perfect sample and the noise.

import { euler, generator, normals, velocity, walk } from "./core.js";
import { FLOW_PATHS, PATHS, listed, makeModels, modelChoice, modelsOn } from "./choices.js";
import { ROLES, RULES } from "./palette.js";
import { readMarks, readMixture, readTrained } from "./payload.js";
import { RULER, choice, multiple, num, percent, press, range, ruler } from "./stage.js";
import { SQUARE, squares, squaresHeight } from "./view.js";

const N = 60;
const SIDE = 15; // arrows a side
const PACE = 0.12; // an arrow's length for velocity 1, in data units, never longer than LONGEST
const LONGEST = 0.38;

// Where the arrows stand: a lattice a little inside the square.
const FIELD = Float64Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const place = i % 2 ? Math.floor(i / 2 / SIDE) : (i / 2) % SIDE;
  return SQUARE * 0.94 * ((2 * place) / (SIDE - 1) - 1);
});

export default {
  hint: "Lower the number of steps to 1: every particle lands on the one point in the middle, because the mean of all straight lines from a point of the noise leads there.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const models = makeModels(mixture, readTrained(data.trained));
    return { mixture, models, marks: readMarks(data.marks, mixture), data: mixture.sample(900, generator(1)).x, walks: new Map(), judged: new Map() };
  },

  controls: ({ models }) => [
    choice("path", "Path", listed(PATHS, FLOW_PATHS)),
    modelChoice("Velocity from", models),
    range("t", "Time t, from noise to data", { min: 0, max: 1, step: 0.01, value: 0.6, show: (t) => num(t, 2) }),
    range("K", "Euler steps K", { stops: [1, 2, 3, 4, 5, 8, 10, 20, 50, 100], value: 100 }),
    range("N", "Particles", { stops: [1, 5, 10, 20, 30, 40, 60], value: 40 }),
    press("noise", "New noise"),
  ],

  options: ({ path }, { models }) => ({ model: modelsOn(path, models) }),
  play: { id: "t", seconds: 5 },
  height: (width) => squaresHeight(width) + RULER + 6,

  *work({ path, model, t, K, noise }, world) {
    const asked = world.models[path][model];
    const start = normals(2 * N, generator(20 + noise));
    world.start = start;
    world.pairs = world.mixture.sample(N, generator(50 + noise)).x;
    const key = [path, model, K, noise].join();
    if (!world.walks.has(key)) {
      if (world.walks.size > 40) world.walks.clear();
      const states = [];
      for (const state of walk(asked, start, asked.path.grid(K), euler, {})) {
        states.push(state);
        yield;
      }
      world.walks.set(key, states);
    }
    world.states = world.walks.get(key);
    world.arrows = velocity(asked.estimate(FIELD, t, null), asked.path.coeffs(t));
    world.found = world.judged.get(key) ?? null;
  },

  /** Where as many particles end as the marks of the ruler belong to. */
  *later({ path, model, K, noise }, world) {
    const key = [path, model, K, noise].join();
    if (!world.judged.has(key)) {
      if (world.judged.size > 100) world.judged.clear();
      const asked = world.models[path][model];
      let end;
      for (const { x } of walk(asked, normals(2 * world.marks.points, generator(20 + noise)), asked.path.grid(K), euler, {})) {
        end = x;
        yield;
      }
      world.judged.set(key, world.marks.judge(end));
    }
    world.found = world.judged.get(key);
  },

  paint(view, { path, model, t, N: shown }, world) {
    const curve = world.models[path][model].path;
    const titles = ["one line for each pair", "particles on the mean velocity"];
    const times = Array.from({ length: 41 }, (_, i) => (t * i) / 40);
    squares(view).forEach((panel, side) => {
      panel.clip(() => {
        panel.points(world.data, { color: ROLES.data, size: 1.1, alpha: view.faint });
        if (side === 1) drawField(panel, world);
        const heads = [];
        for (let i = 0; i < shown; i++) {
          const trail = side === 0 ? times.map((s) => mix(curve.coeffs(s), world, i)) : trailOf(world.states ?? [], i, t);
          panel.line(trail.map((p) => p[0]), trail.map((p) => p[1]), { color: side ? ROLES.velocity : view.ink, width: 1.2, alpha: side ? 0.9 : 0.55 });
          if (trail.length) heads.push(...trail.at(-1));
        }
        panel.points(world.start.subarray(0, 2 * shown), { color: ROLES.noise, size: 2.6, alpha: 0.9 });
        panel.points(heads, { color: t === 1 ? ROLES.data : ROLES.noisy, size: 3.4, alpha: 1 });
      });
      panel.frame(titles[side]);
    });
    const { color, marker } = RULES.euler;
    ruler(view, { x: 0, y: squaresHeight(view.width), w: view.width }, world.marks, world.found, { color, marker, what: "where they arrive at t = 1" });
  },

  say({ path, model, t, K }, world) {
    const { found, marks } = world;
    const ends = world.states;
    const ratios = Array.from({ length: N }, (_, i) => {
      const trail = ends.map(({ x }) => [x[2 * i], x[2 * i + 1]]);
      const length = trail.slice(1).reduce((sum, p, j) => sum + Math.hypot(p[0] - trail[j][0], p[1] - trail[j][1]), 0);
      return length / Math.hypot(trail.at(-1)[0] - trail[0][0], trail.at(-1)[1] - trail[0][1]);
    }).sort((a, b) => a - b);
    const { alpha, sigma } = world.models[path][model].path.coeffs(t);
    return (
      `t = ${num(t, 2)}: α = ${num(alpha, 3)}, σ = ${num(sigma, 3)}. With ${K} Euler ${K === 1 ? "step" : "steps"} on the ${PATHS[path].text}, half of the ` +
      `${N} particles travel more than ${num(ratios[N / 2], 2)} times the straight distance between their ends.` +
      (found ? ` ${marks.points} of them end ${multiple(found.times, marks)} × as far from the moons as a perfect sample, ${percent(found.off)} of them off the moons.` : "")
    );
  },
};

/** Where the pair i of noise and data is at these coefficients. */
const mix = ({ alpha, sigma }, { pairs, start }, i) => [0, 1].map((d) => alpha * pairs[2 * i + d] + sigma * start[2 * i + d]);

/** The corners of particle i's way up to time t, and the point it has reached. */
function trailOf(states, i, t) {
  const trail = [];
  for (let j = 0; j < states.length && states[j].t <= t; j++) trail.push([states[j].x[2 * i], states[j].x[2 * i + 1]]);
  const [last, next] = [states[trail.length - 1], states[trail.length]];
  if (last && next) {
    const part = (t - last.t) / (next.t - last.t);
    trail.push([0, 1].map((d) => last.x[2 * i + d] + part * (next.x[2 * i + d] - last.x[2 * i + d])));
  }
  return trail;
}

function drawField(panel, { arrows }) {
  if (!arrows) return;
  for (let i = 0; i < FIELD.length; i += 2) {
    const scale = Math.min(PACE, LONGEST / Math.hypot(arrows[i], arrows[i + 1]));
    panel.arrow(FIELD[i], FIELD[i + 1], scale * arrows[i], scale * arrows[i + 1], { color: ROLES.velocity, width: 1, head: 4, alpha: 0.45 });
  }
}
