// Training in the browser: a net that learns, its loss, Adam, and one generator that yields after every step. Mirrors lib.training,
// and of its neighbours what it needs: the weights and derivatives of lib.nets.mlp, denoising_loss of lib.prediction, the average of
// lib.ema.
//
//   const net = learner({ dim: 2, width: 64, depth: 3, embedDim: 64, tScale: 1000, classes: null }, simd(), 256);
//   net.begin(generator(0));
//   for (const { step, loss } of fit({ net, path: linearPath(), target: "u" }, data, 2000, { generator: generator(1) })) ...
//
// All weights are one flat array, layer after layer as torch keeps them and the table of labels last; so are their gradient, Adam's
// two moments and the average. Every array is made before the first step. The precision is that of the kernels (kernels.js).

import { roundHalfToEven } from "./grids.js";
import { fillRows, transpose } from "./kernels.js";
import { NO_LABEL, checkLabels, dropLabels } from "./labels.js";
import { determinant, targetRow } from "./prediction.js";

/** A net of lib.nets.mlp that can learn, with room for `rows` samples at once. */
export function learner({ dim = 2, width = 128, depth = 3, embedDim = 64, tScale = 1, classes = null }, kernels, rows) {
  for (const [name, size] of Object.entries({ dim, width, depth, rows, embedDim: embedDim / 2 }))
    if (!(Number.isInteger(size) && size >= 1)) throw new Error(`${name} must be a whole number of at least 1, got ${size}.`);
  const sizes = [dim + embedDim, ...Array(depth).fill(width), dim]; // numbers a sample has before the first layer, and after each
  const layers = sizes.slice(1).map((out, l) => ({ out, in: sizes[l] }));
  const lengths = [...layers.flatMap((layer) => [layer.out * layer.in, layer.out]), classes === null ? 0 : (classes + 1) * embedDim];
  const total = lengths.reduce((a, b) => a + b);
  const array = (n) => kernels.array(n);
  const [weights, gradient] = [array(total), array(total)];
  const [own, slopes] = [parts(weights), parts(gradient)];
  const flipped = layers.map((layer) => array(layer.out * layer.in)); // the weights' transposes
  const values = sizes.map((size) => array(rows * size)); // what goes into each layer, and at last the answer
  const gates = layers.slice(1).map((layer) => array(rows * layer.in)); // sigmoid(z) of every hidden z
  const errors = sizes.map((size, l) => (l || classes !== null ? array(rows * size) : null)); // the loss's derivatives by `values`
  const embed = embedder(embedDim, tScale, kernels.Real);
  const time = new kernels.Real(embedDim);

  /** The parts of a flat array: weight, bias, weight, bias, ..., labels. */
  function parts(flat) {
    let from = 0;
    return lengths.map((length) => flat.subarray(from, (from += length)));
  }

  /** Where the embedding of a label begins in the table: that of no label is the last. */
  const rowOf = (label) => (label === NO_LABEL ? classes : label) * embedDim;
  const tell = (t) => embed(t, time);

  /** The first weights, as torch draws them: U(-1, 1) / sqrt(inputs) in every layer, N(0, 1) for labels. */
  function begin(generator) {
    layers.forEach((layer, l) => {
      for (const part of [own[2 * l], own[2 * l + 1]])
        for (let i = 0; i < part.length; i++) part[i] = (2 * generator.uniform() - 1) / Math.sqrt(layer.in);
    });
    const table = own.at(-1);
    for (let i = 0; i < table.length; i++) table[i] = generator.normal();
  }

  /** Row i of the input: the sample at x[from], and beside it the embedding of the last time given to `tell`, and of its label. */
  function feed(i, x, from, label, table = own.at(-1)) {
    const [input, at] = [values[0], i * (dim + embedDim)];
    for (let d = 0; d < dim; d++) input[at + d] = x[from + d];
    const row = rowOf(label);
    for (let e = 0; e < embedDim; e++) input[at + dim + e] = classes === null ? time[e] : time[e] + table[row + e];
  }

  /** The answers to the first n rows of the input, which is values[0]; they are values.at(-1). */
  function run(n, used = own) {
    layers.forEach((layer, l) => {
      const [answer, turned] = [values[l + 1], transpose(used[2 * l], layer.out, layer.in, flipped[l])];
      fillRows(answer, n, used[2 * l + 1]);
      kernels.multiply(n, layer.out, layer.in, values[l], layer.in, 1, turned, layer.out, answer, layer.out);
      if (l < depth) silu(answer, gates[l], n * layer.out);
    });
    return values.at(-1);
  }

  /** From the loss's derivatives by the n answers, which are errors.at(-1), its gradient by all weights. */
  function back(n, y) {
    gradient.fill(0);
    for (let l = depth; l >= 0; l--) {
      const [layer, error, before] = [layers[l], errors[l + 1], errors[l]];
      addRows(error, n, slopes[2 * l + 1]);
      kernels.multiply(layer.out, layer.in, n, error, 1, layer.out, values[l], layer.in, slopes[2 * l], layer.in);
      if (!before) return; // a net without labels asks for no derivative by its input
      before.fill(0);
      kernels.multiply(n, layer.in, layer.out, error, layer.out, 1, own[2 * l], layer.in, before, layer.in);
      if (l) siluBack(before, values[l], gates[l - 1], n * layer.in);
    }
    for (let i = 0; i < n; i++) {
      const [row, at] = [rowOf(y ? y[i] : NO_LABEL), i * (dim + embedDim) + dim];
      for (let e = 0; e < embedDim; e++) slopes.at(-1)[row + e] += errors[0][at + e];
    }
  }

  /** The net with other weights, by default its own, as `learned` of learned.js takes it: one time t for the whole batch. */
  function withWeights(flat = weights) {
    const used = parts(flat);
    function forward(x, t, y = null) {
      const [n, answer] = [x.length / dim, new Float64Array(x.length)];
      if (y && classes === null)
        throw new Error("This net was built without classes and cannot use labels. Build it with classes=... or drop y.");
      if (y) checkLabels(y, n, classes);
      tell(t);
      for (let start = 0; start < n; start += rows) {
        const count = Math.min(rows, n - start);
        for (let i = 0; i < count; i++) feed(i, x, (start + i) * dim, y ? y[start + i] : NO_LABEL, used.at(-1));
        answer.set(run(count, used).subarray(0, count * dim), start * dim);
      }
      return answer;
    }
    return { dim, classes, tScale, forward };
  }

  const shown = new kernels.Real(dim); // one noisy sample
  return { dim, classes, rows, weights, gradient, error: errors.at(-1), shown, begin, tell, feed, run, back, withWeights };
}

