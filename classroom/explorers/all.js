// Generated from the files of this folder by `make explorers`: every .js with a .py of its name, but those with a bundle of their own.
import attention from "./attention.js";
import digits from "./digits.js";
import dit from "./dit.js";
import ema from "./ema.js";
import film from "./film.js";
import flow from "./flow.js";
import guidance from "./guidance.js";
import k_budget from "./k_budget.js";
import noising from "./noising.js";
import pairing from "./pairing.js";
import posterior from "./posterior.js";
import reverse from "./reverse.js";
import step from "./step.js";
import t_scale from "./t_scale.js";
import targets from "./targets.js";
import velocities from "./velocities.js";
import water from "./water.js";

export const EXPLORERS = { "attention": attention, "digits": digits, "dit": dit, "ema": ema, "film": film, "flow": flow, "guidance": guidance, "k-budget": k_budget, "noising": noising, "pairing": pairing, "posterior": posterior, "reverse": reverse, "step": step, "t-scale": t_scale, "targets": targets, "velocities": velocities, "water": water };
