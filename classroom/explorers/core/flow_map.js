// Flow maps: one network call jumps from any time to any later one. Mirrors lib.flow_map, without what trains.
//
//   X(x; s, t) = x + (t - s) v(x; s, t)      where the point x at the time s is at the time t >= s
//   v(x; t, t) = u(x, t)                     v is the average velocity between s and t; its diagonal is the velocity

import { linspace } from "./grids.js";
import { combine, solve } from "./prediction.js";
import { rk4, sample } from "./samplers.js";

/** A net that is told two times, forward(x, [s, t], y) -> the average velocity, as a model that jumps: `mlp` with the time of `twoTimes`. */
export function flowMap(net, path) {
  const average = (x, s, t, y = null) => net.forward(x, [s, t], y);
  return {
    path,
    dim: net.dim,
    average,
    jump: (x, s, t, y = null) => combine(1, x, t - s, average(x, s, t, y)),
    estimate: (x, t, y = null) => solve("u", average(x, t, t, y), x, path.coeffs(t)),
  };
}

/** X(x; s, t) of any model by RK4: the exact map, where the model is the oracle. 4 * steps calls; s = t gives x. */
export function flow(model, x, s = 0, t = 1, y = null, { steps = 50 } = {}) {
  return s === t ? x : sample(model, x, linspace(s, t, steps + 1), rk4, { y });
}
