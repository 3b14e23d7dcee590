// The K-budget grid with a net that is wrong on purpose: more steps repair what the solver does wrong, and nothing else.

import budget from "./k_budget.js";

const START = { path: "linear", rule: "euler", model: "net" };

export default {
  ...budget,
  hint: "Let the answers come from the exact oracle: with two steps it is no better, and from ten steps on it goes where the net never gets. Then give the net 1,000 steps.",
  controls: (world) => budget.controls(world).map((control) => (control.id in START ? { ...control, value: START[control.id] } : control)),
};
