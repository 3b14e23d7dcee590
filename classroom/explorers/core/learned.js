// A net on a path: the `estimate` of a trained model. Mirrors lib.learned.

import { solve, targetRow } from "./prediction.js";

/** A trained net as a model: its answer to `target`, turned into the estimate it implies. */
export function learned(net, path, target) {
  targetRow(target, path.coeffs(path.tData)); // refuses an unknown target here, not at the first estimate
  return { path, dim: net.dim, estimate: (x, t, y = null) => solve(target, net.forward(x, t, y), x, path.coeffs(t)) };
}
