// A Diffusion Transformer at work: the shipped net walks from one noise to the ten digits, a patch shows where each head of each block
// looks, and parts are switched off. What stands there at first was recorded by Python; every other state is computed in the page.
//
// A walk is {frames: [x of ten images, ...], maps: [attention of one image (depth, heads, N, N), ...], done, why}; see live.js.

import { drawn, hit, isOff, layout } from "./attention_view.js";
import { RULE } from "./choices.js";
import { callsAStep, generator, linearPath, normals } from "./core.js";
import { COST, folder, transformer } from "./live.js";
import { halves, levels, numbers } from "./payload.js";
import { WAIT, act, choice, held, num, press, range } from "./stage.js";

const CLASSES = 10;
const STEP = 0.05; // of the slider over the time
const KEPT = 12; // walks that are remembered
const RULES = ["euler", "heun", "rk4", "ddim", "dpmpp_2m"]; // those without noise of their own: one start has one end
const WITHIN = { 1: [0], 2: [0, 1], 4: [0, 0.5, 0.5, 1] }; // where in a step a rule of so many calls asks the net
const TENTHS = Array.from({ length: 11 }, (_, i) => i / 10);
const GATES = [["learned", "as learned"], ["0", "all at 0"], ["1", "all at 1"]];
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const NEAR = { "0,0": "itself", "-1,0": "the patch above", "1,0": "the patch below", "0,-1": "the patch on its left", "0,1": "the patch on its right" };

