// Classifier-free guidance: a model made of one model asked twice. Mirrors lib.guidance.
//
//   estimate = unconditional + scale * (conditional - unconditional)
//
// scale 0 is unconditional, 1 conditional, above 1 guided. With an interval [low, high] this holds where
// low <= sigma / alpha <= high; elsewhere the estimate is the conditional one.

import { combine } from "./prediction.js";

/** `model`, guided with strength `scale`, at the noise levels sigma / alpha of `interval` alone where one is given. */
export function guided(model, scale, interval = null) {
  const [low, high] = interval ?? [0, Infinity];
  if (!(0 <= low && low < high)) throw new Error(`interval must be (low, high) with 0 <= low < high, got (${low}, ${high}).`);

  function estimate(x, t, y = null) {
    if (y === null) throw new Error("Guidance steers towards a class: give labels y of shape (B,).");
    const conditional = model.estimate(x, t, y);
    const { alpha, sigma } = model.path.coeffs(t);
    const level = sigma / alpha; // infinite at pure noise
    if (!(low <= level && level <= high)) return conditional;
    const unconditional = model.estimate(x, t, null);
    return {
      x0: combine(1 - scale, unconditional.x0, scale, conditional.x0),
      eps: combine(1 - scale, unconditional.eps, scale, conditional.eps),
    };
  }

  return { path: model.path, dim: model.dim, estimate };
}
