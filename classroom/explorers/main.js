// The entry of the bundle: bring every explorer of the page to life that is not alive yet.

import css from "./explorer.css";
import { mount, problem } from "./stage.js";
import { kBudget } from "./k_budget.js";
import { mountTree } from "./decision_tree.js";
import { digits } from "./digits.js";
import { flow } from "./flow.js";
import { guidance } from "./guidance.js";
import { noising } from "./noising.js";
import { reverse } from "./reverse.js";
import { tScale } from "./t_scale.js";
import { targets } from "./targets.js";

const EXPLORERS = { noising, targets, reverse, flow, "k-budget": kBudget, "t-scale": tScale, guidance, digits };

if (!document.querySelector("style[data-kx]")) {
  const style = Object.assign(document.createElement("style"), { textContent: css });
  style.dataset.kx = "";
  document.head.append(style);
}
for (const figure of document.querySelectorAll("figure.kx[data-explorer]:not([data-mounted])")) {
  figure.dataset.mounted = "";
  const name = figure.dataset.explorer;
  try {
    name === "decision-tree" ? mountTree(figure) : mount(figure, EXPLORERS[name]);
  } catch (error) {
    problem(figure, error);
  }
}
