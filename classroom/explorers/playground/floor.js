// What losses, distances and fields are read beside. Each is a generator that works for a few milliseconds between two yields, of how
// much is done, 0 to 1, and returns its answer: a page goes on when it has time.

import { core } from "./engine.js";
import { pathOf, timeOn, trainedOn, unitOf } from "./recipe.js";
import { posteriorVariance } from "./variance.js";

const TIMES = 48; // of the clock, evenly spaced
const SLICE = 40_000; // samples x components between two yields: a few milliseconds
const REFERENCE = 4; // times the points of a sample have those that it is compared with
const [PERFECT, OTHERS, DRAWS] = [24, 8, 8000]; // samples for the floor, for the other marks, and draws for the edge
const DIVERGED = "These samples are no numbers any more: the sampler has diverged. Train longer, or lower the learning rate.";
const RARE = 0.01; // share of the data's own points beyond its edge

/** Run a generator to its end at once. */
export function finish(generator) {
  for (;;) {
    const { value, done } = generator.next();
    if (done) return value;
  }
}

/** Parts of n rows that a mixture of M components answers in a few milliseconds: [from, to]. */
function* slices(n, M) {
  const size = Math.max(16, Math.floor(SLICE / M));
  for (let from = 0; from < n; from += size) yield [from, Math.min(n, from + size)];
}

/**
 * The irreducible loss of a state's target on its path: what the perfect net's training loss is; where the net sees classes, of a net
 * that is told some and not others, as labelDrop says. It is that of what was meant, without the state's mistake: a loss beside it
 * shows one. n draws in all, at each of which the loss is exact. The answer is {mean, error, times, losses}: error, the standard error
 * of the mean; losses, the loss at each of the times, from 0, noise, to 1, data.
 */
export function* lossFloor(state, mixture, n = 12_000) {
  return yield* least(state, pathOf(state), mixture, n);
}

/** The same of what a net with the state's mistake is asked, or null where that is what was meant. */
export function* askedFloor(state, mixture, n = 12_000) {
  if (state.mistake === "unscaled betas") return yield* least(state, trainedOn(state), mixture, n);
  if (state.mistake === "no standardisation") return yield* least(state, pathOf(state), shrunk(mixture, unitOf(state)), n);
  if (state.mistake !== "x_data for x_t") return null; // with the wrong sign a net is asked the same
  const path = pathOf(state); // the net sees the data, and all that it cannot know is the noise
  const times = clock(path);
  const losses = times.map((t) => core.targetRow(state.target, path.coeffs(t))[1] ** 2);
  return { mean: average(losses), error: 0, times: times.map((t) => fromNoise(path, t)), losses };
}

function* least(state, path, mixture, n) {
  const times = clock(path);
  const generator = core.generator(17);
  const per = Math.max(8, Math.ceil(n / times.length));
  const losses = [];
  let variance = 0;
  for (const [k, t] of times.entries()) {
    const c = path.coeffs(t);
    const [a, b] = core.targetRow(state.target, c);
    const { x, y } = mixture.sample(per, generator);
    const shown = core.addNoise(x, core.normals(per * mixture.dim, generator), c);
    if (state.classes) core.dropLabels(y, state.labelDrop, generator);
    let [sum, squares] = [0, 0];
    for (const [from, to] of slices(per, mixture.weights.length)) {
      const open = posteriorVariance(mixture, shown.subarray(mixture.dim * from, mixture.dim * to), c, state.classes ? y.subarray(from, to) : null);
      for (const value of open) {
        const loss = (a - (b * c.alpha) / c.sigma) ** 2 * value;
        sum += loss;
        squares += loss ** 2;
      }
      yield (k + to / per) / times.length;
    }
    losses.push(sum / per);
    variance += Math.max(0, squares / per - (sum / per) ** 2) / per;
  }
  return { mean: average(losses), error: Math.sqrt(variance) / times.length, times: times.map((t) => fromNoise(path, t)), losses };
}

