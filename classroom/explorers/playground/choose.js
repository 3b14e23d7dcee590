// One choice, and what has to follow it, so that a reader who turns one knob finds a combination that works.

import { misplaced, rulesFor, targetsFor } from "./recipe.js";
import { clean } from "./state.js";
import { shape } from "./shapes.js";

const USUAL = {
  flow: { target: "u", tScale: 1000, rule: "euler", calls: 20 },
  ddpm: { target: "eps", tScale: 1, rule: "ancestral", calls: 50 },
};
const NEEDED = {
  __proto__: null,
  "sign of v": { target: "v" },
  "x_data for x_t": { target: "x0" }, // the loss then falls to nothing: the net hands back what it is shown
  "unscaled betas": { process: "ddpm", betas: "linear", tScale: 1, rule: "ddim" },
};

/**
 * The state with one more choice made. Others give way to it where they cannot stay. A target or a rule that the path forbids is
 * left as it was chosen: problem() says why it cannot be.
 */
export function withChoice(state, key, value) {
  const next = clean({ ...state, [key]: value });
  if (key === "kind" || key === "text") next.bandwidth = bandwidthOf(next);
  if (key === "process" && next.process !== state.process) Object.assign(next, USUAL[next.process]);
  if (key === "mistake") Object.assign(next, NEEDED[next.mistake]);
  else if (misplaced(next)) next.mistake = null;

  if (key === "scale" && next.scale !== 1) next.label ??= 0;
  if (key === "label" ? next.label === null : key === "classes" && !next.classes) Object.assign(next, { label: null, scale: 1 });
  if (next.label !== null) next.classes = true;

  const targets = targetsFor(next);
  if (key !== "target" && !targets.includes(next.target)) next.target = targets[0];
  const rules = rulesFor(next).map(({ name }) => name);
  if (key !== "rule" && key !== "target" && !rules.includes(next.rule)) next.rule = rules.includes("euler") ? "euler" : "ddim";
  return next;
}

/** The bandwidth that suits a shape; what is drawn, or cannot be, keeps the one that there is. */
function bandwidthOf({ kind, text, bandwidth }) {
  try {
    return kind === "drawn" ? bandwidth : shape(kind, text).bandwidth;
  } catch {
    return bandwidth;
  }
}
