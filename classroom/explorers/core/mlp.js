// The network of the two-moons chapters: a plain multilayer perceptron that is told the time, and the class if there is one.
// Mirrors lib.nets.mlp.
//
//   output   = W_n silu(... silu(W_1 [x, embed(t) + label] + b_1) ...) + b_n

import { embedding } from "./embedding.js";
import { NO_LABEL, checkLabels } from "./labels.js";

/**
 * layers: [{weight, bias, out, in}], weights row after row as torch keeps them; labels: the label table, (classes + 1) * embedDim
 * numbers whose last row is "no label", or null for a net without classes. forward(x, t, y): one time t for the whole batch. `time`
 * embeds it; that of `twoTimes` takes [s, t] in its place.
 */
export function mlp({ dim, embedDim, tScale, layers, labels = null, time = (t) => embedding(t, embedDim, tScale) }) {
  const [first, ...rest] = layers;
  const classes = labels === null ? null : labels.length / embedDim - 1;
  checkLayers(dim, embedDim, layers, classes);

  /** The first layer on the embedding alone: the same for every sample of a class, so it is computed once. */
  function firstLayer(embedded, label) {
    const row = classes === null ? 0 : (label === NO_LABEL ? classes : label) * embedDim;
    return Float64Array.from(first.bias, (bias, o) => {
      let sum = bias;
      for (let e = 0; e < embedDim; e++) {
        sum += first.weight[o * first.in + dim + e] * (embedded[e] + (classes === null ? 0 : labels[row + e]));
      }
      return sum;
    });
  }

  function forward(x, t, y = null) {
    const n = x.length / dim;
    if (y && classes === null)
      throw new Error("This net was built without classes and cannot use labels. Build it with classes=... or drop y.");
    if (y) checkLabels(y, n, classes);
    const embedded = time(t);
    const started = new Map();
    let hidden = new Float64Array(n * first.out);
    for (let i = 0; i < n; i++) {
      const label = y ? y[i] : NO_LABEL;
      if (!started.has(label)) started.set(label, firstLayer(embedded, label));
      const start = started.get(label);
      for (let o = 0; o < first.out; o++) {
        let sum = start[o];
        for (let d = 0; d < dim; d++) sum += first.weight[o * first.in + d] * x[i * dim + d];
        hidden[i * first.out + o] = sum;
      }
    }
    for (const layer of rest) hidden = linear(layer, silu(hidden), n);
    return hidden;
  }

  return { dim, classes, tScale, forward };
}

function silu(x) {
  for (let i = 0; i < x.length; i++) x[i] /= 1 + Math.exp(-x[i]);
  return x;
}

/**
 * x (n rows) times the transposed weight, plus the bias: nearly all of a net's time. Two outputs of four rows at once, so that every
 * number fetched is used several times and no sum waits for another. Past an end the last row or output is computed again.
 */
function linear({ weight, bias, out, in: width }, x, n) {
  const result = new Float64Array(n * out);
  for (let i = 0; i < n; i += 4) {
    const [a, b, c, d] = [i, Math.min(i + 1, n - 1), Math.min(i + 2, n - 1), Math.min(i + 3, n - 1)];
    const [xa, xb, xc, xd] = [a * width, b * width, c * width, d * width];
    for (let o = 0; o < out; o += 2) {
      const p = Math.min(o + 1, out - 1);
      const wo = o * width;
      const wp = p * width;
      let oa = bias[o], ob = oa, oc = oa, od = oa; // the sum of output o and row a, and so on
      let pa = bias[p], pb = pa, pc = pa, pd = pa;
      for (let j = 0; j < width; j++) {
        const u = weight[wo + j];
        const v = weight[wp + j];
        oa += u * x[xa + j];
        ob += u * x[xb + j];
        oc += u * x[xc + j];
        od += u * x[xd + j];
        pa += v * x[xa + j];
        pb += v * x[xb + j];
        pc += v * x[xc + j];
        pd += v * x[xd + j];
      }
      result[a * out + o] = oa;
      result[b * out + o] = ob;
      result[c * out + o] = oc;
      result[d * out + o] = od;
      result[a * out + p] = pa;
      result[b * out + p] = pb;
      result[c * out + p] = pc;
      result[d * out + p] = pd;
    }
  }
  return result;
}

function checkLayers(dim, embedDim, layers, classes) {
  let width = dim + embedDim;
  for (const { weight, bias, out, in: size } of layers) {
    if (size !== width || weight.length !== out * size || bias.length !== out)
      throw new Error(`A layer of ${out} x ${size} cannot take ${width} numbers, or has another number of weights or biases.`);
    width = out;
  }
  if (width !== dim) throw new Error(`The last layer answers ${width} numbers for points of ${dim}.`);
  if (classes !== null && !Number.isInteger(classes)) throw new Error(`Every label needs a row of ${embedDim} numbers.`);
}
