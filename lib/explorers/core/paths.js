// A clock and two curves. Mirrors the paths of lib.flow_matching and lib.diffusion, and the spacings of lib.samplers.
//
//   linear, cosine, VP    float t in [0, 1], 0 noise, 1 data
//   discrete schedule     integer t in {0, ..., T-1}, larger is noisier, -1 is clean data;
//                         alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar), alpha_bar_t = prod_{s <= t} (1 - beta_s)
//
// A path is {name, tNoise, tData, T (discrete only), coeffs(t), grid(steps), logSnr(t)} with logSnr = 2 log(alpha / sigma). One with a
// float clock says its label where it stands, as in Python; whatever lists paths asks `paths`.

function linspace(start, end, n) {
  return Array.from({ length: n }, (_, i) => start + (end - start) * (i / (n - 1)));
}

const short = (number) => String(Number(number.toPrecision(6))); // as a message shows it

// ---- float clocks -----------------------------------------------------------------------------------------------------------

const SAID = [];

/** Let a path of this clock say what it is: make(...its numbers) returns its curves. */
function path(name, label, make) {
  const kind = Object.assign((...numbers) => unitClock(name, make(...numbers)), { facts: { name, label } });
  SAID.push(kind);
  return kind;
}

/** What makes each path of this clock, in the order of the text. */
export const paths = () => [...SAID];

function unitClock(name, curves) {
  function coeffs(t) {
    if (!(t >= 0 && t <= 1)) {
      throw new Error(`t must lie in [0, 1] (0 noise, 1 data), got values from ${short(t)} to ${short(t)}.`);
    }
    return curves(t);
  }

  function grid(steps) {
    if (steps < 1) throw new Error(`A grid needs at least one step, got ${steps}.`);
    return linspace(0, 1, steps + 1);
  }

  return { name, tNoise: 0, tData: 1, coeffs, grid, logSnr: (t) => logSnr(coeffs(t)) };
}

const logSnr = (c) => 2 * Math.log(c.alpha / c.sigma);

/** alpha = t, sigma = 1 - t: straight lines from noise to data. */
export const linearPath = path("linear", "straight", () => (t) => ({ alpha: t, sigma: 1 - t, dAlpha: 1, dSigma: -1 }));

/** alpha = sin(pi t / 2), sigma = cos(pi t / 2): variance preserving, at constant angular speed. */
export const cosinePath = path("cosine", "cosine", () => (t) => {
  const right = Math.PI / 2;
  const [alpha, sigma] = [Math.sin(right * t), Math.sin(right * (1 - t))]; // not cos: this sine is exactly 0 at the data
  return { alpha, sigma, dAlpha: right * sigma, dSigma: -right * alpha };
});

/** alpha = exp(-s^2 (betaMax - betaMin)/4 - s betaMin/2), s = 1 - t, sigma = sqrt(1 - alpha^2); dSigma is infinite at the data. */
export const vpPath = path("vp", "VP", (betaMin = 0.1, betaMax = 20) => {
  if (!(0 < betaMin && betaMin <= betaMax))
    throw new Error(`Need 0 < beta_min <= beta_max, got ${betaMin} and ${betaMax}.`);
  return (t) => {
    const s = 1 - t;
    const logAlpha = -(s ** 2) * ((betaMax - betaMin) / 4) - s * (betaMin / 2);
    const halfBeta = (betaMin + s * (betaMax - betaMin)) / 2;
    const [alpha, sigma] = [Math.exp(logAlpha), Math.sqrt(-Math.expm1(2 * logAlpha))];
    return { alpha, sigma, dAlpha: halfBeta * alpha, dSigma: (-halfBeta * alpha ** 2) / sigma };
  };
});

// ---- the clock that counts steps ---------------------------------------------------------------------------------------------

/** The path of DDPM from its betas. Its grid is the trailing one. */
export function discreteSchedule(betas, name = "discrete") {
  const T = betas.length;
  if (T < 1) throw new Error("betas must be one-dimensional, one for each step, got shape (0,).");
  const [low, high] = [Math.min(...betas), Math.max(...betas)];
  if (!betas.every((beta, t) => beta > 0 && (beta < 1 || (beta === 1 && t === T - 1))))
    throw new Error(
      `Every beta must lie in (0, 1), and only the last may be 1; got values from ${short(low)} to ${short(high)}. ` +
        "Were alpha_bars or alphas passed instead of betas?",
    );
  const rows = [1, ...alphaBars(betas)].map((bar) => ({ alpha: Math.sqrt(bar), sigma: Math.sqrt(1 - bar), dAlpha: null, dSigma: null }));

  function coeffs(t) {
    if (!Number.isInteger(t))
      throw new Error(
        `This clock counts steps: t must be int64 in 0 ... ${T - 1} (-1 is clean data). ` +
          "Float times in [0, 1] belong to FlowMatching and its paths.",
      );
    if (t < -1 || t >= T) throw new Error(`t must lie in -1 ... ${T - 1}, got values from ${t} to ${t}.`);
    return rows[t + 1]; // entry t + 1 belongs to time t
  }

  return { name, tNoise: T - 1, tData: -1, T, coeffs, grid: (steps) => trailingGrid(T, steps), logSnr: (t) => logSnr(coeffs(t)) };
}

