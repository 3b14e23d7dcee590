// What copying.js computes. A denoiser that takes the data for a normal distribution of width h at each of n training points x_i,
// each with weight 1/n, is known exactly:
//
//   h = 0   the minimiser of the training loss, which is the empirical oracle: all that it draws are training points
//   h > 0   a kernel density: at noise level sigma / alpha it weighs the points as the empirical oracle does at the level
//           sqrt((sigma / alpha)^2 + h^2)
//
// Its flow carries N(0, I) to just that distribution, so samples are drawn from it with no solver, as x_i + h z.

import { combine, copyRatio, euler, heun, linearPath, perplexity, pointWeights, sample, walk } from "./core.js";

export const PATH = linearPath();
export const ACCUSED = 1 / 3; // d1 / d2 below which a copy detector accuses
export const HONEST = ACCUSED ** 2; // the share of honest samples of the plane that it accuses, where the points lie evenly

const [LAST, STEPS] = [1e-4, 48]; // noise level of the last point but one of a path, and its steps from level 5 to there
const NEGLIGIBLE = 40; // e^-40 is below the rounding of 1
const TYPICAL = 40; // noisy samples whose perplexity is averaged
export const SCORED = 300; // held-out points, and at most so many training points, whose log-likelihood is averaged
export const LEVELS = Array.from({ length: 31 }, (_, i) => 10 ** (0.7 - i / 10)); // of the curve of perplexities, falling
export const WIDTHS = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6]; // of the curves of likelihoods

/** The time of a noise level sigma / alpha on the straight path, and its coefficients. */
export const timeOf = (level) => 1 / (1 + level);
/** The coefficients at which the empirical oracle weighs the points as the denoiser of width h does at the time t. */
export function widened(t, h) {
  const { alpha, sigma } = PATH.coeffs(t);
  return { alpha, sigma: Math.hypot(sigma, alpha * h) };
}

/** The denoiser of width h of these points (n * 2), as a model. It has no answer at the data itself for h = 0. */
export function denoiser(points, h) {
  function estimate(x, t) {
    const [{ alpha, sigma }, wide] = [PATH.coeffs(t), widened(t, h)];
    const mean = new Float64Array(x.length);
    for (let i = 0; i < x.length / 2; i++) {
      const r = pointWeights(x, i, points, wide);
      for (let k = 0; k < r.length; k++) for (let d = 0; d < 2; d++) mean[2 * i + d] += r[k] * points[2 * k + d];
    }
    const away = combine(1, x, -alpha, mean);
    const precision = 1 / wide.sigma ** 2;
    return { x0: combine(1, mean, alpha * h ** 2 * precision, away), eps: away.map((value) => sigma * precision * value) };
  }
  return { path: PATH, dim: 2, estimate };
}

/** The places of a point on its way from a noise level to the data: Heun's rule, as many steps for each octave of noise, and at last the posterior mean. */
export function followed(model, x, level) {
  const steps = Math.ceil((STEPS * Math.log(level / LAST)) / Math.log(5 / LAST));
  const times = Array.from({ length: steps + 1 }, (_, i) => timeOf(level * (LAST / level) ** (i / steps)));
  const way = Array.from(walk(model, x, times, heun), (state) => state.x);
  return [...way, sample(model, way.at(-1), [times.at(-1), 1], euler)];
}

/** One sample for each uniform number u (N) and pair of normal numbers z (N * 2). */
export function drawn(points, h, { u, z }) {
  const n = points.length / 2;
  return z.map((value, i) => points[2 * Math.floor(n * u[i >> 1]) + (i % 2)] + h * value);
}

/** The share of samples that the detector accuses, and which: {share, accused (N)}. */
export function accusing(x, points) {
  const accused = Array.from(copyRatio(x, points), (ratio) => ratio < ACCUSED);
  return { accused, share: accused.filter(Boolean).length / accused.length };
}

/** Mean log-likelihood per point, in nats, of held-out points and of the training points; null for h = 0, where it is infinite. */
export const likelihoods = (points, h, held) => (h ? { held: meanLog(held, points, h), own: meanLog(points.subarray(0, 2 * SCORED), points, h) } : null);

/** The mean of log (1/n) sum_i N(x; x_i, h^2 I) over the points x. */
function meanLog(x, points, h) {
  const [scale, n] = [1 / (2 * h ** 2), points.length / 2];
  const squares = new Float64Array(n);
  let logs = 0;
  for (let i = 0; i < x.length; i += 2) {
    let least = Infinity;
    for (let k = 0; k < n; k++) {
      squares[k] = (x[i] - points[2 * k]) ** 2 + (x[i + 1] - points[2 * k + 1]) ** 2;
      if (squares[k] < least) least = squares[k];
    }
    let total = 0;
    for (let k = 0; k < n; k++) {
      const far = scale * (squares[k] - least);
      if (far < NEGLIGIBLE) total += Math.exp(-far);
    }
    logs += Math.log(total) - scale * least;
  }
  return logs / (x.length / 2) - Math.log(2 * Math.PI * n * h ** 2);
}

/** By noise level LEVELS, what remains at h = 0 of n points for a noisy sample: exp of the mean log perplexity. z: normal numbers. */
export function* perplexities(points, z) {
  const found = [];
  for (const level of LEVELS) {
    const x = z.subarray(0, 2 * TYPICAL).map((value, i) => points[i % points.length] + level * value);
    const logs = perplexity(x, points, { alpha: 1, sigma: level }).map(Math.log);
    found.push(Math.exp(logs.reduce((sum, log) => sum + log, 0) / TYPICAL));
    yield;
  }
  return found;
}

/** A value of that curve, between its levels, for the width h: it is the curve at the level sqrt(level^2 + h^2). */
export function between(curve, level, h) {
  const place = Math.max(0, Math.min(LEVELS.length - 1, 10 * (0.7 - Math.log10(Math.hypot(level, h)))));
  const i = Math.min(LEVELS.length - 2, Math.floor(place));
  return curve[i] ** (i + 1 - place) * curve[i + 1] ** (place - i);
}
