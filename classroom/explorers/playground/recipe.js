// From a state to what the engine trains and what is exact beside it; which of the choices go together; the four classic mistakes.

import { core } from "./engine.js";
import { CHOICES } from "./state.js";

const EMBED = 64; // numbers of the time's embedding
const T = 1000; // steps of a discrete schedule
export const SHORT = 10; // steps of the schedule that takes the betas of T = 1000 as they are, and so stops far from noise
export const TENTH = 0.1; // of the size that it should have is data that is not standardised

/** The number of steps of the schedule that a state's net is trained on. */
export const stepsOf = ({ mistake }) => (mistake === "unscaled betas" ? SHORT : T);

const BETAS = { linear: core.linearBetas, cosine: core.cosineBetas };

const unitPath = (name) => core.paths().find(({ facts }) => facts.name === name)();

/** The path or schedule that a state means, without its mistake. */
export const pathOf = (state) => (state.process === "ddpm" ? core.discreteSchedule(BETAS[state.betas](T)) : unitPath(state.path));

const betasOf = (state) => (state.mistake === "unscaled betas" ? core.linearBetas(SHORT, { rescale: false }) : BETAS[state.betas](T));

/** The path or schedule that a state's net is trained on: that of the exact answer, but for one mistake. */
export const trainedOn = (state) => (state.process === "ddpm" ? core.discreteSchedule(betasOf(state)) : unitPath(state.path));

/** A time on the clock of a path, of t from 0, noise, to 1, data. */
export const timeOn = (path, t) => (path.T === undefined ? t : Math.round((1 - t) * path.T) - 1);

/** The recipe of a state's net, as session.js says; data is that of toMixture. */
export function recipeOf(state, data) {
  const { width, depth, tScale, classes, target, batch, steps, lr, ema, stratified, labelDrop, seed, mistake } = state;
  const unit = unitOf(state);
  return {
    sizes: { width, depth, embedDim: EMBED, tScale, classes: classes ? Math.max(...data.labels) + 1 : null },
    clock: state.process === "ddpm" ? { betas: betasOf(state) } : { path: state.path },
    target,
    data: unit === 1 ? data : { ...data, means: data.means.map((m) => m * unit), variances: data.variances.map((v) => v * unit ** 2) },
    batch,
    steps,
    lr,
    decay: ema,
    stratified,
    labelDrop,
    seed,
    mistake: mistake === "sign of v" || mistake === "x_data for x_t" ? mistake : null,
  };
}

/** How large the samples of a state's net are beside those of the exact model. */
export const unitOf = ({ mistake }) => (mistake === "no standardisation" ? TENTH : 1);

/** The exact model of a state, without its mistake, guided where that is asked for. */
export function modelOf(state, mixture) {
  const exact = core.oracle(mixture, pathOf(state));
  return state.label !== null && state.scale !== 1 ? core.guided(exact, state.scale) : exact;
}

/** The rule of a state with its options, for `core.walk`; the engine takes `optionsOf` beside the name. */
export function ruleOf(state) {
  const rule = core.rules().find(({ facts }) => facts.name === state.rule);
  const options = optionsOf(state);
  return options ? core.partial(rule, options) : rule;
}

export const optionsOf = ({ rule, eta }) => (rule === "ddim" && eta ? { eta } : undefined);

/** How many calls a state's rule really makes: it may take several a step, and takes a step at least. */
export function callsOf(state) {
  const each = core.callsAStep(ruleOf(state));
  return each * Math.max(1, Math.round(state.calls / each));
}

/** The same of its net, whose schedule may have fewer steps. */
export const netCallsOf = (state) => (state.process === "ddpm" ? Math.min(callsOf(state), stepsOf(state)) : callsOf(state));

/** The grid of these calls on a path. */
export const gridOf = (state, path) => path.grid(callsOf(state) / core.callsAStep(ruleOf(state)));

/** What the rules say of themselves that this path permits: [{name, label, calls}]. */
export const rulesFor = (state) => core.rules().map(core.facts).filter((facts) => !refusal(state, facts));

/** The targets that can be trained on a state's path, and sampled, the usual one first. */
export const targetsFor = (state) => USUAL[state.process].filter((target) => !untrainable({ ...state, target }));
const USUAL = { flow: ["u", "v", "x0", "eps"], ddpm: ["eps", "v", "x0", "u"] };

/** Why a rule cannot walk this path, or null. */
function refusal({ process, path, target }, { label, velocity }) {
  if (!velocity) return null;
  if (process === "ddpm") return `${label} follows a velocity, and a schedule of steps has none. Choose DDIM, Ancestral or DPM-Solver++ 2M.`;
  if (velocity !== "end") return null;
  if (path === "vp")
    return `${label} looks at the velocity at the data, which is infinite on the VP path. Choose Euler, DDIM or DPM-Solver++ 2M.`;
  if (target === "x0")
    return `${label} asks the net at the data, where "x0" says nothing about the noise. Choose Euler or DDIM, or the target u or v.`;
  return null;
}

/** Why a target cannot be trained on this path, or not sampled, or null. */
function untrainable({ process, path, target }) {
  const flow = process === "flow";
  if (!flow && target === "u") return 'A schedule of steps has no velocity, so there is no target "u" on it. Choose v, x0 or ε.';
  if (flow && path !== "vp" && target === "eps")
    return "At pure noise, where sampling begins, x_t is the noise, and a net for ε says nothing of the data. Choose u, v or x0, or the VP path.";
  if (flow && path === "vp" && target === "u")
    return 'On the VP path the velocity grows without bound towards the data, and the loss of "u" has no finite mean. Choose v, x0 or ε.';
  return null;
}

/** Why a mistake cannot be made here, or null. */
export function misplaced({ process, betas, target, mistake }) {
  if (mistake === "sign of v" && target !== "v") return "This mistake is made with the target v. Choose v.";
  if (mistake === "unscaled betas" && (process === "flow" || betas !== "linear"))
    return "This mistake is made with DDPM and linear betas. Choose both.";
  return null;
}

/** Why this combination cannot be trained, or not sampled, in a sentence that says what to choose; null where it can. */
export function problem(state, mixture = null) {
  const { label, scale, classes } = state;
  const refused = misplaced(state) ?? untrainable(state) ?? refusal(state, core.facts(ruleOf(state)));
  if (refused) return refused;
  if (label !== null && !classes)
    return `The net does not see the class, so it cannot draw class ${nameOf(label)} alone. Let it see the class, or choose both.`;
  if (label !== null && mixture && label >= mixture.classes) return "There is one class in this data. Add points of the other, or choose both.";
  if (scale !== 1 && label === null) return "Guidance steers towards a class. Choose class A or B, or w = 1.";
  return null;
}

const nameOf = (label) => CHOICES.label.options.find(({ value }) => value === label).label;
