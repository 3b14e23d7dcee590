// How much the exact answer leaves open: the variance of the clean data, given the noisy one. With the responsibilities r_k and tau_k of
// core/mixture.js, and m_k + gain_k (x_t - alpha m_k) what component k expects,
//
//   Var[x_data | x_t] = sum_k r_k (s_k^2 sigma^2 / tau_k + (what k expects - E[x_data | x_t])^2)      on each axis
//
// It makes every loss exact at a point. For a target a x_data + b eps, eps = (x_t - alpha x_data) / sigma, so given x_t the target is
// (a - b alpha / sigma) x_data and what is known, and the least loss there is (a - b alpha / sigma)^2 Var[x_data | x_t].

const NOTHING = -40; // of a log weight: beside the largest it adds nothing

/** The mean over the axes of Var[x_data | x_t] (and y, a class a row or -1 for none, where given) for every row of x: Float64Array (n). */
export function posteriorVariance({ dim, weights, means, variances, labels }, x, { alpha, sigma }, y = null) {
  const M = weights.length;
  const [tau, gain, own] = [0, 1, 2].map(() => new Float64Array(M * dim));
  const constant = Float64Array.from(weights, Math.log);
  for (let j = 0; j < M * dim; j++) {
    tau[j] = alpha ** 2 * variances[j] + sigma ** 2;
    gain[j] = (alpha * variances[j]) / tau[j];
    own[j] = (variances[j] * sigma ** 2) / tau[j];
    constant[Math.floor(j / dim)] -= 0.5 * Math.log(tau[j]);
  }
  const [r, found] = [new Float64Array(M), new Float64Array(x.length / dim)];
  const away = (i, k, d) => x[dim * i + d] - alpha * means[dim * k + d];
  for (let i = 0; i < found.length; i++) {
    const open = (k) => !y || y[i] < 0 || labels[k] === y[i];
    let [highest, total] = [-Infinity, 0];
    for (let k = 0; k < M; k++) {
      r[k] = open(k) ? constant[k] : -Infinity;
      for (let d = 0; d < dim; d++) r[k] -= (0.5 * away(i, k, d) ** 2) / tau[dim * k + d];
      if (r[k] > highest) highest = r[k];
    }
    for (let k = 0; k < M; k++) total += r[k] = r[k] - highest > NOTHING ? Math.exp(r[k] - highest) : 0;
    for (let d = 0; d < dim; d++) {
      const expects = (k) => means[dim * k + d] + gain[dim * k + d] * away(i, k, d);
      let [mean, spread] = [0, 0];
      for (let k = 0; k < M; k++) if (r[k]) mean += (r[k] / total) * expects(k);
      for (let k = 0; k < M; k++) if (r[k]) spread += (r[k] / total) * (own[dim * k + d] + (expects(k) - mean) ** 2);
      found[i] += spread / dim;
    }
  }
  return found;
}
