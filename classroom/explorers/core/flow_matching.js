// The paths of flow matching: a clock t in [0, 1], 0 noise, 1 data, and two curves. Mirrors those of lib.flow_matching.
//
// A path is {name, tNoise, tData, coeffs(t), grid(steps), logSnr(t)} with logSnr = 2 log(alpha / sigma). It says its label where it
// stands, as in Python; whatever lists paths asks `paths`.

import { evenGrid } from "./grids.js";
import { logSnr, short } from "./prediction.js";

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

  return { name, tNoise: 0, tData: 1, coeffs, grid: evenGrid, logSnr: (t) => logSnr(coeffs(t)) };
}

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
