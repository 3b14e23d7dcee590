// Compute with the engine of the playground what tests/test_engine_*.py computed with torch, and print the numbers.
//
//   node engine.mjs engine/core.js cases.json   ->   [an object of lists of numbers for each case]

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const core = await import(pathToFileURL(process.argv[2]));
const KERNELS = { double: () => core.plain(Float64Array), single: () => core.plain(Float32Array), simd: () => core.simd() };
const LARGE = 2 ** 22; // a memory of 4 MB is plenty for the nets of the tests

const PATHS = { linear: core.linearPath, cosine: core.cosinePath, vp: core.vpPath };
const pathOf = ({ betas, path }) => (betas ? core.discreteSchedule(betas) : PATHS[path]());
const kernelsOf = ({ kernels = "double" }) => (kernels === "simd" ? core.simd(LARGE) : KERNELS[kernels]());

/** A learner with given weights: the parts in the order of `learner`. */
function learnerOf(c) {
  const net = core.learner(c.sizes, kernelsOf(c), c.rows);
  net.weights.set(c.weights);
  return net;
}

/** A generator that repeats given numbers. */
function replay({ uniform = [], normal = [] }) {
  const next = (list) => {
    if (!list.length) throw new Error("The numbers are used up.");
    return list.shift();
  };
  return { uniform: () => next(uniform), normal: () => next(normal), left: () => uniform.length + normal.length };
}

/** The tensors of a file: float32 numbers, one after the other, as `names` lists them. */
function tensorsIn(file, names) {
  const bytes = readFileSync(file);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  let at = 0;
  return Object.fromEntries(names.map(([name, length]) => [name, all.subarray(at, (at += length))]));
}

const KINDS = {
  product({ m, n, k, strides: [ai, al, bl, ci], A, B, C, kernels }) {
    const used = kernelsOf({ kernels });
    const [a, b, c] = [A, B, C].map((list) => {
      const array = used.array(list.length);
      array.set(list);
      return array;
    });
    used.multiply(m, n, k, a, ai, al, b, bl, c, ci);
    return { C: [...c] };
  },

  gradient(c) {
    const net = learnerOf(c);
    const loss = core.lossAndGradient({ net, path: pathOf(c), target: c.target }, c.t.length, c.x, c.y, c.t, c.eps);
    return { loss: [loss], gradient: [...net.gradient] };
  },

  fit(c) {
    const [net, path] = [learnerOf(c), pathOf(c)];
    const average = core.ema(net.weights, c.decay);
    const generator = replay(c);
    const data = (x, y) => {
      x.set(c.x.splice(0, x.length));
      y.set(c.y.splice(0, y.length));
    };
    const losses = [];
    const settings = { lr: c.lr, average, generator, ...(c.stratified ? { times: core.stratifiedUniform } : {}) };
    for (const { loss } of core.fit({ net, path, target: c.target, labelDrop: c.labelDrop }, data, c.steps, settings)) losses.push(loss);
    return { losses, weights: [...net.weights], average: [...average.weights], left: [generator.left()] };
  },

  answers: (c) => ({ answers: [...learnerOf(c).withWeights(Float32Array.from(c.weights)).forward(c.x, c.t, c.y)] }),
  schedule: ({ pairs }) => ({ factors: pairs.map(([i, steps]) => core.warmupCosine(i, steps)) }),

  begin(c) {
    const net = core.learner(c.sizes, kernelsOf(c), 1);
    net.begin(core.generator(3));
    return { weights: [...net.weights] };
  },

  times(c) {
    const u = new Float64Array(c.n);
    core.stratifiedUniform(u, core.generator(c.seed));
    return { u: [...u] };
  },

  dropped(c) {
    return { y: [...core.dropLabels(new Int32Array(c.n), c.probability, core.generator(1))] };
  },

  dit(c) {
    const tensors = c.packed ? core.unpackWeights(c.packed) : tensorsIn(c.file, c.names);
    const net = core.dit(c.sizes, tensors, c.kernels === "simd" ? core.simd() : KERNELS[c.kernels](), c.images);
    const parted = net.withParts(c.parts);
    const count = c.x.length / net.dim;
    const maps = new Float32Array(net.depth * count * c.sizes.heads * net.tokens ** 2);
    const answer = parted.forward(c.x, c.t, c.y, maps);
    const at = c.look ? [...parted.mapOf(maps, ...c.look)] : [];
    return { answer: [...answer], maps: c.maps ? [...maps] : [], at };
  },

  unpacked({ packed }) {
    return { numbers: Object.values(core.unpackWeights(packed)).flatMap((numbers) => [...numbers]) };
  },
};

const said = (c) => {
  try {
    return KINDS[c.kind](c);
  } catch (error) {
    return { refused: error.message };
  }
};
// Numbers that JSON does not have travel as text.
const plain = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
console.log(JSON.stringify(JSON.parse(readFileSync(process.argv[3], "utf8")).map(said), plain));