function alphaBars(betas) {
  let bar = 1;
  return Array.from(betas, (beta) => (bar *= 1 - beta));
}

/** Ho et al. 2020 for T = 1000; for another T, start and end are multiplied by 1000/T, unless rescale is false. */
export function linearBetas(T, { start = 1e-4, end = 0.02, rescale = true } = {}) {
  checkT(T);
  const factor = rescale ? 1000 / T : 1;
  if (end * factor >= 1)
    throw new Error(
      `At T = ${T} the last rescaled beta is ${Number((end * factor).toPrecision(3))} >= 1. Take more steps, or cosine_betas.`,
    );
  return linspace(start * factor, end * factor, T);
}

/** Evenly spaced in sqrt(beta): Stable Diffusion's schedule. */
export function scaledLinearBetas(T = 1000, { start = 0.00085, end = 0.012 } = {}) {
  checkT(T);
  return linspace(Math.sqrt(start), Math.sqrt(end), T).map((root) => root ** 2);
}

/** Nichol & Dhariwal 2021, eq. 17: alpha_bar(t) = f(t) / f(0), f(t) = cos^2((t/T + s) / (1 + s) * pi/2), betas at most maxBeta. */
export function cosineBetas(T, { s = 0.008, maxBeta = 0.999 } = {}) {
  checkT(T);
  const f = (t) => Math.cos((((t / T + s) / (1 + s)) * Math.PI) / 2) ** 2;
  return Array.from({ length: T }, (_, t) => Math.min(1 - f(t + 1) / f(t), maxBeta));
}

/** Shift and stretch sqrt(alpha_bar) until the last is exactly 0 (Lin et al. 2024, Algorithm 1). */
export function zeroTerminalSnr(betas) {
  const roots = alphaBars(betas).map(Math.sqrt);
  const [first, last] = [roots[0], roots.at(-1)];
  const bars = roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
  return bars.map((bar, t) => 1 - (t ? bar / bars[t - 1] : bar));
}

function checkT(T) {
  if (T < 2) throw new Error(`A schedule needs T >= 2 steps, got ${T}.`);
}

// ---- spacings of a discrete clock 0 ... T-1, always ending on -1, the clean data ----------------------------------------------

/** T-1 and then evenly down: 999, 749, 499, 249, -1 for 4 steps of T = 1000. */
export function trailingGrid(T, steps) {
  checkSteps(T, steps);
  return [...countdown(steps).map((i) => roundHalfToEven(((i + 1) * T) / steps) - 1), -1];
}

/** Multiples of T // steps, ending on 0: 750, 500, 250, 0, -1. */
export function leadingGrid(T, steps) {
  checkSteps(T, steps);
  return [...countdown(steps).map((i) => i * Math.floor(T / steps)), -1];
}

/** Squares of evenly spaced numbers up to 0.8 T; where they would repeat near 0, consecutive times. */
export function quadraticGrid(T, steps) {
  checkSteps(T, steps);
  // In whole numbers: i/(steps - 1) of sqrt(0.8 T), squared, is often one itself, and a root rounded off would fall below it.
  const square = (i) => (steps > 1 ? Math.floor((4 * T * i ** 2) / (5 * (steps - 1) ** 2)) : Math.floor((4 * T) / 5));
  return [...countdown(steps).map((i) => Math.max(square(i), i)), -1];
}

const countdown = (n) => Array.from({ length: n }, (_, i) => n - 1 - i);

/** As torch rounds: 2.5 to 2 and 3.5 to 4. */
function roundHalfToEven(number) {
  const up = Math.round(number);
  return up - number === 0.5 && up % 2 ? up - 1 : up;
}

function checkSteps(T, steps) {
  if (!(1 <= steps && steps <= T))
    throw new Error(`A schedule of T = ${T} steps can be walked in 1 to ${T} steps, got ${steps}.`);
}
