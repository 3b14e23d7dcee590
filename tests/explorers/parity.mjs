// Compute in JavaScript what tests/explorers/vectors.py computed with lib, and print how far apart the two are.
//
//   node parity.mjs vectors.json   ->   {"deviations": [one number a case], "said": [what each was refused with], "rules", "paths": what they say of themselves,
//                                    "refusals": {name: message}, "generator": {...}}

import { readFileSync } from "node:fs";
import * as core from "../../classroom/explorers/core.js";

const { specs, nets, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));

// ---- the things that cases name: parts.py says what a specification is ----------------------------------------------------------

/** The name in JavaScript: linear_betas is linearBetas, VPPath is vpPath. */
const camel = (name) => name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase()).replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Numbers come as one flat list, options as one object at the end. */
function made(spec) {
  if (Array.isArray(spec)) return spec.flat(Infinity).map(made);
  if (typeof spec !== "object") return spec;
  const options = Object.fromEntries(Object.entries(spec.with).map(([name, value]) => [camel(name), made(value)]));
  const given = Object.keys(options).length ? [options] : [];
  if (!spec.rule) return core[camel(spec.call)](...made(spec.args), ...given);
  const rule = core.rules().find(({ facts }) => facts.name === spec.rule);
  return given.length ? core.partial(rule, options) : rule;
}

const all = (table) => Object.fromEntries(Object.entries(table).map(([name, spec]) => [name, made(spec)]));
const [BETAS, PATHS, MIXTURES, RULES] = [all(specs.betas), all(specs.paths), all(specs.mixtures), all(specs.rules)];
/** What a net that is told two times hears. */
const heard = ({ embedDim: dim, tScale, gap }) => core.twoTimes({ dim, tScale, gapScale: gap.scale, weight: gap.weight, bias: gap.bias });
const NETS = Object.fromEntries(Object.entries(nets).map(([name, net]) => [name, core.mlp(net.gap ? { ...net, time: heard(net) } : net)]));
const jumping = (c) => core.flowMap(NETS[c.net], PATHS[c.path]);
const SPACINGS = { trailing: core.trailingGrid, leading: core.leadingGrid, quadratic: core.quadraticGrid };

function model({ mixture, net, path, target, scale, interval }) {
  const plain = net ? core.learned(NETS[net], PATHS[path], target) : core.oracle(MIXTURES[mixture], PATHS[path]);
  return scale === undefined ? plain : core.guided(plain, scale, interval && interval.map(Number));
}

/** A generator that repeats given normal numbers, and has none beyond them. */
const replay = (numbers) => ({ left: numbers.length, normal() { return this.left ? numbers[numbers.length - this.left--] : NaN; } });

// ---- what a case of each kind computes: numbers, in the order of vectors.py -----------------------------------------------------

const both = ({ x0, eps }) => [...x0, ...eps];
const at = (c) => PATHS[c.path].coeffs(c.t);

