// Does a model copy its training set? Mirrors perplexity, collapse and copy_ratio of lib.memorisation.
//
//   perplexity   exp of the entropy of r = softmax_i(-|x_t - alpha x_i|^2 / (2 sigma^2)): how many of the points x_i still count
//   collapse     the noise level sigma / alpha at which it becomes 1, for Gaussian data
//   copy ratio   distance to the nearest point over that to the second nearest; in D dimensions honest samples fall below c with
//                probability c^D, about
//
// Points are (n * dim) numbers, row after row.

import { pointWeights } from "./oracle.js";

/** How many of the points every noisy sample x_t may come from, between 1 and n. */
export function perplexity(x, points, c, dim = 2) {
  if (!(c.sigma > 0)) throw new Error("At sigma = 0 every sample is one point, and nothing is weighed. Take an earlier time.");
  return Float64Array.from({ length: x.length / dim }, (_, i) => {
    const entropy = pointWeights(x, i, points, c, dim).reduce((sum, r) => (r > 0 ? sum - r * Math.log(r) : sum), 0);
    return Math.exp(entropy);
  });
}

/** sigma / alpha below which one of n points of Gaussian data in `dim` dimensions is found. */
export function collapse(n, dim, variance = 1) {
  if (!(n >= 2)) throw new Error(`n must be at least 2, got ${n}.`);
  return Math.sqrt(variance / Math.expm1((2 * Math.log(n)) / dim));
}

/** d1 / d2 of every sample to its two nearest points, in [0, 1]; 0 is a copy. Points that stand twice count once. */
export function copyRatio(x, points, dim = 2) {
  const rows = Array.from({ length: points.length / dim }, (_, k) => points.slice(k * dim, (k + 1) * dim));
  const different = [...new Map(rows.map((row) => [row.join(), row])).values()];
  if (different.length < 2) throw new Error("The two nearest of the training points are asked for, and there are not two different ones.");
  const b = Float64Array.from(different.flatMap((row) => [...row]));
  return Float64Array.from({ length: x.length / dim }, (_, i) => {
    let [first, second] = [Infinity, Infinity];
    for (let k = 0; k < b.length; k += dim) {
      let square = 0;
      for (let d = 0; d < dim; d++) square += (x[i * dim + d] - b[k + d]) ** 2;
      if (square < first) [first, second] = [square, first];
      else if (square < second) second = square;
    }
    return Math.sqrt(first / second);
  });
}
