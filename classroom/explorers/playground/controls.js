// The controls of the playground, one for each key of a state (state.js), with a link to the chapter that explains it.

import { element } from "../stage.js";
import { CHOICES } from "./state.js";

/** The chapter in which a key is explained. */
const CHAPTERS = {
  kind: "01_two_moons", bandwidth: "01_two_moons", process: "06_flow_matching", path: "02_noise_schedules", betas: "02_noise_schedules",
  target: "03_what_the_net_predicts", width: "00_a_model_in_ten_minutes", depth: "00_a_model_in_ten_minutes", tScale: "08_time_scale",
  classes: "11_conditioning_and_guidance", lr: "09_training_craft", batch: "09_training_craft", steps: "09_training_craft", ema: "09_training_craft",
  stratified: "09_training_craft", labelDrop: "11_conditioning_and_guidance", seed: "09_training_craft", rule: "07_solvers_and_the_k_budget",
  calls: "07_solvers_and_the_k_budget", eta: "05_ddim_and_the_probability_flow", scale: "11_conditioning_and_guidance", label: "11_conditioning_and_guidance",
}; // prettier-ignore

/** What each folded group holds. */
export const GROUPS = [
  { title: "Net", keys: ["process", "path", "betas", "target", "width", "depth", "tScale", "classes"] },
  { title: "Training", keys: ["lr", "batch", "steps", "ema", "stratified", "labelDrop", "seed"] },
  { title: "Sampling", keys: ["rule", "calls", "eta", "label", "scale"] },
];

/** The four classic mistakes, and what to look for. */
export const MISTAKES = [
  ["sign of v", "Wrong sign of v", "Train asks for −v, sampling reads v. The loss falls as ever; the samples go somewhere else.", "03_what_the_net_predicts"],
  ["x_data for x_t", "x_data fed for x_t", "The net is shown clean data in training. Its loss falls below the floor of what was meant, which no honest net can do.", "16_bug_museum"],
  ["unscaled betas", "Betas not rescaled", "A short schedule takes the betas of a long one: its last state is far from noise, and sampling starts from noise. There are two floors: of the right schedule, and of this one.", "02_noise_schedules"],
  ["no standardisation", "Data not standardised", "The data is a tenth as large as it should be beside the noise. Its samples run together. There are two floors: of the right data, which its loss falls below, and of this.", "01_two_moons"],
];

const root = () => document.documentElement.dataset.content_root ?? "../";

/** A small link to a chapter, named for screen readers by what it explains. */
export function chapterLink(chapter, what) {
  const number = chapter.match(/^0?(\d+[a-z]?)/)[1];
  const link = element("a", { className: "pg-ref", href: `${root()}notebooks/${chapter}.html`, textContent: chapter.startsWith("16") ? "museum" : `ch. ${number}` });
  link.setAttribute("aria-label", `${link.textContent}: ${what}`);
  return link;
}

/**
 * A control of a key: {node, refresh(state, allowed)}. changed(key, value) is called when the reader moves it; allowed: the values that
 * make sense now, undefined for all.
 */
export function control(key, changed) {
  const { label, options, min, max, step } = CHOICES[key];
  const id = `pg-${key}`;
  const name = element("label", { htmlFor: id, textContent: label });
  const node = element("div", { className: "kx-control" }, element("span", { className: "pg-name" }, name));
  if (CHAPTERS[key]) node.firstChild.append(" ", chapterLink(CHAPTERS[key], label));
  if (options) {
    const input = element("select", { id }, ...options.map((option) => element("option", { textContent: option.label })));
    input.addEventListener("change", () => changed(key, options[input.selectedIndex].value));
    node.append(input);
    return {
      node,
      refresh(state, allowed) {
        input.selectedIndex = options.findIndex(({ value }) => value === state[key]);
        [...input.options].forEach((option, i) => (option.disabled = allowed !== undefined && !allowed.includes(options[i].value)));
      },
    };
  }
  const input = element("input", { type: "range", id, min, max, step });
  const output = element("output", { htmlFor: id });
  input.addEventListener("input", () => changed(key, Number(input.value)));
  node.append(output, input);
  return {
    node,
    refresh(state) {
      if (Number(input.value) !== state[key]) input.value = state[key];
      output.textContent = String(state[key]);
    },
  };
}

/** Buttons of which one is pressed: options [{value, label}]. Returns {node, refresh(value, off)}: off, none can be. */
export function oneOf(name, options, chosen) {
  const buttons = options.map(({ value, label }) => {
    const node = element("button", { type: "button", onclick: () => chosen(value) }, ...[label].flat());
    node.dataset.value = value;
    return node;
  });
  const node = element("div", { className: "pg-set" }, ...buttons);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", name);
  return { node, buttons, refresh };
  function refresh(value, off = false) {
    for (const [i, option] of options.entries()) {
      buttons[i].setAttribute("aria-pressed", String(option.value === value));
      buttons[i].disabled = off;
    }
  }
}