const KINDS = {
  betas: (c) => BETAS[c.path],
  coeffs: (c) => c.times.flatMap((t) => {
    const { alpha, sigma, dAlpha, dSigma } = PATHS[c.path].coeffs(t);
    return [alpha, sigma, dAlpha, dSigma, PATHS[c.path].logSnr(t)].filter((number) => number !== null);
  }),
  ends: (c) => [PATHS[c.path].tNoise, PATHS[c.path].tData, ...PATHS[c.path].grid(c.steps)],
  spacing: (c) => SPACINGS[c.spacing](c.T, c.steps),
  noising: (c) => core.addNoise(c.x, c.eps, at(c)),
  target: (c) => [...core.makeTarget(c.target, c.x, c.eps, at(c)), core.determinant(c.target, at(c))],
  solve: (c) => both(core.solve(c.target, c.output, c.x, at(c))),
  velocity: (c) => core.velocity({ x0: c.x, eps: c.eps }, at(c)),
  mixture: (c) => ["weights", "means", "variances", "labels"].flatMap((name) => [...MIXTURES[c.mixture][name]]),
  log_prob: (c) => MIXTURES[c.mixture].logProb(c.x, c.path && at(c), c.y),
  score: (c) => MIXTURES[c.mixture].score(c.x, c.path && at(c), c.y),
  estimate: (c) => both(model(c).estimate(c.x, c.t, c.y)),
  guided: (c) => both(model(c).estimate(c.x, c.t, c.y)),
  embedding: (c) => c.times.flatMap((t) => [...core.embedding(t, c.dim, c.scale, c.period)]),
  net: (c) => NETS[c.net].forward(c.x, c.t, c.y),
  walk(c) {
    const [generator, rule] = [replay(c.noise), RULES[c.rule]];
    const states = [...core.walk(model(c), Float64Array.from(c.x), c.grid, rule, { y: c.y, generator })];
    const end = core.sample(model(c), Float64Array.from(c.x), c.grid, rule, { y: c.y, generator: replay(c.noise) });
    const numbers = states.flatMap(({ t, x, estimate }) => [t, ...x, ...(estimate ? both(estimate) : [])]);
    return [...numbers, ...end, generator.left, core.callsAStep(rule)];
  },
  two_times: (c) => heard(nets[c.net])([c.s, c.t]),
  average: (c) => jumping(c).average(c.x, c.s, c.t, c.y),
  jump: (c) => jumping(c).jump(c.x, c.s, c.t, c.y),
  diagonal: (c) => both(jumping(c).estimate(c.x, c.t, c.y)),
  flow: (c) => core.flow(model(c), Float64Array.from(c.x), c.s, c.t, c.y, { steps: c.steps }),
  sliced_wasserstein(c) {
    return [core.slicedWasserstein(c.x, c.prepared ? core.quantiles(c.y, c.projections) : c.y, c.projections)];
  },
  perplexity: (c) => core.perplexity(c.x, c.points, at(c), c.dim),
  collapse: (c) => [core.collapse(c.n, c.dim, c.variance)],
  copy_ratio: (c) => core.copyRatio(c.x, c.points, c.dim),
  share_off: (c) => [core.shareOff(c.x, MIXTURES[c.mixture], c.edge), core.meanLogDensity(c.x, MIXTURES[c.mixture])],
};

/** The largest difference, relative to what is expected where that is above 1. Infinities must be the same. */
function deviation(expected, found) {
  if (found.length !== expected.length || !expected.length) return Number.MAX_VALUE;
  return expected.reduce((worst, text, i) => {
    const number = Number(text); // infinities are written as text
    if (number === found[i]) return worst;
    const off = Math.abs(found[i] - number) / Math.max(1, Math.abs(number));
    return Number.isFinite(off) ? Math.max(worst, off) : Number.MAX_VALUE;
  }, 0);
}

// ---- what must be refused, and the random numbers -------------------------------------------------------------------------------

const [linear, vp, ddpm] = [PATHS.linear, PATHS.vp, PATHS.ddpm];
const start = new Float64Array(2);
const walked = (path, grid, rule, x = start) => [...core.walk(core.oracle(MIXTURES.moons, path), x, grid, rule)];
const plainNet = Object.values(NETS).find((net) => net.classes === null);

