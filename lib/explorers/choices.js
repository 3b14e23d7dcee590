// The paths, rules and models that several explorers let the reader choose from, by the names of the book.

import { ancestral, cosineBetas, cosinePath, ddim, discreteSchedule, dpmpp2m, euler, heun, linearBetas, linearPath, oracle, rk4, vpPath } from "./core.js";
import { RULES } from "./palette.js";
import { choice } from "./stage.js";

export const PATHS = {
  linear: { text: "straight flow path", make: linearPath },
  cosine: { text: "cosine flow path", make: cosinePath },
  vp: { text: "VP flow path", make: () => vpPath() },
  ddpm: { text: "DDPM, linear betas", make: () => discreteSchedule(linearBetas(1000)) },
  "ddpm-cosine": { text: "DDPM, cosine betas", make: () => discreteSchedule(cosineBetas(1000)) },
};

export const RULE = {
  euler: { text: "Euler", rule: euler, style: RULES.euler },
  heun: { text: "Heun", rule: heun, style: RULES.heun },
  rk4: { text: "RK4", rule: rk4, style: RULES.rk4 },
  ddim: { text: "DDIM", rule: ddim(0), style: RULES.ddim },
  ancestral: { text: "Ancestral, variance β̃", rule: ancestral("beta_tilde"), style: RULES.ancestral },
  "ancestral-beta": { text: "Ancestral, variance β", rule: ancestral("beta"), style: RULES.ancestral_beta },
  dpmpp: { text: "DPM-Solver++ 2M", rule: dpmpp2m, style: RULES.dpmpp_2m },
};

/** [value, text] pairs for a drop-down list. */
export const listed = (table, ids = Object.keys(table)) => ids.map((id) => [id, table[id].text]);

/** The rules that can walk a path: those that follow a velocity need one, and Heun and RK4 need it at the last point too. */
export function rulesOn(path) {
  const c = path.T ? {} : path.coeffs(path.tData);
  const finite = Number.isFinite(c.dSigma);
  return Object.keys(RULE).filter((id) => !RULE[id].rule.velocity || (!path.T && (finite || id === "euler")));
}

const ANSWERS = [["oracle", "the exact oracle"], ["net", "a trained net"]];

/** The control that chooses between the exact answer and a trained net, where there is one. */
export const modelChoice = (label, models) => choice("model", label, ANSWERS.slice(0, Object.values(models).some((m) => m.net) ? 2 : 1));

/** What can be chosen there on one path. */
export const modelsOn = (path, models) => (models[path].net ? ["oracle", "net"] : ["oracle"]);

/** Every path with the mixture's exact answer on it, and the trained models {path id: model} where there are any. */
export function makeModels(mixture, trained = {}) {
  return Object.fromEntries(
    Object.entries(PATHS).map(([id, { make }]) => [id, { oracle: oracle(mixture, make()), net: trained[id] ?? null }]),
  );
}
