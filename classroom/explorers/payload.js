// What Python hands over, checked before anything is computed with it.

import { PATHS } from "./choices.js";
import { gaussianMixture, generator, learned, mlp, quantiles, shareOff, slicedWasserstein } from "./core.js";

/** A list of finite numbers, of the given length where one is given. */
export function numbers(value, name, length = value?.length) {
  if (!Array.isArray(value) || value.length === 0 || value.length !== length || !value.every(Number.isFinite))
    throw new Error(`${name} is no list of ${length ?? "finite"} numbers`);
  return Float64Array.from(value);
}

/** Half-precision numbers in base64, little-endian. */
export function halves(text, name, length) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (bytes.length !== 2 * length) throw new Error(`${name} holds ${bytes.length / 2} numbers instead of ${length}`);
  const bits = new DataView(bytes.buffer);
  return numbers(Array.from({ length }, (_, i) => half(bits.getUint16(2 * i, true))), name);
}

/** Sixteen grey levels, 0 ... 15, in base64: two a byte, the first in the high half. */
export function levels(text, name, count) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (bytes.length !== Math.ceil(count / 2)) throw new Error(`${name} holds ${2 * bytes.length} values instead of ${count}`);
  return Uint8Array.from({ length: count }, (_, i) => (i % 2 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4));
}

function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return NaN;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** The Gaussian mixture of a payload: {weights, means, variances, labels}, flat lists. */
export function readMixture(data) {
  const weights = numbers(data?.weights, "weights");
  const [means, variances] = [data.means, data.variances].map((list, i) => numbers(list, ["means", "variances"][i], 2 * weights.length));
  return gaussianMixture({ weights, means, variances, labels: numbers(data.labels, "labels", weights.length) });
}

const REFERENCE = 4; // so many times more points judge a sample, as in lib.trained.k_budget

/**
 * What a sample's quality is read beside: the distance that a perfect sample of as many points scores (floor: mean and sd), that of
 * the best Gaussian and of the noise, and their shares of points off the data. judge(x) measures a sample against `target`; `times`
 * is its distance in units of the floor.
 */
export function readMarks(data, mixture) {
  const [floor, gaussian, nothing] = ["floor", "gaussian", "nothing"].map((name) => numbers(data?.[name], name, 2));
  const [points, edge] = numbers([data.points, data.edge], "points and edge", 2);
  const off = numbers(data.off, "off", 3);
  const target = mixture.sample(REFERENCE * points, generator(1)).x;
  const reference = quantiles(target);
  return {
    points,
    target,
    floor: { mean: floor[0], sd: floor[1], off: off[0] },
    spread: [Math.max(1 - (2 * floor[1]) / floor[0], 0.1), 1 + (2 * floor[1]) / floor[0]], // of perfect samples, in floors
    gaussian: { times: gaussian[0] / floor[0], off: off[1] },
    nothing: { times: nothing[0] / floor[0], off: off[2] },
    judge(x) {
      const distance = slicedWasserstein(x, reference);
      return { distance, times: distance / floor[0], off: shareOff(x, mixture, edge) };
    },
  };
}

const TRAINED = ["linear", "ddpm"]; // the paths for which Python hands over nets

/** Trained nets of a payload, {path id: {shape, embed, scale, classes, target, weights}} -> {path id: model}. */
export function readTrained(data) {
  if (data === null || typeof data !== "object") throw new Error("trained is no table of nets");
  return Object.fromEntries(
    Object.entries(data).map(([id, net]) => {
      if (!TRAINED.includes(id)) throw new Error(`there is no path ${id} for a trained net`);
      return [id, learned(readNet(net), PATHS[id].make(), net.target)];
    }),
  );
}

/** shape [in, width, ..., out]; all weights and biases layer after layer, and then the table of labels, as half-precision numbers. */
function readNet({ shape, embed, scale, classes, weights }) {
  numbers(shape, "shape");
  numbers([embed, scale, classes], "embed, scale and classes");
  const sizes = shape.slice(1).flatMap((out, i) => [out * shape[i], out]);
  const parts = classes ? [...sizes, (classes + 1) * embed] : sizes;
  const all = halves(weights, "weights", parts.reduce((a, b) => a + b));
  let from = 0;
  const arrays = parts.map((length) => all.subarray(from, (from += length)));
  const layers = shape.slice(1).map((out, i) => ({ weight: arrays[2 * i], bias: arrays[2 * i + 1], out, in: shape[i] }));
  return mlp({ dim: shape.at(-1), embedDim: embed, tScale: scale, layers, labels: classes ? arrays.at(-1) : null });
}
