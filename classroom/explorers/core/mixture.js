// A Gaussian mixture: the one distribution whose diffusion is known exactly. Mirrors lib.mixture.
//
//   x_data ~ sum_k w_k N(m_k, diag s_k^2), x_t = alpha x_data + sigma eps   give, with tau_k = alpha^2 s_k^2 + sigma^2,
//
//   p(x_t)          = sum_k w_k N(x_t; alpha m_k, diag tau_k),   r_k = p(k | x_t)
//   E[x_data | x_t] = sum_k r_k (m_k + alpha s_k^2 / tau_k (x_t - alpha m_k))
//   E[eps | x_t]    = sum_k r_k        sigma / tau_k (x_t - alpha m_k)
//   score           = sum_k r_k           -1 / tau_k (x_t - alpha m_k)

import { NO_LABEL, checkLabels } from "./labels.js";

const CLEAN = { alpha: 1, sigma: 0 };
const NEGLIGIBLE = -40; // e^-40 is below the rounding of 1: a component so far behind the nearest one adds nothing

/** weights (M), means and variances (M * dim, row after row), labels (M; optional). Coefficients c serve the whole batch. */
export function gaussianMixture({ weights, means, variances, labels = null }) {
  const M = weights.length;
  const dim = means.length / M;
  checkMixture(weights, means, variances, dim);
  const classOf = labels === null ? new Int32Array(M) : Int32Array.from(labels);
  const classes = Math.max(...classOf) + 1;
  checkLabels(classOf, M, classes);
  const share = new Float64Array(classes); // the weight of every class
  classOf.forEach((label, k) => (share[label] += weights[k]));

  const responsibility = new Float64Array(M); // of every component, for the row at hand

  /** What depends on the noise level alone, a number for each component and axis. */
  function tablesAt({ alpha, sigma }) {
    const [tau, centre, precision] = [0, 1, 2].map(() => new Float64Array(M * dim));
    const constant = Float64Array.from(weights, Math.log);
    for (let j = 0; j < M * dim; j++) {
      tau[j] = alpha ** 2 * variances[j] + sigma ** 2;
      centre[j] = alpha * means[j];
      precision[j] = 1 / tau[j];
      constant[Math.floor(j / dim)] -= 0.5 * Math.log(2 * Math.PI * tau[j]);
    }
    return { tau, centre, precision, constant };
  }

  /** Set `responsibility` for row i of x, given its label, and return log p(x, label). */
  function weigh(x, i, label, { centre, precision, constant }) {
    let highest = -Infinity;
    for (let k = 0; k < M; k++) {
      let logit = -Infinity;
      if (label === NO_LABEL || classOf[k] === label) {
        let square = 0;
        for (let d = 0; d < dim; d++) {
          const away = x[i * dim + d] - centre[k * dim + d];
          square += away * away * precision[k * dim + d];
        }
        logit = constant[k] - 0.5 * square;
        if (logit > highest) highest = logit;
      }
      responsibility[k] = logit;
    }
    let total = 0;
    for (let k = 0; k < M; k++) {
      const behind = responsibility[k] - highest;
      responsibility[k] = behind > NEGLIGIBLE ? Math.exp(behind) : 0;
      total += responsibility[k];
    }
    for (let k = 0; k < M; k++) responsibility[k] /= total;
    return highest + Math.log(total);
  }

  /** Check a batch of points and labels; return how many there are and the label of each. */
  function rows(x, y) {
    const n = x.length / dim;
    if (!Number.isInteger(n)) throw new Error(`Expected samples of ${dim} numbers each, got ${x.length} numbers.`);
    if (y) checkLabels(y, n, classes);
    return { n, labelOf: (i) => (y ? y[i] : NO_LABEL) };
  }

  /** n clean samples and their labels: {x, y}. */
  function sample(n, generator) {
    const [x, y] = [new Float64Array(n * dim), new Int32Array(n)];
    for (let i = 0; i < n; i++) {
      const u = generator.uniform();
      let [k, below] = [0, weights[0]];
      while (below <= u && k < M - 1) below += weights[++k];
      y[i] = classOf[k];
      for (let d = 0; d < dim; d++) x[i * dim + d] = means[k * dim + d] + Math.sqrt(variances[k * dim + d]) * generator.normal();
    }
    return { x, y };
  }

  /** The log density of every point, by default of the data; given y, of p(x_t | y). */
  function logProb(x, c = CLEAN, y = null) {
    const { n, labelOf } = rows(x, y);
    const tables = tablesAt(c);
    return Float64Array.from({ length: n }, (_, i) => {
      const label = labelOf(i);
      return weigh(x, i, label, tables) - (label === NO_LABEL ? 0 : Math.log(share[label]));
    });
  }

  /** The gradient of logProb. */
  function score(x, c = CLEAN, y = null) {
    const { n, labelOf } = rows(x, y);
    const tables = tablesAt(c);
    const gradient = new Float64Array(x.length);
    for (let i = 0; i < n; i++) {
      weigh(x, i, labelOf(i), tables);
      for (let k = 0; k < M; k++) {
        if (responsibility[k] === 0) continue;
        for (let d = 0; d < dim; d++) {
          const j = k * dim + d;
          gradient[i * dim + d] -= responsibility[k] * tables.precision[j] * (x[i * dim + d] - tables.centre[j]);
        }
      }
    }
    return gradient;
  }

  /** E[x_data | x_t] and E[eps | x_t] (and y, where given). */
  function estimate(x, c, y = null) {
    const { n, labelOf } = rows(x, y);
    const tables = tablesAt(c);
    const gain = tables.precision.map((precision, j) => c.alpha * variances[j] * precision);
    const [x0, eps] = [new Float64Array(x.length), new Float64Array(x.length)];
    for (let i = 0; i < n; i++) {
      weigh(x, i, labelOf(i), tables);
      for (let k = 0; k < M; k++) {
        const r = responsibility[k];
        if (r === 0) continue;
        for (let d = 0; d < dim; d++) {
          const j = k * dim + d;
          const away = x[i * dim + d] - tables.centre[j];
          x0[i * dim + d] += r * (means[j] + gain[j] * away);
          eps[i * dim + d] += r * c.sigma * tables.precision[j] * away;
        }
      }
    }
    return { x0, eps };
  }

  return { dim, classes, weights, means, variances, labels: classOf, sample, logProb, score, estimate };
}

function checkMixture(weights, means, variances, dim) {
  if (!weights.length || !Number.isInteger(dim) || dim < 1 || variances.length !== means.length)
    throw new Error(
      `A mixture of M components in D dimensions needs weights (M,), means (M, D) and variances (M, D); got ` +
        `${weights.length}, ${means.length} and ${variances.length} numbers.`,
    );
  if (![weights, means, variances].every((list) => list.every(Number.isFinite)))
    throw new Error("Weights, means and variances must be finite; look for NaN or inf in what they were made from.");
  const sum = weights.reduce((a, b) => a + b, 0);
  if (weights.some((w) => w < 0) || Math.abs(sum - 1) > 1e-6)
    throw new Error(`Weights must be >= 0 and sum to 1, they sum to ${Number(sum.toPrecision(6))}. Divide by their sum.`);
  if (variances.some((v) => v <= 0))
    throw new Error("Variances must be positive. For a mixture of points use EmpiricalOracle.");
}
