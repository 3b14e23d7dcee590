// The engine at work, in a worker or on the page: it takes messages, works in slices, and posts what comes of it.
//
//   taken    {type: "reset", recipe, keep}      make the net of a recipe (below), at step 0, not running; keep: put the one before it aside
//            {type: "back"}                     take the net that was put aside, as it was left; the present one is put aside
//            {type: "start"}, {type: "pause"}   train on, and stop
//            {type: "step", steps}              train so many steps
//            {type: "sample", id, ...}          samples of the net: {points or start, calls, rule, options, scale, interval, label, seed, average, frames}
//            {type: "estimate", id, x, t, y}    what the net says at points x at the time t: for a map of its field
//            {type: "load", name, packed}       a transformer, as classroom/explorers/shipped.py packs it
//            {type: "draw", id, ...}            its images: {labels, calls, rule, options, scale, interval, seed, start, parts, look, frames}
//            {type: "cancel", id}               forget what this id asked for
//   posted   {type: "hello", kernels}           once, when it is ready to take messages
//            {type: "ready", weights, steps, step}    after a reset, or back
//            {type: "progress", step, steps, losses, rate, running}   ten times a second: the losses since the last one, steps a second
//            {type: "sample", id, i, calls, t, x, step, done}         the last state, or each one where frames are asked for
//            {type: "estimate", id, x0, eps, step}, {type: "loaded", name, sizes}
//            {type: "image", id, i, calls, t, x, maps, done}          maps: attention, (depth, heads, N, N) of the image `look`
//            {type: "error", id, message}       in a sentence for the reader; training has stopped where it was training that failed
//
// scale, interval: those of core/guidance.js; without an interval, [low, high] of sigma / alpha, guidance holds at all times.
// Arrays that are posted are handed over, not copied. Sampling goes before training, one call of the net at a time.

import * as core from "./core.js";

const EVERY = 100; // milliseconds between two reports of progress
const LASTING = 2000; // milliseconds of training over which its rate is averaged, so that the number can be read

/**
 * A recipe: {sizes: {width, depth, embedDim, tScale, classes}, clock: {path, numbers} or {betas}, target, data: a mixture's {weights,
 * means, variances, labels}, batch, steps, lr, decay, stratified, labelDrop, seed, mistake: null, "sign of v" or "x_data for x_t"}.
 */
const DEFAULTS = { batch: 256, steps: 2000, lr: 1e-3, decay: 0.99, stratified: true, labelDrop: 0.1, seed: 0, mistake: null };

/** What is fed to the net, and what is asked of it, by those who make a classic mistake. */
const MISTAKES = {
  __proto__: null, // only what stands here has a name
  "sign of v": { asked: ({ alpha, sigma }) => [sigma, -alpha] },
  "x_data for x_t": { fed: () => [1, 0] },
};

