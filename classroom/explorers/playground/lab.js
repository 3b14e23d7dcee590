// What the playground knows at a time, and the work that finds it out: the data as a mixture, its exact answer, what samples are
// read beside, and the net in training. Nothing here touches the page.

import { core } from "./engine.js";
import { rgb } from "../view.js";
import { ROLES } from "../palette.js";
import { coloured, densities } from "./density.js";
import { recent } from "./figures.js";
import { askedFloor, classOf, fieldError, lossFloor, marks } from "./floor.js";
import { toMixture } from "./mixture.js";
import { CLASS_COLORS, R } from "./panels.js";
import { gridOf, modelOf, netCallsOf, optionsOf, pathOf, problem, recipeOf, ruleOf, timeOn, trainedOn, unitOf } from "./recipe.js";
import { cloudOf } from "./state.js";
import { trainer } from "./trainer.js";
import { slices } from "./work.js";

export const POINTS = 600; // of a sample
const CHUNK = 100; // of them are walked at a time: the first are seen early
const PIXELS = 72; // of a heat map, each way
const [ARROWS, ERRORS] = [15, 36]; // points of a field, and of a map of its error, each way
const INNER = [0.02, 0.98]; // times at which a field is looked at: at the ends some targets say nothing
const EMPTY = "There is no data yet. Draw a point, or choose a shape.";
const ORDER = ["heat", "walk", "net", "field", "judge", "marks", "floor"];