export default {
  hint: ({ live }) =>
    live
      ? `Tap a patch of the large digit to see where it looks. Then tap “block 1”, “positions” or “label”: what is lost? The first such move loads the net, ${COST}.`
      : "Move the time of this recorded walk. The other controls run the net, which lies beside the pages of the book: open the figure there.",

  prepare(data) {
    const { size, channels, patch, depth, heads } = data;
    numbers([size, channels, patch, depth, heads], "the sizes");
    const side = size / patch;
    const dim = channels * size ** 2;
    const { t, K, w, digit, token } = data.first;
    numbers([t, K, w, digit, token], "first");
    const world = { net: data.net, size, side, depth, heads, dim, first: { t, K, w, digit, token }, walks: new Map(), live: data.live ?? folder() };
    if (typeof data.net !== "string" || channels !== 1 || !Number.isInteger(side)) throw new Error("the pictures are not grey");
    world.start = halves(data.start, "start", dim);
    const count = (K + 1) * CLASSES * dim;
    const pixels = Float32Array.from(levels(data.frames, "frames", count), (level) => level / 7.5 - 1);
    const frames = Array.from({ length: K + 1 }, (_, i) => pixels.subarray(i * CLASSES * dim, (i + 1) * CLASSES * dim));
    const shares = Uint8Array.from(atob(data.shares), (c) => c.charCodeAt(0));
    const each = depth * heads * side ** 2; // where one patch looks: a share for each patch, in every head of every block
    if (shares.length !== K * each) throw new Error("shares are missing");
    world.recorded = { frames, done: true, why: "", shares: Array.from({ length: K }, (_, i) => Float32Array.from(shares.subarray(i * each, (i + 1) * each), (b) => b / 255)) };
    world.initial = Object.fromEntries(this.controls(world).filter(({ kind }) => kind !== "act").map(({ id, value }) => [id, value]));
    world.known = [walkKey(world.initial), `${lookKey(world.initial)} ${token}`];
    return world;
  },

  controls: ({ side, depth, heads, first }) => [
    range("t", "Time t", { min: 0, max: 1, step: STEP, value: first.t, show: (_, state) => num(timeOf(state)) }),
    range("token", "Patch", { min: 0, max: side ** 2 - 1, value: first.token, show: (token) => where(token, side, "", ", ") }),
    range("w", "Guidance w", { stops: [0, 1, 1.5, 2, 3, 5], value: first.w }),
    range("K", "Network calls K", { stops: [1, 2, 3, 5, 10, 20], value: first.K, show: (K, state) => (madeIn(state) === K ? String(K) : `${K}, makes ${madeIn(state)}`) }),
    range("from", "Guide from t", { stops: TENTHS.slice(0, -1), value: 0, show: (t) => num(t, 1) }),
    range("to", "Guide up to t", { stops: TENTHS.slice(1), value: 1, show: (t) => num(t, 1) }),
    choice("digit", "Digit shown large", Array.from({ length: CLASSES }, (_, i) => [i, String(i)]), first.digit),
    choice("rule", "Step rule", RULES.map((id) => [id, RULE[id].text])),
    choice("gates", "Gates", GATES),
    choice("part", "Part to switch", partsOf(depth, heads).map(({ name }, i) => [i, name])),
    act("switch", "Switch it off or on", (state) => toggled(state, partsOf(depth, heads)[state.part])),
    press("noise", "Another noise"),
    // What is off, a bit for each: blocks, the heads of each block, positions and label.
    held("blocks", bits(depth)),
    ...Array.from({ length: depth }, (_, i) => held(`heads${i + 1}`, bits(heads))),
    held("told", bits(2)),
  ],

  /** Without the net there is the recorded walk alone. Guidance ends after it has begun. */
  options: (state, { live, initial }) =>
    live ? { to: TENTHS.filter((t) => t > state.from) } : Object.fromEntries([...Object.keys(initial).filter((id) => id !== "t"), "switch"].map((id) => [id, [initial[id]]])),

  play: { id: "t", seconds: 4 },
  height: (width, state, world) => layout(width, world).height,

  *work(state, world) {
    const asked = world.live ? requests(state, world) : {};
    world.why = "";
    for (const [key, walk] of world.walks) {
      if (walk.done || key in asked) continue;
      world.transformer.drop(walk);
      world.walks.delete(key);
    }
    const had = Object.keys(asked).map((key) => [key, world.walks.get(key)]);
    for (const [key, walk] of had) if (walk) world.walks.delete(key) && world.walks.set(key, walk); // the latest are kept longest
    const missing = Object.entries(asked).filter(([key]) => !world.walks.has(key));
    if (missing.length) {
      if (!world.transformer || world.transformer.state === "failed") world.transformer = transformer(world.live, world.net);
      while (world.transformer.state === "loading") yield WAIT;
      world.why = world.transformer.why;
      if (world.why) return;
      for (const [key, message] of missing) world.walks.set(key, world.transformer.draw(message));
      for (const key of [...world.walks.keys()].slice(0, -KEPT)) world.walks.delete(key);
    }
    const walks = Object.keys(asked).map((key) => [key, world.walks.get(key)]);
    while (walks.some(([, { done }]) => !done)) yield WAIT;
    for (const [key, { why }] of walks)
      if (why) {
        world.why = why;
        world.walks.delete(key);
      }
  },

  paint: (view, state, world) => drawn(view, state, world, shown(state, world)),

  busy: (_, { transformer: net }) => (net?.state === "ready" ? "The net draws …" : `The net is loaded, ${COST} …`),

  say(state, world) {
    const { side, depth, heads, why } = world;
    if (why) return [["kx-note", `${why} Reset brings the recorded walk back.`]];
    const { whole, changed, shares, off } = shown(state, world);
    const { index, steps } = whole;
    const [name, each, made] = [RULE[state.rule].text, eachOf(state), madeIn(state)];
    const budget = made === state.K ? "" : ` ${name} makes ${each} calls a step, so K = ${state.K} is ${made} calls.`;
    const time = `t = ${num(index / steps)}, after ${index * each} of ${made} ${made === 1 ? "call" : "calls"}.${budget}${guided(state)}`;
    const told = `${time} ${index < steps ? "The" : `In the last step, from t = ${num((steps - 1) / steps)}, the`} outlined patch of the ${state.digit}, ${where(state.token, side)}: ${looks(shares, state.token, world)}`;
    const whatIsOff = off.length
      ? `Off: ${off.join(", ")}. Root mean square difference of the ten pictures from the whole net’s: ${num(distance(whole.frame, changed.frame))}, where black is −1 and white 1.`
      : `All ${depth} blocks and their ${depth * heads} heads are at work.`;
    const idle = state.gates === "0" ? [["", "With all gates at 0 no block adds anything: each patch is drawn from its own pixels, its place, the time and the label alone. The maps are computed, and not used."]] : [];
    return [["", told], ["", whatIsOff], ...idle];
  },

  tap(x, y, view, state, world) {
    const { part, ...change } = (world.live && hit(x, y, view, world)) || {};
    if (!part) return change;
    const chosen = partsOf(world.depth, world.heads).findIndex(({ id, bit }) => id === part.id && bit === part.bit);
    return { part: chosen, ...toggled(state, part) };
  },

  keysLabel: "Arrow keys choose a patch.",
  keys(key, { token }, { side, live }) {
    const step = live && ARROWS[key];
    if (!step) return null;
    const [row, column] = [Math.floor(token / side) + step[0], (token % side) + step[1]];
    const inside = [row, column].every((it) => it >= 0 && it < side);
    return { token: inside ? row * side + column : token };
  },

  close: ({ transformer: net }) => net?.leave(),
};

