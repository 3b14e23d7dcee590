// Does a model copy its training set? Mirrors perplexity, collapse and copy_ratio of lib.memorisation.
//
//   r            = softmax_i(-|x_t - alpha x_i|^2 / (2 sigma^2)), the weights of the training points x_i for a noisy sample
//   perplexity   exp of the entropy of r: how many of the points still count
//   collapse     the noise level sigma / alpha at which it becomes 1, for Gaussian data
//   copy ratio   distance to the nearest point over that to the second nearest; in D dimensions honest samples fall below c with
//                probability c^D, about
//
// Points are (n * dim) numbers, row after row.

const NEGLIGIBLE = 40; // e^-40 is below the rounding of 1: a point so far behind the nearest one adds nothing

/** By how much each of the points is farther from row i of x than the nearest one is: |x_t - alpha x_i|^2 / (2 sigma^2). */
function behind(x, i, points, { alpha, sigma }, dim) {
  const far = new Float64Array(points.length / dim);
  let least = Infinity;
  for (let k = 0, j = 0; k < far.length; k++) {
    let square = 0;
    for (let d = 0; d < dim; d++, j++) square += (x[i * dim + d] - alpha * points[j]) ** 2;
    far[k] = square;
    if (square < least) least = square;
  }
  const scale = 1 / (2 * sigma ** 2);
  for (let k = 0; k < far.length; k++) far[k] = scale * (far[k] - least);
  return far;
}

/** The weights r (n) of the points for row i of x. sigma must be positive. */
export function pointWeights(x, i, points, c, dim = 2) {
  const r = behind(x, i, points, c, dim);
  let total = 0;
  for (let k = 0; k < r.length; k++) total += r[k] = r[k] < NEGLIGIBLE ? Math.exp(-r[k]) : 0;
  for (let k = 0; k < r.length; k++) r[k] /= total;
  return r;
}

/** How many of the points every noisy sample x_t may come from, between 1 and n. */
export function perplexity(x, points, c, dim = 2) {
  if (!(c.sigma > 0)) throw new Error("At sigma = 0 every sample is one point, and nothing is weighed. Take an earlier time.");
  return Float64Array.from({ length: x.length / dim }, (_, i) => {
    // -sum r log r = log total + sum far e^-far / total
    let [total, sum] = [0, 0];
    for (const far of behind(x, i, points, c, dim)) {
      if (far > NEGLIGIBLE) continue;
      const share = Math.exp(-far);
      total += share;
      sum += far * share;
    }
    return total * Math.exp(sum / total);
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
      if (square < first) {
        second = first;
        first = square;
      } else if (square < second) second = square;
    }
    return Math.sqrt(first / second);
  });
}