/** Times that share the clock of a path evenly; of a short schedule, each of its steps. */
function clock(path) {
  const count = Math.min(path.T ?? TIMES, TIMES);
  return Array.from({ length: count }, (_, k) => core.timeOf(path, (k + 0.5) / count));
}

const fromNoise = (path, t) => (path.T === undefined ? t : 1 - (t + 1) / path.T);
const average = (values) => values.reduce((total, value) => total + value, 0) / values.length;

/** The mixture of data that is `unit` times as large. */
const shrunk = (mixture, unit) =>
  core.gaussianMixture({ ...mixture, means: mixture.means.map((m) => m * unit), variances: mixture.variances.map((v) => v * unit ** 2) });

/** The mixture of one class alone, or all of it for null. */
export function classOf(mixture, label) {
  if (label === null || mixture.classes === 1) return mixture;
  const own = [...mixture.labels.keys()].filter((k) => mixture.labels[k] === label);
  const total = own.reduce((sum, k) => sum + mixture.weights[k], 0);
  const rows = (table) => Float64Array.from(own.flatMap((k) => [...table.subarray(2 * k, 2 * k + 2)]));
  return core.gaussianMixture({
    weights: Float64Array.from(own, (k) => mixture.weights[k] / total),
    means: rows(mixture.means),
    variances: rows(mixture.variances),
  });
}

/**
 * What a sample of n points is read beside, in the form of `readMarks` of payload.js: {points, target, floor: {mean, sd, off}, spread,
 * gaussian: {times, off}, nothing: {times, off}, judge}. Distances are to one large sample of the data; `times` counts them in
 * floors, the mean distance of a perfect sample. judge(x) is {distance, times, off, lost, note}: `off` is the share of points where
 * there is next to no data, `lost` the share of the data that has no point near it, 0.01 each for a perfect sample; note is a
 * sentence, and the rest null, where x is no sample.
 */
export function* marks(mixture, n = 600) {
  const generator = core.generator(5);
  const M = mixture.weights.length;
  const target = mixture.sample(REFERENCE * n, generator).x;
  const reference = core.quantiles(target);
  yield 0.05;

  const densities = new Float64Array(DRAWS);
  const draws = mixture.sample(DRAWS, generator).x;
  for (const [from, to] of slices(DRAWS, M)) {
    densities.set(mixture.logProb(draws.subarray(2 * from, 2 * to)), from);
    yield 0.05 + (0.45 * to) / DRAWS;
  }
  const edge = densities.sort()[Math.floor(RARE * DRAWS)];

  const gaussian = bestGaussian(mixture);
  const kinds = {
    perfect: () => mixture.sample(n, generator).x,
    gaussian: () => gaussian(n, generator),
    nothing: () => core.normals(2 * n, generator),
  };
  const found = { perfect: [], gaussian: [], nothing: [] };
  const rounds = PERFECT + 2 * OTHERS;
  for (let i = 0; i < rounds; i++) {
    const kind = i < PERFECT ? "perfect" : i % 2 ? "gaussian" : "nothing";
    found[kind].push(core.slicedWasserstein(kinds[kind](), reference));
    yield 0.5 + (0.45 * (i + 1)) / rounds;
  }
  const off = (kind) => core.shareOff(kinds[kind]().subarray(0, 2 * Math.min(n, Math.ceil(SLICE / M))), mixture, edge);
  const offs = [];
  for (const kind of ["gaussian", "nothing"]) {
    offs.push(off(kind));
    yield 0.97;
  }
  const reach = nearest(target, kinds.perfect()).sort()[Math.floor((1 - RARE) * REFERENCE * n)];
  yield 0.99;
  const floor = spread(found.perfect);
  const times = (kind) => spread(found[kind]).mean / floor.mean;
  return {
    points: n,
    target,
    edge,
    floor: { ...floor, off: RARE },
    spread: [Math.max(1 - (2 * floor.sd) / floor.mean, 0.1), 1 + (2 * floor.sd) / floor.mean],
    gaussian: { times: times("gaussian"), off: offs[0] },
    nothing: { times: times("nothing"), off: offs[1] },
    judge(x) {
      if (!x.length || !x.every(Number.isFinite)) return { distance: null, times: null, off: null, lost: null, note: DIVERGED };
      const distance = core.slicedWasserstein(x, reference);
      const far = nearest(target, x).filter((away) => away > reach).length;
      return { distance, times: distance / floor.mean, off: core.shareOff(x, mixture, edge), lost: far / (REFERENCE * n), note: null };
    },
  };
}

