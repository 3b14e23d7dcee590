// The folded groups of controls, and the four mistakes as switches.

import { element } from "../stage.js";
import { GROUPS, MISTAKES, chapterLink, control } from "./controls.js";
import { rulesFor, targetsFor } from "./recipe.js";

/** {groups, refresh(state)}: groups are elements; choose(key, value) is called when the reader moves a control. */
export function settings(choose) {
  const fold = (title, ...inside) => element("details", { className: "pg-group" }, element("summary", { textContent: title }), ...inside);
  const controls = new Map(GROUPS.flatMap(({ keys }) => keys).map((key) => [key, control(key, choose)]));
  const groups = GROUPS.map(({ title, keys }) => fold(title, element("div", { className: "kx-row" }, ...keys.map((key) => controls.get(key).node))));
  const mistakes = MISTAKES.map(([name, label, look, chapter]) => {
    const input = element("input", { type: "checkbox", id: `pg-mistake-${name.replace(/\W/g, "-")}` });
    input.addEventListener("change", () => choose("mistake", input.checked ? name : null));
    const node = element("div", { className: "pg-mistake" }, input, element("label", { htmlFor: input.id, textContent: label }));
    node.append(chapterLink(chapter, label), element("p", { textContent: look }));
    return { name, input, node };
  });
  groups.push(fold("Mistakes", ...mistakes.map(({ node }) => node)));

  function refresh(state) {
    const allowed = { rule: rulesFor(state).map(({ name }) => name), target: targetsFor(state) };
    for (const [key, it] of controls) it.refresh(state, allowed[key]);
    controls.get("path").node.hidden = state.process === "ddpm";
    controls.get("betas").node.hidden = state.process !== "ddpm";
    controls.get("eta").node.hidden = state.rule !== "ddim";
    for (const { name, input } of mistakes) input.checked = state.mistake === name;
  }
  return { groups, refresh };
}