/** post(message, buffers to hand over) is how it answers. Returns {receive, work}: work(ms) says whether there is more to do. */
export function session(post) {
  const makeKernels = () => (core.hasSimd() ? core.simd() : core.plain(Float32Array));
  const pictures = makeKernels();
  const jobs = new Map(); // generators of samples and images, by the id that asked
  let [training, aside, transformer, told] = [null, null, null, 0];

  const actions = {
    __proto__: null,
    reset({ recipe, keep = false }) {
      const gone = keep ? aside : training; // whose memory the new net takes
      if (keep) aside = training;
      training = null;
      const kernels = gone?.kernels ?? makeKernels();
      kernels.release();
      training = begin({ ...DEFAULTS, ...recipe }, kernels);
      ready();
    },
    back() {
      [training, aside] = [needed(aside, "No net has been put aside."), training];
      training.left = 0;
      ready();
    },
    start: () => run(Infinity),
    pause: () => run(0),
    step: ({ steps = 1 }) => run(steps),
    sample: (message) => jobs.set(message.id, samples(needed(training, "Make a net first: reset."), message)),
    estimate({ id, x, t, y = null, average = true }) {
      const { x0, eps } = modelOf(needed(training, "Make a net first: reset."), average).estimate(x, t, y);
      post({ type: "estimate", id, x0, eps, step: training.step }, [x0.buffer, eps.buffer]);
    },
    load({ name, packed }) {
      pictures.release();
      transformer = null;
      const { t_scale, ...sizes } = packed.sizes;
      const net = core.dit({ ...sizes, tScale: t_scale }, core.unpackWeights(packed), pictures);
      transformer = { net, target: packed.target };
      post({ type: "loaded", name, sizes: packed.sizes });
    },
    draw: (message) => jobs.set(message.id, images(needed(transformer, "Load a transformer first."), message)),
    cancel: ({ id }) => jobs.delete(id),
  };

  const ready = () => post({ type: "ready", weights: training.net.weights.length, steps: training.steps, step: training.step });

  function run(steps) {
    needed(training, "Make a net first: reset.").left = steps;
    training.past = [{ time: performance.now(), step: training.step }]; // the rate is that of training, not of waiting
    if (!steps) tell(performance.now(), false);
  }

  function receive(message) {
    guarded(message.id, () => needed(actions[message.type], `The engine knows no message of type ${message.type}.`)(message));
  }

  /** Do something, and say so where it fails. Returns whether it went well. */
  function guarded(id, act) {
    try {
      act();
      return true;
    } catch (error) {
      post({ type: "error", id, message: error.message });
      return false;
    }
  }

  /** One call of the net for whoever waits for samples, and then a step of training. */
  function unit() {
    for (const [id, job] of jobs) {
      let done = true;
      guarded(id, () => (done = job.next().done));
      if (done) jobs.delete(id);
    }
    if (!(training?.left > 0)) return;
    const good = guarded(undefined, () => {
      const { value, done } = training.fitting.next();
      if (done) return void (training.left = 0);
      training.left -= 1;
      training.step = value.step;
      training.losses.push(value.loss);
    });
    if (!good) training.left = 0;
  }

  function work(ms) {
    const [start, before] = [performance.now(), training?.left > 0];
    do unit();
    while (performance.now() - start < ms && (jobs.size || training?.left > 0));
    const [now, running] = [performance.now(), training?.left > 0];
    if (before && (now - told >= EVERY || !running)) tell(now, running);
    return running || jobs.size > 0;
  }

  function tell(now, running) {
    const { step, steps, past } = training;
    const losses = Float32Array.from(training.losses);
    while (past.length > 1 && now - past[1].time >= LASTING) past.shift();
    const rate = (1000 * (step - past[0].step)) / Math.max(now - past[0].time, 1);
    post({ type: "progress", step, steps, losses, rate, running }, [losses.buffer]);
    past.push({ time: now, step });
    [training.losses, told] = [[], now];
  }

  /** Samples of the net in training: every state of the walk, or the last. */
  function* samples(from, message) {
    const { id, points = 300, start, calls, rule, options, scale, interval, label = null, seed = 0, average = true, frames = false } = message;
    const generator = core.generator(seed);
    const x = start ?? core.normals(points * from.net.dim, generator);
    const y = label === null ? null : new Int32Array(x.length / from.net.dim).fill(label);
    const model = modelOf(from, average);
    for (const state of walked(model, x, { calls, rule, options, scale, interval }, y, generator)) {
      if (frames || state.done) post({ type: "sample", id, ...state, step: from.step }, [state.x.buffer]);
      yield;
    }
  }

  /** Images of the transformer. look: the number of an image asks for its attention. */
  function* images({ net: whole, target }, message) {
    const { id, labels, start, calls, rule, options, scale, interval, seed = 0, parts = {}, look = null, frames = false } = message;
    const net = whole.withParts(parts);
    const y = Int32Array.from(labels);
    const generator = core.generator(seed);
    const x = start ?? core.normals(y.length * net.dim, generator);
    const model = core.learned(net, core.linearPath(), target);
    for (const state of walked(model, x, { calls, rule, options, scale, interval }, y, generator)) {
      const maps = look === null ? null : attention(net, state, y, look);
      if (frames || state.done) post({ type: "image", id, ...state, maps }, maps ? [state.x.buffer, maps.buffer] : [state.x.buffer]);
      yield;
    }
  }

  return { receive, work, kernels: pictures.name };
}