const bits = (count) => Array.from({ length: 2 ** count }, (_, i) => i);

/** "row 2, column 5" */
const where = (token, side, row = "row ", column = ", column ") => row + (Math.floor(token / side) + 1) + column + ((token % side) + 1);

/** What can be switched: {name, id, bit}, where the bit of the value `id` of the state says that it is off; a head has its block. */
function partsOf(depth, heads) {
  const all = [{ name: "positions", id: "told", bit: 0 }, { name: "label", id: "told", bit: 1 }];
  for (let block = 0; block < depth; block++) all.push({ name: `block ${block + 1}`, id: "blocks", bit: block });
  for (let block = 0; block < depth; block++)
    for (let head = 0; head < heads; head++) all.push({ name: `head ${head + 1} of block ${block + 1}`, id: `heads${block + 1}`, bit: head, block });
  return all;
}

const toggled = (state, { id, bit }) => ({ [id]: state[id] ^ (1 << bit) });

/** Network calls a step, steps, and the calls that they make: a rule of several a step takes a step at least. */
const eachOf = ({ rule }) => callsAStep(RULE[rule].rule);
const stepsIn = (state) => Math.max(1, Math.round(state.K / eachOf(state)));
const madeIn = (state) => stepsIn(state) * eachOf(state);

/** The time of the picture that is shown, the nearest one of the walk. */
const timeOf = (state) => Math.round(state.t * stepsIn(state)) / stepsIn(state);

/** The noise levels, sigma / alpha, between which guidance holds, as guidance.js takes them; null where it holds everywhere. */
function intervalOf({ w, from, to }) {
  if (w === 1 || (from === 0 && to === 1)) return null;
  return [to, from].map((t) => linearPath().coeffs(t)).map(({ alpha, sigma }) => sigma / alpha);
}

/** Where guidance holds, in a sentence. */
function guided(state) {
  if (!intervalOf(state)) return "";
  const [steps, within] = [stepsIn(state), WITHIN[eachOf(state)]];
  const times = Array.from({ length: steps }, (_, i) => within.map((part) => (i + part) / steps)).flat();
  const inside = times.filter((t) => t >= state.from && t <= state.to).length;
  return ` Guidance holds from t = ${num(state.from, 1)} to ${num(state.to, 1)}, in ${inside} of ${times.length} calls; the others take the label alone, w = 1.`;
}

/** The names of what is off. */
function offIn(state, { depth, heads }) {
  const names = partsOf(depth, heads).filter(isOff(state)).map(({ name }) => name);
  return state.gates === "learned" ? names : [...names, `gates at ${state.gates}`];
}

// --- which walks a state needs -----------------------------------------------------------------------------------------

const walkKey = (state) => `${state.noise} ${state.K} ${state.rule} ${state.w} ${intervalOf(state) ?? ""}`;
const partKey = (state) => Object.keys(state).filter((id) => /^(blocks|heads\d+|told|gates)$/.test(id)).map((id) => state[id]).join(" ");
const changedKey = (state) => `${walkKey(state)} | ${partKey(state)}`;
const lookKey = (state) => `${changedKey(state)} | ${state.digit}`;