/** embed(t, row) writes the sinusoidal embedding of t. In single precision it rounds where lib.nets.embedding does. */
export function embedder(dim, tScale, Real) {
  const half = dim / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / half));
  const [time, angle] = [new Real(2), new Real(1)]; // arrays round what is put into them
  return function embed(t, row) {
    time[0] = t;
    time[1] = tScale;
    time[0] *= time[1];
    for (let i = 0; i < half; i++) {
      angle[0] = time[0] * frequencies[i];
      row[i] = Math.sin(angle[0]);
      row[half + i] = Math.cos(angle[0]);
    }
  };
}

/** z -> z sigmoid(z), in place, and sigmoid(z) beside it. */
function silu(z, gate, length) {
  for (let i = 0; i < length; i++) z[i] *= gate[i] = 1 / (1 + Math.exp(-z[i]));
}

/** The derivative of h = z s, s = sigmoid(z), is s + h (1 - s). */
function siluBack(error, h, s, length) {
  for (let i = 0; i < length; i++) error[i] *= s[i] + h[i] * (1 - s[i]);
}

/** The sum of the first n rows, added to `sum`. */
function addRows(from, n, sum) {
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < sum.length; j++, at++) sum[j] += from[at];
}

/**
 * The mean square error of a model {net, path, target} on n samples xData, y (or null) at the times t with the noise eps, and its
 * gradient, in net.gradient: denoising_loss and its derivative. `asked` and `fed` of the model are the rows (a, b) of the target and
 * (alpha, sigma) of what the net is shown; others than these are mistakes that one can make.
 */
export function lossAndGradient({ net, path, target, asked = (c) => targetRow(target, c), fed = (c) => [c.alpha, c.sigma] }, n, xData, y, t, eps) {
  const { dim, shown, error } = net;
  if (n > net.rows) throw new Error(`This net has room for ${net.rows} samples at once, got ${n}.`);
  for (let i = 0; i < n; i++) {
    const c = path.coeffs(t[i]);
    const [a, b] = asked(c);
    const [alpha, sigma] = fed(c);
    for (let d = 0, j = i * dim; d < dim; d++, j++) {
      shown[d] = alpha * xData[j] + sigma * eps[j];
      error[j] = a * xData[j] + b * eps[j]; // what is asked for
    }
    net.tell(t[i]);
    net.feed(i, shown, 0, y ? y[i] : NO_LABEL);
  }
  const answer = net.run(n);
  let sum = 0;
  for (let j = 0; j < n * dim; j++) {
    const off = answer[j] - error[j];
    sum += off * off;
    error[j] = (2 * off) / (n * dim); // the derivative of the loss by the answer
  }
  net.back(n, y);
  return sum / (n * dim);
}