/** Every state of a walk as {i, calls, t, x, done}; x is a copy. */
function* walked(plain, start, { calls = 20, rule: name = "euler", options, scale = 1, interval }, y, generator) {
  const found = needed(core.rules().find(({ facts }) => facts.name === name), `There is no step rule ${name}.`);
  const rule = options ? core.partial(found, options) : found;
  const steps = Math.max(1, Math.round(calls / core.callsAStep(rule)));
  const model = y && scale !== 1 ? core.guided(plain, scale, interval) : plain;
  let i = 0;
  for (const { t, x } of core.walk(model, start, plain.path.grid(steps), rule, { y, generator })) {
    yield { i, calls: i * core.callsAStep(rule), t, x: x.slice(), done: i === steps };
    i += 1;
  }
}

/** Where one image's tokens look: (depth, heads, N, N) numbers. */
function attention(net, { x, t }, y, image) {
  const maps = new Float32Array(net.depth * net.heads * net.tokens ** 2);
  net.forward(x.subarray(image * net.dim, (image + 1) * net.dim), t, y.subarray(image, image + 1), maps);
  return maps;
}

/** A net of a recipe, and what trains it. */
function begin({ sizes, clock, target, data, batch, steps, lr, decay, stratified, labelDrop, seed, mistake }, kernels) {
  const net = core.learner(sizes, kernels, batch);
  net.begin(core.generator(seed));
  const average = core.ema(net.weights, decay);
  const wrong = mistake === null ? {} : needed(MISTAKES[mistake], `There is no mistake ${mistake}.`);
  const model = { net, path: pathOf(clock), target, labelDrop, ...wrong };
  const times = stratified ? core.stratifiedUniform : core.uniform;
  const draw = drawer(core.gaussianMixture(data), core.generator(seed + 1));
  const fitting = core.fit(model, draw, steps, { lr, average, times, generator: core.generator(seed + 2) });
  return { net, average, model, fitting, kernels, steps, step: 0, left: 0, losses: [] };
}

/** The net in training as a model: with its averaged weights, or the newest. */
function modelOf({ net, average, model }, averaged) {
  return core.learned(net.withWeights(averaged ? average.weights : net.weights), model.path, model.target);
}

function pathOf({ path, numbers = [], betas }) {
  if (betas) return core.discreteSchedule(betas);
  return needed(core.paths().find(({ facts }) => facts.name === path), `There is no path ${path}.`)(...numbers);
}

/** draw(x, y) fills a batch with samples of a mixture. */
function drawer({ dim, weights, means, variances, labels }, generator) {
  let total = 0;
  const below = Float64Array.from(weights, (weight) => (total += weight)); // the weight of all components up to this one
  const deviations = Float64Array.from(variances, Math.sqrt);
  return function draw(x, y) {
    for (let i = 0; i < y.length; i++) {
      const u = total * generator.uniform();
      let [k, high] = [0, weights.length - 1];
      while (k < high) {
        const middle = (k + high) >> 1;
        if (below[middle] > u) high = middle;
        else k = middle + 1;
      }
      y[i] = labels[k];
      for (let d = 0; d < dim; d++) x[i * dim + d] = means[k * dim + d] + deviations[k * dim + d] * generator.normal();
    }
  };
}

function needed(thing, sentence) {
  if (thing === null || thing === undefined) throw new Error(sentence);
  return thing;
}
