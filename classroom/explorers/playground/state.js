// What the playground shows, as one flat object: what every control may be, and what the address keeps (address.js).

import { MOST } from "./mixture.js";
import { snap } from "./plane.js";
import { SHAPES, shape } from "./shapes.js";

/** {kind, text, cloud, ...}: cloud is {x, y} of what was drawn, or null. Times t run from 0, noise, to 1, data, on every clock. */
export const DEFAULTS = Object.freeze({
  kind: "moons", text: "FLOW", cloud: null, bandwidth: 0.14,
  process: "flow", path: "linear", betas: "linear", target: "u",
  width: 64, depth: 3, tScale: 1000, classes: false,
  lr: 0.005, batch: 256, steps: 3000, ema: 0.99, stratified: true, labelDrop: 0.2, seed: 0, mistake: null,
  rule: "euler", calls: 20, eta: 0, scale: 1, label: null,
  show: "samples", t: 1,
}); // prettier-ignore

const option = (one) => (Array.isArray(one) ? { value: one[0], label: one[1] } : { value: one, label: String(one) });
const of = (label, ...options) => ({ label, options: options.map(option) });
const between = (label, min, max, step) => ({ label, min, max, step });

/** What each key may be: {label, options: [{value, label}]}, or {label, min, max, step} for a number. */
export const CHOICES = {
  kind: of("Data", ...SHAPES.map(({ name, label }) => [name, label])),
  bandwidth: between("Bandwidth", 0.02, 0.6, 0.01),
  process: of("Process", ["flow", "Flow matching"], ["ddpm", "DDPM"]),
  path: of("Path", ["linear", "straight"], ["cosine", "cosine"], ["vp", "VP"]),
  betas: of("Betas", ["linear", "linear"], ["cosine", "cosine"]),
  target: of("Target", ["u", "u"], ["v", "v"], ["x0", "x0"], ["eps", "ε"]),
  width: of("Width", 8, 16, 32, 64, 128),
  depth: of("Depth", 1, 2, 3, 4),
  tScale: of("t_scale", 1, 3, 10, 30, 100, 300, 1000),
  classes: of("Net sees the class", [false, "no"], [true, "yes"]),
  lr: of("Learning rate", 0.0001, 0.0003, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1),
  batch: of("Batch", 16, 64, 256, 512),
  steps: of("Steps", 300, 1000, 3000, 10000),
  ema: of("EMA", 0, 0.9, 0.99, 0.999),
  stratified: of("Times", [true, "stratified"], [false, "uniform"]),
  labelDrop: of("Labels dropped", 0, 0.1, 0.2, 0.5),
  seed: between("Seed", 0, 9999, 1),
  mistake: of("Mistake", [null, "none"],
    ["sign of v", "wrong sign of v"], ["x_data for x_t", "x_data fed for x_t"],
    ["unscaled betas", "betas not scaled"], ["no standardisation", "data not standardised"]),
  rule: of("Rule", ["euler", "Euler"], ["heun", "Heun"], ["rk4", "RK4"], ["ddim", "DDIM"],
    ["ancestral", "Ancestral"], ["dpmpp_2m", "DPM-Solver++ 2M"]),
  calls: between("Network calls", 1, 200, 1),
  eta: between("eta", 0, 1, 0.05),
  scale: between("Guidance w", 0, 8, 0.25),
  label: of("Class", [null, "both"], [0, "A"], [1, "B"]),
  show: of("Show", ["samples", "samples"], ["field", "field"], ["error", "error of the field"]),
  t: between("t", 0, 1, 0.01),
}; // prettier-ignore

const isTable = (any) => any !== null && typeof any === "object";

/** A valid value of a key, near the given one where that is a number; undefined where there is none. */
export function allowed(key, value) {
  const { options, min, max, step } = CHOICES[key];
  if (options) return options.some((option) => option.value === value) ? value : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return Number((min + step * Math.round((Math.min(max, Math.max(min, value)) - min) / step)).toFixed(5));
}

/** A valid state of anything: what is no value of its key is the default's. Drawn points lie on the grid, at most MOST of them. */
export function clean(any) {
  const given = isTable(any) ? any : {};
  const state = { ...DEFAULTS };
  for (const key of Object.keys(CHOICES)) state[key] = allowed(key, Object.hasOwn(given, key) ? given[key] : undefined) ?? DEFAULTS[key];
  if (typeof given.text === "string") state.text = [...given.text.replace(/[\p{C}\s]+/gu, " ").trimStart()].slice(0, 12).join("").trimEnd();
  if (isTable(given.cloud)) state.cloud = cleanCloud(given.cloud);
  return state;
}

/** The points that are numbers, on the grid, evenly thinned to MOST. */
function cleanCloud({ x, y }) {
  if (!Number.isInteger(x?.length) || !Number.isInteger(y?.length)) return null;
  const good = [];
  for (let i = 0; i < y.length && 2 * i + 1 < x.length; i++) if (Number.isFinite(x[2 * i]) && Number.isFinite(x[2 * i + 1])) good.push(i);
  if (!good.length) return null;
  const some = good.length <= MOST ? good : Array.from({ length: MOST }, (_, k) => good[Math.floor((k * good.length) / MOST)]);
  return { x: Float64Array.from(some.flatMap((i) => [snap(x[2 * i]), snap(x[2 * i + 1])])), y: Int32Array.from(some, (i) => (y[i] === 1 ? 1 : 0)) };
}

/** The cloud that a state shows. Throws a sentence where the word has no letter; one that is drawn may be empty. */
export function cloudOf(state) {
  if (state.kind === "drawn" && state.cloud) return { ...state.cloud, bandwidth: state.bandwidth };
  return { ...shape(state.kind, state.text), bandwidth: state.bandwidth };
}