/** Adam as torch.optim.Adam computes it: step(lr) moves the weights along their gradient. */
export function adam(weights, gradient, { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = {}) {
  const [mean, square] = [weights, weights].map((like) => new like.constructor(like.length));
  let steps = 0;
  return function step(lr) {
    steps += 1;
    const [rate, root] = [lr / (1 - beta1 ** steps), Math.sqrt(1 - beta2 ** steps)];
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      mean[i] += (1 - beta1) * (g - mean[i]);
      square[i] = beta2 * square[i] + (1 - beta2) * g * g;
      weights[i] -= (rate * mean[i]) / (Math.sqrt(square[i]) / root + eps);
    }
  };
}

/** The moving average of the weights, EMA of lib.ema: {weights, update}. */
export function ema(weights, decay = 0.999) {
  if (!(decay >= 0 && decay < 1))
    throw new Error(`decay must lie in [0, 1): 0 keeps the newest weights, 0.999 averages about 1,000; got ${decay}.`);
  const average = weights.slice();
  function update() {
    for (let i = 0; i < average.length; i++) average[i] += (1 - decay) * (weights[i] - average[i]);
  }
  return { weights: average, update };
}

/** warmup_cosine: factor on the learning rate at step i of `steps`: linear warm-up, then a half cosine down to 0. */
export function warmupCosine(i, steps, warmup = 0.05) {
  const ramp = Math.max(1, roundHalfToEven(warmup * steps));
  return Math.min(1, (i + 1) / ramp) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, i / steps)));
}

/** Fill u with numbers uniform in [0, 1). */
export function uniform(u, generator) {
  for (let i = 0; i < u.length; i++) u[i] = generator.uniform();
}

/** stratified_uniform: fill u with one number uniform in each of its equal parts of [0, 1), in random order. */
export function stratifiedUniform(u, generator) {
  for (let i = 0; i < u.length; i++) {
    const other = Math.floor((i + 1) * generator.uniform()); // a shuffle from the inside out
    u[i] = u[other];
    u[other] = i;
  }
  for (let i = 0; i < u.length; i++) u[i] = (u[i] + generator.uniform()) / u.length;
}

/** The time that a number u in [0, 1) stands for on the clock of a path, as path.times of lib. */
export const timeOf = (path, u) => (path.T === undefined ? u : Math.min(Math.floor(u * path.T), path.T - 1));

/**
 * fit and minimise: train a model {net, path, target, labelDrop} for `steps` batches, which data(x, y) fills in. It yields {step, loss}, always the
 * same object. times(u, generator) is `uniform` or `stratifiedUniform`; an average is `ema(net.weights)`.
 */
export function* fit(model, data, steps, { lr = 1e-3, average = null, times = uniform, schedule = warmupCosine, generator }) {
  const { net, path, target, labelDrop = 0 } = model;
  if (determinant(target, path.coeffs(path.tNoise)) === 0)
    throw new Error(
      `A net for "${target}" cannot be sampled on this path: at pure noise, where sampling begins, the target is ` +
        'singular, and its answer says nothing of the data. Train it for "v" or "x0".',
    );
  const n = net.rows;
  const [x, eps, t, y] = [new Float64Array(n * net.dim), new Float64Array(n * net.dim), new Float64Array(n), new Int32Array(n)];
  const [move, progress] = [adam(net.weights, net.gradient), { step: 0, loss: NaN }];
  for (let step = 0; step < steps; step++) {
    data(x, y);
    times(t, generator);
    for (let i = 0; i < n; i++) t[i] = timeOf(path, t[i]);
    if (net.classes !== null) dropLabels(y, labelDrop, generator);
    for (let j = 0; j < eps.length; j++) eps[j] = generator.normal();
    const loss = lossAndGradient(model, n, x, net.classes === null ? null : y, t, eps);
    if (!Number.isFinite(loss)) throw new Error(`The loss is ${loss} at step ${step + 1}. Lower lr, and check that the data is standardised.`);
    move(lr * schedule(step, steps));
    average?.update();
    Object.assign(progress, { step: step + 1, loss });
    yield progress;
  }
}
