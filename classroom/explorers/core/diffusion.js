// The path of DDPM from its betas, and the published betas. Mirrors the schedules of lib.diffusion.
//
//   integer t in {0, ..., T-1}, larger is noisier, -1 is clean data;
//   alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar), alpha_bar_t = prod_{s <= t} (1 - beta_s)

import { linspace, trailingGrid } from "./grids.js";
import { logSnr, short } from "./prediction.js";

/** The path of DDPM from its betas. Its grid is the trailing one. */
export function discreteSchedule(betas, name = "discrete") {
  const T = betas.length;
  if (T < 1) throw new Error("betas must be one-dimensional, one for each step, got shape (0,).");
  const [low, high] = [Math.min(...betas), Math.max(...betas)];
  if (!betas.every((beta, t) => beta > 0 && (beta < 1 || (beta === 1 && t === T - 1))))
    throw new Error(
      `Every beta must lie in (0, 1), and only the last may be 1; got values from ${short(low)} to ${short(high)}. ` +
        "Were alpha_bars or alphas passed instead of betas?",
    );
  const rows = [1, ...alphaBars(betas)].map((bar) => ({ alpha: Math.sqrt(bar), sigma: Math.sqrt(1 - bar), dAlpha: null, dSigma: null }));

  function coeffs(t) {
    if (!Number.isInteger(t))
      throw new Error(
        `This clock counts steps: t must be int64 in 0 ... ${T - 1} (-1 is clean data). ` +
          "Float times in [0, 1] belong to FlowMatching and its paths.",
      );
    if (t < -1 || t >= T) throw new Error(`t must lie in -1 ... ${T - 1}, got values from ${t} to ${t}.`);
    return rows[t + 1]; // entry t + 1 belongs to time t
  }

  return { name, tNoise: T - 1, tData: -1, T, coeffs, grid: (steps) => trailingGrid(T, steps), logSnr: (t) => logSnr(coeffs(t)) };
}

function alphaBars(betas) {
  let bar = 1;
  return Array.from(betas, (beta) => (bar *= 1 - beta));
}

/** Ho et al. 2020 for T = 1000; for another T, start and end are multiplied by 1000/T, unless rescale is false. */
export function linearBetas(T, { start = 1e-4, end = 0.02, rescale = true } = {}) {
  checkT(T);
  const factor = rescale ? 1000 / T : 1;
  if (end * factor >= 1)
    throw new Error(
      `At T = ${T} the last rescaled beta is ${Number((end * factor).toPrecision(3))} >= 1. Take more steps, or cosine_betas.`,
    );
  return linspace(start * factor, end * factor, T);
}

/** Evenly spaced in sqrt(beta): Stable Diffusion's schedule. */
export function scaledLinearBetas(T = 1000, { start = 0.00085, end = 0.012 } = {}) {
  checkT(T);
  return linspace(Math.sqrt(start), Math.sqrt(end), T).map((root) => root ** 2);
}

/** Nichol & Dhariwal 2021, eq. 17: alpha_bar(t) = f(t) / f(0), f(t) = cos^2((t/T + s) / (1 + s) * pi/2), betas at most maxBeta. */
export function cosineBetas(T, { s = 0.008, maxBeta = 0.999 } = {}) {
  checkT(T);
  const f = (t) => Math.cos((((t / T + s) / (1 + s)) * Math.PI) / 2) ** 2;
  return Array.from({ length: T }, (_, t) => Math.min(1 - f(t + 1) / f(t), maxBeta));
}

/** Shift and stretch sqrt(alpha_bar) until the last is exactly 0 (Lin et al. 2024, Algorithm 1). */
export function zeroTerminalSnr(betas) {
  const roots = alphaBars(betas).map(Math.sqrt);
  const [first, last] = [roots[0], roots.at(-1)];
  const bars = roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
  return bars.map((bar, t) => 1 - (t ? bar / bars[t - 1] : bar));
}

function checkT(T) {
  if (T < 2) throw new Error(`A schedule needs T >= 2 steps, got ${T}.`);
}
