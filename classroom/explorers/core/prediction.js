// One path, one estimate: the mathematics that DDPM and flow matching share. Mirrors lib.prediction.
//
//   Noising     x_t    = alpha * x_data + sigma * eps
//   Target      target =     a * x_data +     b * eps
//   Inference   [ alpha  sigma ] [ x0  ]   [ x_t    ]
//               [   a      b   ] [ eps ] = [ output ]     by Cramer's rule, determinant alpha*b - sigma*a
//
// A batch of n points in D dimensions is one Float64Array of n*D numbers. Coefficients are {alpha, sigma, dAlpha, dSigma}, the
// last two null on a discrete schedule; one set serves the whole batch. An estimate is {x0, eps}.

export const TARGETS = ["eps", "x0", "v", "u"];

/** a * x + b * y, the operation all of this is made of. */
export function combine(a, x, b, y) {
  const sum = new Float64Array(x.length);
  for (let i = 0; i < sum.length; i++) sum[i] = a * x[i] + b * y[i];
  return sum;
}

/** x_t = alpha * x_data + sigma * eps. */
export function addNoise(xData, eps, c) {
  return combine(c.alpha, xData, c.sigma, eps);
}

/** The velocity u = dAlpha * x0 + dSigma * eps = E[dx_t/dt | x_t] on the clock of the coefficients. */
export function velocity(estimate, c) {
  if (c.dAlpha === null)
    throw new Error(
      "A discrete schedule has no time derivative, so it has no velocity. Step with ddim, ancestral or dpmpp_2m, " +
        "or put the model on a continuous path (FlowMatching with CosinePath or VPPath).",
    );
  return combine(c.dAlpha, estimate.x0, c.dSigma, estimate.eps);
}

/** The row [a, b] with target = a * x_data + b * eps. v = alpha * eps - sigma * x_data; u is the velocity. */
export function targetRow(target, c) {
  if (target === "eps") return [0, 1];
  if (target === "x0") return [1, 0];
  if (target === "v") return [-c.sigma, c.alpha];
  if (target === "u") {
    if (c.dAlpha === null)
      throw new Error('A discrete schedule has no time derivative, so the target "u" is undefined on it. Use "v".');
    return [c.dAlpha, c.dSigma];
  }
  throw new Error(`Unknown target '${target}'. Choose one of ${TARGETS.map((name) => `'${name}'`).join(", ")}.`);
}

/** What the network is asked for. */
export function makeTarget(target, xData, eps, c) {
  const [a, b] = targetRow(target, c);
  return combine(a, xData, b, eps);
}

/** alpha*b - sigma*a: where it vanishes, (x_t, target) no longer determine (x_data, eps). */
export function determinant(target, c) {
  const [a, b] = targetRow(target, c);
  return c.alpha * b - c.sigma * a;
}

/** Undo makeTarget: from (x_t, output) to the estimate they imply. Refuses where the determinant is zero or not finite. */
export function solve(target, output, x, c) {
  const [a, b] = targetRow(target, c);
  const det = c.alpha * b - c.sigma * a;
  if (det === 0 || !Number.isFinite(det))
    throw new Error(
      `The target "${target}" is singular at a time where it was asked for (alpha*b - sigma*a is 0 or infinite): ` +
        '"eps" says nothing about the data at pure noise, "x0" nothing about the noise at clean data. ' +
        'Use "v", or a grid that keeps away from that end.',
    );
  return { x0: combine(b / det, x, -c.sigma / det, output), eps: combine(c.alpha / det, output, -a / det, x) };
}

/** lambda = 2 log(alpha / sigma). */
export const logSnr = (c) => 2 * Math.log(c.alpha / c.sigma);

/** A number as a message shows it. */
export const short = (number) => String(Number(number.toPrecision(6))); // as a message shows it
