// From noise to data: one loop, many step rules. Mirrors lib.samplers.
//
//   ddim       x_s = alpha_s x0 + sqrt(sigma_s^2 - std^2) eps + std z,      std = eta * (posterior standard deviation)
//   ancestral  ddim with eta = 1, or with the variance of q(x_t | x_s)
//   euler      x_s = x_t + (s - t) u(x_t, t);   heun and rk4: the Runge-Kutta rules of second and fourth order
//   dpmpp2m    DDIM with x0 extrapolated from the last two estimates, linearly in log(alpha / sigma)
//
// A rule is a function of a step {model, y, t, s, h, cT, cS, x, estimate, before, generator} that returns the points at s; before
// is {t, c, estimate} of the step before, or null. As in Python a rule says what it is where it stands: {name, label, calls, order,
// velocity: "start", "end" or null}. Whatever lists rules asks `rules`.

import { combine, velocity } from "./prediction.js";
import { generator as seeded, normals } from "./seeding.js";

const SAID = [];

/** Let a rule say what it is. */
function rule(name, { label, calls = 1, order = null, velocity = null }, move) {
  SAID.push(Object.assign(move, { facts: { name, label, calls, order, velocity } }));
  return move;
}

/** Every rule, in the order of the text. */
export const rules = () => [...SAID];

/** What a rule says of itself. One that says nothing makes one call a step. */
export const facts = (rule) => rule.facts ?? { name: "a rule", label: "a rule", calls: 1, order: null, velocity: null };

/** The rule with options bound to it: partial(ddim, {eta: 1}). */
export const partial = (rule, options) => Object.assign((step) => rule(step, options), { facts: facts(rule) });

// ---- deterministic rules that integrate dx/dt = u(x, t): they need a path with derivatives ------------------------------------

const slope = ({ model, y }, x, t) => velocity(model.estimate(x, t, y), model.path.coeffs(t));

/** First order: follow the velocity at t. */
export const euler = rule("euler", { label: "Euler", order: 1, velocity: "start" }, ({ x, h, estimate, cT }) => combine(1, x, h, velocity(estimate, cT)));

/** Second order, two calls: average the velocities at both ends. */
export const heun = rule("heun", { label: "Heun", calls: 2, order: 2, velocity: "end" }, (step) => {
  const { x, h, s, estimate, cT } = step;
  const k1 = velocity(estimate, cT);
  const k2 = slope(step, combine(1, x, h, k1), s);
  return x.map((value, i) => value + (h / 2) * (k1[i] + k2[i]));
});

