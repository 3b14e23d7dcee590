// The entry of the bundle: bring every explorer of the page to life that is not alive yet.

import css from "./explorer.css";
import { EXPLORERS } from "./all.js";
import { mount, problem } from "./stage.js";

if (!document.querySelector("style[data-kx]")) {
  const style = Object.assign(document.createElement("style"), { textContent: css });
  style.dataset.kx = "";
  document.head.append(style);
}
for (const figure of document.querySelectorAll("figure.kx[data-explorer]:not([data-mounted])")) {
  figure.dataset.mounted = "";
  const name = figure.dataset.explorer;
  try {
    const explorer = EXPLORERS[name];
    typeof explorer === "function" ? explorer(figure) : mount(figure, explorer); // a list needs no stage
  } catch (error) {
    problem(figure, error);
  }
}
