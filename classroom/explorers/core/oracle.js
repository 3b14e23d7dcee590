// The exact answer as a model. Mirrors the Oracle of lib.oracle.

/** The exact answer as one more model: the conditional means of a mixture on a path. */
export function oracle(mixture, path) {
  return { path, dim: mixture.dim, estimate: (x, t, y = null) => mixture.estimate(x, path.coeffs(t), y) };
}