const REFUSED = {
  "unknown target": () => core.targetRow("w", linear.coeffs(0.5)),
  "u on a schedule": () => core.targetRow("u", ddpm.coeffs(5)),
  "velocity on a schedule": () => core.velocity({ x0: start, eps: start }, ddpm.coeffs(5)),
  "eps at pure noise": () => core.solve("eps", start, start, linear.coeffs(0)),
  "x0 at clean data": () => core.solve("x0", start, start, ddpm.coeffs(-1)),
  "u at the data of vp": () => core.solve("u", start, start, vp.coeffs(1)),
  "time after the data": () => linear.coeffs(1.5),
  "step beyond T": () => ddpm.coeffs(1000),
  "time between steps": () => ddpm.coeffs(0.5),
  "no steps": () => linear.grid(0),
  "more steps than T": () => ddpm.grid(1001),
  "betas of vp": () => core.vpPath(2, 1),
  "one beta": () => core.linearBetas(1),
  "too few steps to rescale": () => core.linearBetas(20),
  "alpha_bars for betas": () => core.discreteSchedule([0.5, 1, 0.25]),
  "weights": () => core.gaussianMixture({ weights: [0.5, 0.6], means: [0, 0, 1, 1], variances: [1, 1, 1, 1] }),
  "variances": () => core.gaussianMixture({ weights: [0.5, 0.5], means: [0, 0, 1, 1], variances: [1, 1, 1, 0] }),
  "unknown label": () => MIXTURES.moons.estimate(start, linear.coeffs(0.5), [2]),
  "odd embedding": () => core.embedding(0, 7),
  "labels for a net without": () => plainNet.forward(start, 0.5, [0]),
  "guidance without labels": () => core.guided(core.oracle(MIXTURES.moons, linear), 2).estimate(start, 0.5, null),
  "empty interval": () => core.guided(core.oracle(MIXTURES.moons, linear), 2, [2, 1]),
  "eta": () => walked(ddpm, [9, -1], core.partial(core.ddim, { eta: 1.5 })),
  "variance": () => walked(ddpm, [9, -1], core.partial(core.ancestral, { variance: "gamma" })),
  "one point": () => walked(linear, [0], core.euler),
  "backwards": () => walked(ddpm, [5, 9, -1], core.ddim),
  "start not finite": () => walked(linear, [0, 1], core.euler, new Float64Array([0, NaN])),
  "euler on a schedule": () => walked(ddpm, [9, -1], core.euler),
  "heun at the data of vp": () => walked(vp, [0, 1], core.heun),
  "rk4 at the data of vp": () => walked(vp, [0, 1], core.rk4),
  "nothing to weigh": () => core.perplexity(start, start, linear.coeffs(1)),
  "one point collapses": () => core.collapse(1, 2),
  "one point twice": () => core.copyRatio(start, [...start, ...start]),
  "samples not finite": () => core.slicedWasserstein([0, 1], [0, Infinity]),
  "no density": () => core.shareOff([0, NaN], MIXTURES.moons, -4),
};

function message(call) {
  try {
    call();
  } catch (error) {
    return error.message;
  }
  return null;
}

/** The moments of n numbers, whether a seed repeats itself, and what neighbouring numbers and neighbouring seeds have in common. */
function generatorFacts(n) {
  const draw = (seed) => core.normals(n, core.generator(seed));
  const [first, again, next] = [draw(5), draw(5), draw(6)];
  const source = core.generator(7);
  const uniform = Array.from({ length: n }, () => source.uniform());
  const mean = (f) => first.reduce((sum, _, i) => sum + f(i), 0) / n;
  return {
    n,
    moments: [1, 2, 3, 4].map((power) => mean((i) => first[i] ** power)),
    neighbours: mean((i) => first[i] * first[(i + 1) % n]),
    seeds: mean((i) => first[i] * next[i]),
    repeats: first.every((number, i) => number === again[i]),
    uniform: {
      low: uniform.reduce((a, b) => Math.min(a, b)),
      high: uniform.reduce((a, b) => Math.max(a, b)),
      mean: uniform.reduce((a, b) => a + b) / n,
    },
  };
}

/** How far a case is from what lib says of it, and the sentence of its refusal. A refusal must be the same sentence. */
function answer(c) {
  let found = [];
  const said = message(() => (found = KINDS[c.kind](c)));
  if (c.refused || said) return [c.refused === said ? 0 : Number.MAX_VALUE, said];
  return [deviation(c.expected, found), said];
}

const answers = cases.map(answer);
console.log(JSON.stringify({
  deviations: answers.map(([far]) => far),
  said: answers.map(([, said]) => said),
  rules: core.rules().map(core.facts),
  paths: core.paths().map(({ facts }) => facts),
  refusals: Object.fromEntries(Object.entries(REFUSED).map(([name, call]) => [name, message(call)])),
  generator: generatorFacts(500_000),
}));