/** What the engine must be asked for, {key: message}: the digits of the whole net, those of the changed one, and one digit's attention. */
function requests(state, world) {
  const asked = {};
  const start = noiseOf(state, world);
  const parts = partsIn(state, world);
  const message = (labels, more) => ({
    labels,
    start: Float64Array.from({ length: labels.length * world.dim }, (_, i) => start[i % world.dim]),
    calls: state.K,
    rule: state.rule,
    scale: state.w,
    interval: intervalOf(state),
    ...more,
  });
  const all = Array.from({ length: CLASSES }, (_, i) => i);
  if (walkKey(state) !== world.known[0]) asked[walkKey(state)] = message(all);
  if (offIn(state, world).length) asked[changedKey(state)] = message(all, { parts });
  if (`${lookKey(state)} ${state.token}` !== world.known[1]) asked[lookKey(state)] = message([state.digit], { parts, look: 0 });
  return asked;
}

/** The noise that all ten digits begin with: the recorded one, or that of a number. */
const noiseOf = ({ noise }, { start, dim }) => (noise ? normals(dim, generator(noise)) : start);

/** The switches as transformer.js takes them. */
function partsIn(state, { depth, heads }) {
  const off = partsOf(depth, heads).filter(isOff(state));
  const one = (name) => !off.some((part) => part.name === name);
  return {
    off: off.filter(({ id }) => id === "blocks").map(({ bit }) => bit),
    heads: off.filter(({ block }) => block !== undefined).map(({ block, bit }) => [block, bit]),
    gates: state.gates === "learned" ? null : Number(state.gates),
    positions: one("positions"),
    label: one("label"),
  };
}

/** What there is to see at the state's time: {whole, changed: {frame, index, steps} or null, shares, off}. */
function shown(state, world) {
  const steps = stepsIn(state);
  const index = Math.round(state.t * steps);
  const at = (walk) => (walk?.frames.length ? { frame: walk.frames[Math.min(index, walk.frames.length - 1)], index, steps } : null);
  const known = (key, i) => (key === world.known[i] ? world.recorded : null);
  const off = offIn(state, world);
  const whole = at(known(walkKey(state), 0) ?? world.walks.get(walkKey(state)));
  const changed = off.length ? at(world.walks.get(changedKey(state))) : null;
  const call = Math.min(index, steps - 1); // at the end, where none is made, the last one
  const shares = known(`${lookKey(state)} ${state.token}`, 1)?.shares[call] ?? row(world.walks.get(lookKey(state))?.maps[call], state.token, world);
  return { whole, changed, shares, off, part: partsOf(world.depth, world.heads)[state.part] };
}

/** From maps (depth, heads, N, N) where one patch looks: (depth, heads, N). */
function row(maps, token, { side, depth, heads }) {
  if (!maps) return null;
  const N = side ** 2;
  const shares = new Float32Array(depth * heads * N);
  for (let i = 0; i < depth * heads; i++) shares.set(maps.subarray((i * N + token) * N, (i * N + token + 1) * N), i * N);
  return shares;
}

/** The strongest look of a patch, in words. */
function looks(shares, token, { side, heads }) {
  const N = side ** 2;
  const at = shares.reduce((best, share, i) => (share > shares[best] ? i : best), 0);
  if (!(shares[at] > 0)) return "no head is at work.";
  const [head, block, target] = [Math.floor(at / N) % heads, Math.floor(at / N / heads), at % N];
  const [down, right] = [Math.floor(target / side) - Math.floor(token / side), (target % side) - (token % side)];
  return `the strongest look is that of head ${head + 1} of block ${block + 1}, ${num(100 * shares[at], 0)} % on ${NEAR[[down, right]] ?? where(target, side)}.`;
}

/** The root mean square difference of two lists of pixels, as they are shown. */
function distance(a, b) {
  const cut = (value) => Math.min(1, Math.max(-1, value));
  return Math.sqrt(a.reduce((sum, value, i) => sum + (cut(value) - cut(b[i])) ** 2, 0) / a.length);
}