/** The distance from every one of `points` to the nearest of x. */
function nearest(points, x) {
  const away = new Float64Array(points.length / 2);
  for (let i = 0; i < away.length; i++) {
    let least = Infinity;
    for (let j = 0; j < x.length; j += 2) least = Math.min(least, (points[2 * i] - x[j]) ** 2 + (points[2 * i + 1] - x[j + 1]) ** 2);
    away[i] = Math.sqrt(least);
  }
  return away;
}

function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
}

/** draw(n, generator) of the normal distribution with the mixture's exact mean and covariance. */
function bestGaussian({ weights, means, variances }) {
  const sum = (of) => weights.reduce((total, weight, k) => total + weight * of(k), 0);
  const mean = [0, 1].map((d) => sum((k) => means[2 * k + d]));
  const from = (k, d) => means[2 * k + d] - mean[d];
  const [xx, yy] = [0, 1].map((d) => sum((k) => variances[2 * k + d] + from(k, d) ** 2));
  const first = Math.sqrt(xx); // of the Cholesky factor of the covariance
  const across = sum((k) => from(k, 0) * from(k, 1)) / first;
  const second = Math.sqrt(Math.max(yy - across ** 2, 0));
  return (n, generator) => {
    const x = core.normals(2 * n, generator);
    for (let i = 0; i < 2 * n; i += 2) [x[i], x[i + 1]] = [mean[0] + first * x[i], mean[1] + across * x[i] + second * x[i + 1]];
    return x;
  };
}

/**
 * How far a net's field is from the exact one at the points `grid`, at t from 0, noise, to 1, data. exact: a model; answer: what the
 * engine posted, {x0, eps}, for these points at this time. The answer is {field, error, density, mean, norm}: field and error (n),
 * how long the exact arrow is and how far the net's is from it; density (n), p_t relative to its highest; mean and norm, the root
 * mean squares of error and field where p_t is. The field is the velocity; on a schedule of steps, eps.
 */
export function* fieldError(exact, answer, t, grid, mixture) {
  const path = exact.path;
  const time = timeOn(path, t);
  const c = path.coeffs(time);
  const finite = c.dAlpha !== null && Number.isFinite(c.dSigma);
  const arrows = (estimate) => (finite ? core.velocity(estimate, c) : estimate.eps);
  const n = grid.length / 2;
  const [field, error, density] = [0, 1, 2].map(() => new Float64Array(n));
  const net = arrows(answer);
  for (const [from, to] of slices(n, mixture.weights.length)) {
    const x = grid.subarray(2 * from, 2 * to);
    const right = arrows(exact.estimate(x, time));
    density.set(mixture.logProb(x, c), from);
    for (let i = from; i < to; i++) {
      const [a, b] = [right[2 * (i - from)], right[2 * (i - from) + 1]];
      field[i] = Math.hypot(a, b);
      error[i] = Math.hypot(net[2 * i] - a, net[2 * i + 1] - b);
    }
    yield to / n;
  }
  const highest = density.reduce((most, value) => Math.max(most, value), -Infinity);
  for (let i = 0; i < n; i++) density[i] = Math.exp(density[i] - highest);
  const total = density.reduce((sum, p) => sum + p, 0);
  const weighted = (values) => Math.sqrt(values.reduce((sum, value, i) => sum + density[i] * value ** 2, 0) / total);
  return { field, error, density, mean: weighted(error), norm: weighted(field) };
}
