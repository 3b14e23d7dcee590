// The exact answer as a model. Mirrors lib.oracle.

/** The exact answer as one more model: the conditional means of a mixture on a path. */
export function oracle(mixture, path) {
  return { path, dim: mixture.dim, estimate: (x, t, y = null) => mixture.estimate(x, path.coeffs(t), y) };
}

/**
 * The conditional means when the data is these points (n * dim), each equally likely and without labels. Its samples are the points.
 * At sigma = 0 it answers x0 = x / alpha, eps = 0.
 */
export function empiricalOracle(points, path, dim = 2) {
  if (!points.length) throw new Error("The dataset is empty: there is no point to return to.");
  if (!points.every(Number.isFinite)) throw new Error("The data has NaN or infinite values. Remove or repair those samples first.");

  function estimate(x, t) {
    const c = path.coeffs(t);
    const eps = new Float64Array(x.length);
    if (c.sigma === 0) return { x0: Float64Array.from(x, (value) => value / c.alpha), eps };
    const x0 = new Float64Array(x.length);
    for (let i = 0; i < x.length / dim; i++) {
      const r = pointWeights(x, i, points, c, dim);
      for (let d = 0; d < dim; d++) {
        const j = i * dim + d;
        for (let k = 0; k < r.length; k++) x0[j] += r[k] * points[k * dim + d];
        eps[j] = (x[j] - c.alpha * x0[j]) / c.sigma;
      }
    }
    return { x0, eps };
  }

  return { path, dim, estimate };
}

/** r = softmax_k(-|x_t - alpha x_k|^2 / (2 sigma^2)), the weights (n) of the points for row i of x. sigma must be positive. */
export function pointWeights(x, i, points, { alpha, sigma }, dim) {
  const r = new Float64Array(points.length / dim);
  let least = Infinity;
  for (let k = 0; k < r.length; k++) {
    let square = 0;
    for (let d = 0; d < dim; d++) square += (x[i * dim + d] - alpha * points[k * dim + d]) ** 2;
    r[k] = square;
    if (square < least) least = square;
  }
  let total = 0;
  for (let k = 0; k < r.length; k++) total += r[k] = Math.exp((least - r[k]) / (2 * sigma ** 2));
  for (let k = 0; k < r.length; k++) r[k] /= total;
  return r;
}
