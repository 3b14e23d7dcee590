// What a noisy point says of the components of a mixture, one by one.

import { gaussianMixture } from "./core.js";

/** The mixture with each component a class of its own: then p(x_t | k) and E[x | x_t, k] are those of a label. */
export const apart = ({ weights, means, variances }) => gaussianMixture({ weights, means, variances, labels: weights.map((_, k) => k) });

/** Of one noisy point: responsibilities r (M), and given each component, E[x | x_t, k] and E[eps | x_t, k] (M * 2). `parts`: apart(mixture). */
export function given(mixture, parts, at, c) {
  const every = Float64Array.from({ length: 2 * parts.weights.length }, (_, i) => at[i % 2]);
  const [logOf, all] = [parts.logProb(every, c, parts.labels), mixture.logProb(at, c)[0]];
  return { r: parts.weights.map((weight, k) => weight * Math.exp(logOf[k] - all)), ...parts.estimate(every, c, parts.labels) };
}

/** One draw for each pair of normal numbers z (n * 2): of a component, as often as r says, its centre and sd (M * 2) times z. */
export function draws(r, centres, sd, z) {
  const [n, found] = [z.length / 2, new Float64Array(z.length)];
  // Evenly spaced shares in place of random ones, so that the draws follow the point smoothly.
  for (let i = 0, k = 0, below = r[0]; i < n; i++) {
    while (below < (i + 0.5) / n && k < r.length - 1) below += r[++k];
    for (const d of [0, 1]) found[2 * i + d] = centres[2 * k + d] + sd[2 * k + d] * z[2 * i + d];
  }
  return found;
}