/** painted(now) draws; told(what) is called when the net has answered ("ready", "progress", ...), and when its "floor" is known. */
export function laboratory(state, painted, told) {
  const world = {
    state, cloud: cloudOf(state), mixture: null, place: null, colours: [0, 1], note: null, refused: null, failure: null, noise: 0,
    heat: null, exact: { walk: null, judged: null, field: null }, marks: null, floor: null, asked: null,
    net: { walk: null, judged: null, history: [], field: null, map: null, error: null },
  }; // prettier-ignore
  const work = slices(ORDER, painted, (error) => (world.failure = error.message));
  const net = trainer(hear);
  let recipe = null; // of the net that the engine holds, as text
  let data = null;
  let shown = null; // the walk of the trainer that world.net.walk is made of
  const asked = { marks: null, floor: null }; // for what they have been asked
  const start = () => core.normals(2 * POINTS, core.generator(100 + world.noise));
  const labels = (n) => (world.state.label === null ? null : new Int32Array(n).fill(world.state.label));
  const mapTime = () => Math.min(Math.max(world.state.t, INNER[0]), INNER[1]);

  net.asks(
    () => {
      const { rule, scale, label, ema } = world.state;
      return { start: start(), calls: netCallsOf(world.state), rule, options: optionsOf(world.state), scale, label, seed: 7 + world.noise, average: ema > 0 };
    },
    () => {
      if (world.state.show === "samples" || !world.mixture) return null;
      const { at } = points(world.state.show === "field" ? ARROWS : ERRORS);
      const unit = unitOf(world.state);
      return { x: at.map((value) => value * unit), t: timeOn(trainedOn(world.state), mapTime()), y: labels(at.length / 2), average: world.state.ema > 0 };
    },
  );

  /** A grid of n x n points of the plane, and their places in the mixture's coordinates; row 0 at the top. */
  function points(n) {
    const { shift, scale } = world.place;
    const plane = Float64Array.from({ length: 2 * n * n }, (_, j) => {
      const i = j >> 1;
      return j % 2 ? (1 - (2 * Math.floor(i / n) + 1) / n) * R : ((2 * (i % n) + 1) / n - 1) * R;
    });
    return { plane, at: plane.map((value, j) => (value - shift[j % 2]) / scale[j % 2]) };
  }

  // --- what has changed, and what follows ---------------------------------------------------------------------------------

  /** Other data: its exact answer at once; where `whole`, also what is read beside it, and a new net. */
  function dataChanged(whole = true) {
    for (const job of ["marks", "judge", "floor", "field", "net"]) work.drop(job);
    Object.assign(world, { marks: null, floor: null, asked: null, failure: null });
    Object.assign(asked, { marks: null, floor: null });
    world.exact.judged = null;
    try {
      const { data: of, shift, scale, colours, note } = toMixture(world.cloud, world.state.bandwidth);
      data = of;
      Object.assign(world, { mixture: core.gaussianMixture(of), place: { shift, scale }, colours, note: [world.cloud.note, note].filter(Boolean).join(" ") || null });
    } catch (error) {
      data = null;
      Object.assign(world, { mixture: null, place: null, heat: null, note: error.message });
      blank();
    }
    if (whole) return allChanged();
    heat();
    walk();
    work.redraw();
  }

  /** Everything anew but the data: after another path, rule or net. */
  function allChanged() {
    world.failure = null;
    world.refused = problem(world.state, world.mixture);
    world.exact.judged = null;
    if (!world.mixture || world.refused) {
      blank();
      heat();
      return void work.redraw();
    }
    heat();
    walk();
    field();
    read();
    work.ask("net", function* () {
      renew(); // last, for the exact answer is waited for
    });
    work.redraw();
  }

  /** Nothing can be trained or sampled. The engine keeps its net: where its recipe comes back, so does the net. */
  function blank() {
    for (const job of ORDER) work.drop(job);
    Object.assign(asked, { marks: null, floor: null });
    Object.assign(world, { marks: null, floor: null, asked: null });
    Object.assign(world.exact, { walk: null, judged: null, field: null });
    Object.assign(world.net, { walk: null, judged: null, field: null, map: null, error: null });
    if (net.wanted) net.pause();
  }

  /** What has to be done before anything can be trained or sampled, in a sentence; null where nothing has. */
  const missing = () => (world.mixture ? world.refused : world.cloud.y.length ? world.note : EMPTY);

  /** Other samples of the same net: another rule, number of calls, class or noise. What was measured of others stays in its history. */
  function samplesChanged() {
    world.net.judged = null;
    allChanged();
    if (!missing() && recipe) net.again();
  }

  function timeChanged() {
    heat();
    if (world.state.show !== "samples") {
      field();
      net.look();
    }
    work.redraw();
  }

  /** A new net, where its recipe has changed. */
  function renew() {
    if (!world.mixture || world.refused) return;
    const wanted = recipeOf(world.state, data);
    const text = textOf(wanted);
    if (text !== recipe) reset(wanted, text);
    else if (!world.net.walk) net.again(); // it is there still
  }

  function reset(wanted = recipeOf(world.state, data), text = recipe, going = net.wanted) {
    recipe = text;
    const history = net.reset(wanted, text, going, world.net.history); // of a net that was there before, where it comes back
    Object.assign(world.net, { walk: null, judged: null, history, field: null, map: null, error: null });
  }

  // --- the work -----------------------------------------------------------------------------------------------------------

  const heat = () => world.mixture && work.ask("heat", function* () {
    const path = pathOf(world.state);
    const maps = yield* densities(world.mixture, path.coeffs(timeOn(path, world.state.t)), world.place, PIXELS, R);
    world.heat = picture(coloured(maps, world.colours.map((label) => CLASS_COLORS[label])), PIXELS);
  });

  const walk = () => world.mixture && !world.refused && work.ask("walk", answering(performance.now()));
  const answering = (asked) => function* () {
    const { mixture, noise } = world;
    const model = modelOf(world.state, mixture);
    const [rule, grid, first] = [ruleOf(world.state), gridOf(world.state, model.path), start()];
    const walked = { times: grid.map((t) => progress(model.path, t)), states: grid.map(() => new Float64Array(2 * POINTS).fill(NaN)) };
    for (let from = 0; from < 2 * POINTS; from += 2 * CHUNK) {
      let i = 0;
      for (const { x } of core.walk(model, first.subarray(from, from + 2 * CHUNK), grid, rule, { y: labels(CHUNK), generator: core.generator(7 + noise + from) })) {
        walked.states[i++].set(x, from);
        yield;
      }
      world.exact.walk = walked;
      walked.known = from / 2 + CHUNK; // of the samples
      if (!from) performance.measure("pg:exact", { start: asked, end: performance.now() }); // from a change to the first samples
    }
    judge();
  };

  /** What samples are read beside, and the least loss, where these have changed; both take a moment. */
  function read() {
    const { path, process, betas, target, mistake, classes, labelDrop, label } = world.state;
    const [marked, floored] = [`${label}`, [process, path, betas, target, mistake, classes, labelDrop].join()];
    if (marked !== asked.marks) {
      [asked.marks, world.marks] = [marked, null];
      work.drop("marks");
      work.ask("marks", function* () {
        world.marks = yield* marks(classOf(world.mixture, label), POINTS);
        judge();
      });
    }
    if (floored !== asked.floor) {
      [asked.floor, world.floor, world.asked] = [floored, null, null];
      work.drop("floor");
      work.ask("floor", function* () {
        const meant = yield* lossFloor(world.state, world.mixture);
        [world.floor, world.asked] = [meant, yield* askedFloor(world.state, world.mixture)];
        told("floor");
      });
    }
    judge();
  }

  /** How good the samples are that have not been judged. */
  const judge = () => world.marks && work.ask("judge", function* () {
    const { exact } = world;
    if (exact.walk && !exact.judged && !work.busy("walk")) exact.judged = world.marks.judge(exact.walk.states.at(-1));
    yield;
    if (world.net.walk && !world.net.walk.judged) judgeNet();
  });

  function judgeNet() {
    const { walk, history } = world.net;
    const judged = world.marks.judge(walk.states.at(-1));
    [walk.judged, world.net.judged] = [true, judged];
    if (judged.times === null) return;
    const how = drawnWith(world.state);
    if (history.at(-1)?.step === walk.step && history.at(-1).how === how) history.pop();
    history.push({ step: walk.step, times: judged.times, how });
    if (history.length > 400) world.net.history = history.filter((_, i) => i % 2 === 0 || i === history.length - 1);
  }

  /** The field of the exact answer, and with an answer of the net its own, and how far it is off. */
  const field = () => world.mixture && world.state.show !== "samples" && work.ask("field", function* () {
    const exact = core.oracle(world.mixture, pathOf(world.state));
    const time = timeOn(exact.path, mapTime());
    const c = exact.path.coeffs(time);
    const arrows = (estimate) => (c.dAlpha !== null && Number.isFinite(c.dSigma) ? core.velocity(estimate, c) : core.combine(-1, estimate.eps, 0, estimate.eps));
    const { plane, at } = points(ARROWS);
    const flow = (estimate) => ({ at: plane, by: arrows(estimate).map((value, j) => value * world.place.scale[j % 2]), gap: (2 * R) / ARROWS });
    const y = labels(at.length / 2);
    world.exact.field = flow(exact.estimate(at, time, y));
    yield;
    const answer = net.map;
    if (!answer) return;
    const unit = unitOf(world.state);
    if (answer.x0.length === at.length) world.net.field = flow({ x0: answer.x0.map((value) => value / unit), eps: answer.eps });
    else if (answer.x0.length === 2 * ERRORS ** 2) {
      const one = { path: exact.path, estimate: (x, t) => exact.estimate(x, t, labels(x.length / 2)) };
      const found = yield* fieldError(one, { x0: answer.x0.map((value) => value / unit), eps: answer.eps }, mapTime(), points(ERRORS).at, world.mixture);
      world.net.error = found.mean / found.norm;
      world.net.map = picture(shaded(found), ERRORS);
    }
  });

  /** Orange where the net is off, as opaque as it is, in units of the field; fading where there is hardly any data. */
  function shaded({ error, density, norm }) {
    const [r, g, b] = rgb(ROLES.learned);
    const pixels = new Uint8ClampedArray(4 * error.length);
    error.forEach((off, i) => pixels.set([r, g, b, 245 * Math.min(1, off / norm) * density[i] ** 0.2], 4 * i));
    return pixels;
  }

  function hear(what) {
    if (what === "sample" && !missing() && net.walk && net.walk !== shown) {
      shown = net.walk;
      const [path, unit] = [trainedOn(world.state), unitOf(world.state)];
      world.net.walk = { step: shown.step, times: shown.times.map((t) => progress(path, t)), states: shown.states.map((x) => x.map((value) => value / unit)) };
      judge();
    }
    if (what === "estimate") field();
    told(what);
    work.redraw();
  }

  /** What a challenge looks at. */
  const facts = () => ({
    state: world.state, step: missing() ? 0 : net.step, loss: missing() ? null : recent(net.losses)?.mean ?? null, floor: world.floor?.mean ?? null,
    exact: world.exact.judged, net: world.net.judged, points: POINTS,
  }); // prettier-ignore

  return { world, net, work, dataChanged, allChanged, samplesChanged, timeChanged, missing, renew, reset: () => world.mixture && !world.refused && reset(undefined, undefined, false), facts };
}

/** How far a time of a path's clock is on the way from noise, 0, to data, 1. */
const progress = (path, t) => (t - path.tNoise) / (path.tData - path.tNoise);

/** A recipe as text: two that are equal train the same net. */
const textOf = (recipe) => JSON.stringify(recipe, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value));

/** What samples were drawn with, as text. */
const drawnWith = ({ rule, calls, eta, label, scale }) => [rule, calls, eta, label, scale].join();

/** Pixels, n x n, as a canvas that can be drawn. */
function picture(pixels, n) {
  const canvas = Object.assign(document.createElement("canvas"), { width: n, height: n });
  canvas.getContext("2d").putImageData(new ImageData(pixels, n, n), 0, 0);
  return canvas;
}
