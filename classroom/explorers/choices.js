// The paths, rules and models that several explorers let the reader choose from, by the names of the book.

import { ancestral, cosineBetas, discreteSchedule, linearBetas, oracle, partial, paths, rules } from "./core.js";
import { RULES } from "./palette.js";
import { choice } from "./stage.js";

const FLOWS = paths().map((make) => [make.facts.name, { text: `${make.facts.label} flow path`, make: () => make() }]);

export const PATHS = {
  ...Object.fromEntries(FLOWS),
  ddpm: { text: "DDPM, linear betas", make: () => discreteSchedule(linearBetas(1000)) },
  "ddpm-cosine": { text: "DDPM, cosine betas", make: () => discreteSchedule(cosineBetas(1000)) },
};

const RULE_NAMES = rules().map((rule) => [rule.facts.name, { text: rule.facts.label, rule, style: RULES[rule.facts.name] }]);

export const RULE = {
  ...Object.fromEntries(RULE_NAMES),
  ancestral_beta: { text: "Ancestral, variance β", rule: partial(ancestral, { variance: "beta" }), style: RULES.ancestral_beta },
};

/** The names of the paths with a continuous clock. */
export const FLOW_PATHS = FLOWS.map(([id]) => id);

/** [value, text] pairs for a drop-down list. */
export const listed = (table, ids = Object.keys(table)) => ids.map((id) => [id, table[id].text]);

/** The rules that can walk a path: those that follow a velocity need one, and some need it at the last point too. */
export function rulesOn(path) {
  const { dSigma } = path.coeffs(path.tData);
  const has = { start: dSigma !== null, end: dSigma !== null && Number.isFinite(dSigma) };
  return Object.keys(RULE).filter((id) => RULE[id].rule.facts.velocity === null || has[RULE[id].rule.facts.velocity]);
}

const ANSWERS = [["oracle", "the exact oracle"], ["net", "a trained net"]];

/** The control that chooses between the exact answer and a trained net, where there is one. */
export const modelChoice = (label, models, value = "oracle") =>
  choice("model", label, ANSWERS.slice(0, Object.values(models).some((m) => m.net) ? 2 : 1), value);

/** What can be chosen there on one path. */
export const modelsOn = (path, models) => (models[path].net ? ["oracle", "net"] : ["oracle"]);

/** Every path with the mixture's exact answer on it, and the trained models {path id: model} where there are any. */
export function makeModels(mixture, trained = {}) {
  return Object.fromEntries(
    Object.entries(PATHS).map(([id, { make }]) => [id, { oracle: oracle(mixture, make()), net: trained[id] ?? null }]),
  );
}