/** Fourth order, four calls: the classical Runge-Kutta rule. */
export const rk4 = rule("rk4", { label: "RK4", calls: 4, order: 4, velocity: "end" }, (step) => {
  const { x, h, t, s, estimate, cT } = step;
  const middle = (t + s) / 2;
  const k1 = velocity(estimate, cT);
  const k2 = slope(step, combine(1, x, h / 2, k1), middle);
  const k3 = slope(step, combine(1, x, h / 2, k2), middle);
  const k4 = slope(step, combine(1, x, h, k3), s);
  return x.map((value, i) => value + (h / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
});

// ---- rules that use alpha and sigma only: they work on every path -------------------------------------------------------------

/** eta = 0 is deterministic, eta = 1 is ancestral. */
export const ddim = rule("ddim", { label: "DDIM", order: 1 }, (step, { eta = 0 } = {}) => {
  if (!(0 <= eta && eta <= 1))
    throw new Error(`eta must lie in [0, 1] (0 deterministic, 1 as noisy as DDPM), got ${eta}.`);
  const std = eta * Math.sqrt(posteriorVariance(step.cT, step.cS));
  return moved(step, std ** 2, std);
});

/** A step of DDPM. variance: "beta_tilde", the posterior's own, or "beta", that of q(x_t | x_s). No noise in the last step. */
export const ancestral = rule("ancestral", { label: "Ancestral" }, (step, { variance = "beta_tilde" } = {}) => {
  if (variance !== "beta_tilde" && variance !== "beta")
    throw new Error(`variance must be "beta_tilde" or "beta", got '${variance}'.`);
  const posterior = posteriorVariance(step.cT, step.cS);
  const wide = variance === "beta" && step.cS.sigma > 0;
  return moved(step, posterior, Math.sqrt(wide ? transitionVariance(step.cT, step.cS) : posterior));
});

/** alpha_s x0 + sqrt(sigma_s^2 - removed) eps, plus noise of standard deviation std. */
function moved({ cS, x, estimate, generator }, removed, std) {
  const mean = combine(cS.alpha, estimate.x0, Math.sqrt(Math.max(cS.sigma ** 2 - removed, 0)), estimate.eps);
  return std ? combine(1, mean, std, normals(x.length, generator)) : mean;
}

/** DPM-Solver++(2M). Where a log-SNR is infinite there is nothing to extrapolate with, and the step is a DDIM step. */
export const dpmpp2m = rule("dpmpp_2m", { label: "DPM-Solver++ 2M", order: 2 }, ({ x, cT, cS, estimate, before }) => {
  let x0 = estimate.x0;
  if (before) {
    const [h, hBefore] = [halfLogSnr(cS) - halfLogSnr(cT), halfLogSnr(cT) - halfLogSnr(before.c)];
    if (Number.isFinite(h) && Number.isFinite(hBefore)) {
      const forward = h / (2 * hBefore);
      x0 = combine(1 + forward, x0, -forward, before.estimate.x0);
    }
  }
  const ratio = cS.sigma / cT.sigma;
  return combine(ratio, x, cS.alpha - ratio * cT.alpha, x0);
});

const halfLogSnr = (c) => Math.log(c.alpha / c.sigma);

/** Variance of q(x_t | x_s), s nearer the data. On a DDPM schedule, beta_t. */
function transitionVariance(cT, cS) {
  return Math.max(cT.sigma ** 2 - ((cT.alpha / cS.alpha) * cS.sigma) ** 2, 0);
}

/** Variance of q(x_s | x_t, x_data). On a DDPM schedule, beta-tilde_t. */
function posteriorVariance(cT, cS) {
  return transitionVariance(cT, cS) * (cS.sigma / cT.sigma) ** 2;
}

// ---- the loop -----------------------------------------------------------------------------------------------------------------

/** Yield {t, x, estimate} at every point of the grid, starting with x at grid[0]; the estimate is null at the last point. */
export function* walk(model, x, grid, rule, { y = null, generator = seeded(Math.random() * 2 ** 32) } = {}) {
  const coeffs = checkWalk(model.path, x, grid, rule);
  let before = null;
  for (let i = 0; i + 1 < grid.length; i++) {
    const [t, s, cT, cS] = [grid[i], grid[i + 1], coeffs[i], coeffs[i + 1]];
    const estimate = model.estimate(x, t, y);
    yield { t, x, estimate };
    x = rule({ model, y, t, s, h: s - t, cT, cS, x, estimate, before, generator });
    before = { t, c: cT, estimate };
  }
  yield { t: grid.at(-1), x, estimate: null };
}

/** The points at the end of a walk. */
export function sample(model, x, grid, rule, options) {
  let end;
  for (end of walk(model, x, grid, rule, options));
  return end.x;
}

/** Network calls a step of the rule. */
export const callsAStep = (rule) => facts(rule).calls;

/** Refuse what cannot be walked, before anything is computed, and return the coefficients of every grid point. */
function checkWalk(path, x, grid, rule) {
  if (grid.length < 2)
    throw new Error(`A grid is one-dimensional with at least two points (one step), got shape (${grid.length},).`);
  const towards = Math.sign(path.tData - path.tNoise);
  for (let i = 0; i + 1 < grid.length; i++) {
    if (!((grid[i + 1] - grid[i]) * towards > 0))
      throw new Error(`A grid must move strictly towards the data, from ${path.tNoise} to ${path.tData}.`);
  }
  if (!x.every(Number.isFinite)) throw new Error("The starting points have NaN or infinite values.");
  const coeffs = Array.from(grid, (t) => path.coeffs(t));
  const { name, velocity: looks } = facts(rule);
  if (looks !== null) {
    if (coeffs[0].dAlpha === null)
      throw new Error(
        `${name} follows a velocity, and a discrete schedule has no time derivative. ` +
          "Use ddim, its counterpart on a schedule (or ancestral, dpmpp_2m).",
      );
    const visited = looks === "end" ? coeffs : coeffs.slice(0, -1);
    if (!visited.every(({ dAlpha, dSigma }) => Number.isFinite(dAlpha) && Number.isFinite(dSigma)))
      throw new Error(
        `${name} looks at a grid point where this path's velocity is infinite. ` +
          "Use euler, ddim or dpmpp_2m, which do not look at the last point, or end the grid a little before it.",
      );
  }
  return coeffs;
}
