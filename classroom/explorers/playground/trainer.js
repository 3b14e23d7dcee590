// The net in training, in the engine's worker: what is asked of it, and what it has answered.

import { start } from "./engine.js";

const EVERY = 350; // milliseconds between two samples while it trains

/**
 * told(what) is called with "ready", "progress", "sample", "estimate" or "error" after an answer. The trainer holds {ready, running, step,
 * steps, rate, losses, problem, walk, map}; walk is {times, states, step} of its last whole sample, map {x0, eps, step} its last estimate.
 */
export function trainer(told) {
  const it = { ready: false, running: false, wanted: false, step: 0, steps: 0, rate: 0, losses: [], problem: null, walk: null, map: null };
  const waiting = { sample: null, estimate: null }; // ids of what has been asked for
  let [engine, counted, sampled, frames] = [null, 0, -Infinity, []];
  let [key, kept] = [null, null]; // what the engine's net is known by, and the last one before it that had been trained
  let leaving = null; // the net before, until the next one is ready
  let [sampling, mapping] = [null, null]; // functions that make the next message, as the page is at that time

  const actions = {
    __proto__: null,
    ready({ steps, step }) {
      leaving = null;
      Object.assign(it, { ready: true, steps, step });
      look();
    },
    progress({ step, steps, losses, rate, running }) {
      if (!it.ready) return void (leaving && (leaving.losses.push(...losses), (leaving.step = step))); // its last word
      for (const loss of losses) it.losses.push(loss);
      Object.assign(it, { step, steps, running, rate: running && rate > 0 ? rate : it.rate });
      if (!running) it.wanted = false;
      if (performance.now() - sampled > EVERY || !running) look();
    },
    sample({ id, i, t, x, step, done }) {
      if (id !== waiting.sample) return;
      if (i === 0) frames = [];
      frames.push({ t, x });
      if (!done) return;
      waiting.sample = null;
      it.walk = { times: frames.map((frame) => frame.t), states: frames.map((frame) => frame.x), step };
      if (!it.running && step < it.step) look();
    },
    estimate({ id, x0, eps, step }) {
      if (id !== waiting.estimate) return;
      waiting.estimate = null;
      it.map = { x0, eps, step };
    },
    error({ id, message }) {
      if (id === undefined) Object.assign(it, { running: false, wanted: false });
      if (id === waiting.sample) waiting.sample = null;
      if (id === waiting.estimate) waiting.estimate = null;
      it.problem = message;
    },
  };

  function hear(message) {
    if (!actions[message.type]) return;
    actions[message.type](message);
    told(message.type);
  }

  /** Ask for samples and for the field, where the last ones have come. */
  function look() {
    if (!it.ready) return;
    sampled = performance.now();
    if (sampling && !waiting.sample) {
      waiting.sample = `sample ${++counted}`;
      engine.send({ type: "sample", id: waiting.sample, frames: true, ...sampling() });
    }
    const asked = mapping?.();
    if (asked && !waiting.estimate) {
      waiting.estimate = `estimate ${++counted}`;
      engine.send({ type: "estimate", id: waiting.estimate, ...asked });
    }
  }

  /** Forget what was asked for, and ask anew: the controls of sampling have changed. */
  function again() {
    if (waiting.sample) engine.send({ type: "cancel", id: waiting.sample });
    waiting.sample = waiting.estimate = it.problem = null;
    if (kept) kept.history = [];
    look();
  }

  /**
   * The net of a recipe, known by `name`: the one that is there, the last one that was trained before it, as it was left, or a new one.
   * `history` belongs to the net that is there; that of the net which is there then is returned.
   */
  function reset(recipe, name, going = it.wanted, history = []) {
    engine ??= start(hear);
    if (it.running) engine.send({ type: "pause" });
    if (waiting.sample) engine.send({ type: "cancel", id: waiting.sample });
    waiting.sample = waiting.estimate = null;
    Object.assign(it, { running: false, wanted: going, problem: null, walk: null, map: null });
    let found = { step: 0, steps: recipe.steps, losses: [], history: [] };
    if (name === key) {
      found = { step: it.step, steps: it.steps, losses: it.losses, history };
      look();
    } else {
      const left = (leaving = { key, step: it.step, steps: it.steps, losses: it.losses, history });
      it.ready = false;
      if (kept?.key === name) {
        [found, kept] = [kept, left];
        engine.send({ type: "back" });
      } else {
        engine.send({ type: "reset", recipe, keep: left.step > 0 });
        if (left.step) kept = left;
      }
    }
    key = name;
    Object.assign(it, { step: found.step, steps: found.steps, losses: found.losses });
    if (going) engine.send({ type: "start" });
    return found.history;
  }

  return Object.assign(it, {
    reset,
    /** The next reset makes a new net, of the same recipe too. */
    forget: () => ([key, it.step] = [null, 0]),
    key: () => key,
    /** {key, step} of the last trained net that was left, or null. */
    kept: () => kept,
    again,
    look,
    start: () => ((it.wanted = true), engine.send({ type: "start" })),
    pause: () => ((it.wanted = false), engine.send({ type: "pause" })),
    stepOnce: () => ((it.wanted = false), engine.send({ type: "step", steps: 1 })),
    /** sampling() -> the rest of a "sample" message; mapping() -> that of an "estimate", or null where no field is shown. */
    asks: (one, other) => ([sampling, mapping] = [one, other]),
    where: () => engine?.where() ?? null,
    stop: () => engine?.stop(),
  });
}
