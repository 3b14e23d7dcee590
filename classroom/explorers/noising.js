// Two moons drowning: x_t = alpha x_data + sigma eps, and the curves that say how fast.

import { cosineBetas, discreteSchedule, generator, linearBetas, linearPath, normals, scaledLinearBetas } from "./core.js";
import { ROLES } from "./palette.js";
import { readMixture } from "./payload.js";
import { choice, num, press, range } from "./stage.js";
import { pictureAndCharts } from "./view.js";

const N = 500;
const PARTS = 200; // positions of the time slider, from clean data (0) to the noisy end
const BETAS = {
  linear: { text: "linear betas", make: (T, rescale) => linearBetas(T, { rescale }) },
  cosine: { text: "cosine", make: (T) => cosineBetas(T) },
  scaled: { text: "scaled linear betas", make: (T) => scaledLinearBetas(T) },
};
const LOG_SNR = 12; // the lower chart shows log-SNR in [-LOG_SNR, LOG_SNR]

/** The curves of one choice: at `u` in [0, 1], from data to noise, {alpha, sigma}; and the variance share of the signal at each step. */
function schedule({ path, T, rescale }) {
  if (path === "flow") {
    const straight = linearPath();
    const at = (u) => straight.coeffs(1 - u);
    return { at, name: (u) => `t = ${num(1 - u, 2)}`, shares: Array.from({ length: 1000 }, (_, i) => share(at((i + 1) / 1000))) };
  }
  const steps = discreteSchedule(BETAS[path].make(T, rescale === "yes"));
  const t = (u) => Math.round(u * T) - 1;
  const at = (u) => steps.coeffs(t(u));
  const name = (u) => (t(u) < 0 ? "clean data" : `t = ${t(u)} of 0 … ${T - 1}`);
  return { at, name, shares: Array.from({ length: T }, (_, i) => share(steps.coeffs(i))) };
}

/** How much of the variance of x_t is signal; on DDPM's path this is alpha-bar. */
const share = ({ alpha, sigma }) => alpha ** 2 / (alpha ** 2 + sigma ** 2);
const below = (shares, level) => shares.filter((s) => s < level).length / shares.length;

export default {
  hint: "Press Play under linear betas and again under cosine, and watch when the moons are gone. Then set T to 50 and leave the betas unscaled: at the end the moons are still there.",

  prepare: (data) => {
    const { x } = readMixture(data.mixture).sample(N, generator(3));
    return { x, noise: normals(2 * N, generator(4)) };
  },

  controls: () => [
    range("u", "Time, from data to noise", { min: 0, max: 1, step: 1 / PARTS, value: 0.35, show: (u) => `${Math.round(100 * u)} %` }),
    choice("path", "Schedule", [...Object.entries(BETAS).map(([id, { text }]) => [id, text]), ["flow", "straight path"]]),
    choice("rescale", "Betas where T is not 1,000", [["yes", "× 1000/T"], ["no", "unscaled"]]),
    range("T", "Number of steps T", { stops: [25, 50, 100, 200, 500, 1000], value: 1000 }),
    press("noise", "New noise"),
  ],

  options: ({ path, T }) => ({
    rescale: path === "linear" && T !== 1000 ? ["yes", "no"] : ["yes"],
    T: path === "flow" ? [1000] : [25, 50, 100, 200, 500, 1000],
  }),

  play: { id: "u", seconds: 6 },
  height: (width) => pictureAndCharts(width).height,

  *work(state, world) {
    if (world.drawn !== state.noise) world.noise = normals(2 * N, generator(4 + state.noise));
    world.drawn = state.noise;
    world.schedule = schedule(state);
  },

  paint(view, state, world) {
    const { picture, top, bottom } = pictureAndCharts(view.width);
    const { at, name, shares } = world.schedule;
    const { alpha, sigma } = at(state.u);
    const panel = view.panel(picture, [-3.2, 3.2], [-3.2, 3.2]);
    panel.clip(() => {
      panel.points(world.x, { color: ROLES.data, size: 1.3, alpha: view.faint });
      panel.points(world.x.map((x, i) => alpha * x + sigma * world.noise[i]), { color: ROLES.noisy, size: 2, alpha: 0.85 });
    });
    panel.frame(`${name(state.u)}:  α = ${num(alpha, 3)},  σ = ${num(sigma, 3)}`);

    const us = Array.from({ length: PARTS + 1 }, (_, i) => i / PARTS);
    const points = us.map(at);
    const tail = 1 - below(shares, 0.01);
    const ticks = [[0, "data"], [0.5, "half way"], [1, "noise"]];
    const curves = view.panel(top, [0, 1], [0, 1.05]);
    if (tail < 1) curves.band(tail, 1, 0, 1.05, { color: ROLES.floor, alpha: 0.2 });
    curves.axes({ x: ticks, y: [[0, "0"], [0.5, "0.5"], [1, "1"]], title: "signal α and noise σ" });
    curves.line(us, points.map((c) => c.alpha), { color: ROLES.data, width: 2.2 });
    curves.line(us, points.map((c) => c.sigma), { color: ROLES.noise, width: 2.2, dash: [6, 3] });
    curves.text(0.03, 0.86, "α", { size: 14 });
    curves.text(0.03, 0.22, "σ", { size: 14 });
    if (tail < 0.93) curves.text((1 + tail) / 2, 0.5, "flat tail", { align: "center", size: 11 });

    const snr = view.panel(bottom, [0, 1], [-LOG_SNR, LOG_SNR]);
    if (tail < 1) snr.band(tail, 1, -LOG_SNR, LOG_SNR, { color: ROLES.floor, alpha: 0.2 });
    snr.axes({ x: ticks, y: [-10, 0, 10].map((v) => [v, num(v, 0)]), title: "log-SNR  λ = 2 log(α/σ)" });
    snr.clip(() => snr.line(us, points.map(logSnr), { color: ROLES.noisy, width: 2.2 }));
    snr.line([0, 1], [0, 0], { width: 1, alpha: 0.3 });
    const height = Math.max(-LOG_SNR, Math.min(LOG_SNR, logSnr({ alpha, sigma })));
    for (const [chart, low, high, dots] of [[curves, 0, 1.05, [alpha, sigma]], [snr, -LOG_SNR, LOG_SNR, [height]]]) {
      chart.line([state.u, state.u], [low, high], { width: 1, dash: [3, 3] });
      chart.points(dots.flatMap((y) => [state.u, y]), { color: view.ink, size: 4, alpha: 1 });
    }
  },

  say(state, { schedule: { at, name, shares } }) {
    const c = at(state.u);
    const end = at(1);
    const ends = end.alpha === 0 ? "no signal at all" : `signal ${end.alpha.toPrecision(3)} of the noise ${num(end.sigma, 3)}`;
    return (
      `${name(state.u)}: α = ${num(c.alpha, 3)}, σ = ${num(c.sigma, 3)}, log-SNR ${num(logSnr(c), 2)}. ` +
      `${num(100 * below(shares, 0.01), 1)} % of the steps hold less than 1 % signal (shaded), ${num(100 * below(shares, 0.001), 1)} % less than 0.1 %. At the noisy end: ${ends}.`
    );
  },
};

const logSnr = ({ alpha, sigma }) => 2 * Math.log(alpha / sigma);
