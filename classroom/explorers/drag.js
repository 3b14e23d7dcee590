// A point of the plane that a reader drags, by a finger or by two sliders.

import { num, range } from "./stage.js";

const EDGE = 2.5; // how far out it may go
const STEP = 0.05;
export const FINGER = 44; // pixels around it in which a finger takes it

/** Its sliders, x and y. */
export const axes = (name, x, y) =>
  [["x", "first", x], ["y", "second", y]].map(([id, which, value]) => range(id, `${name}: ${which} axis`, { min: -EDGE, max: EDGE, step: STEP, value, show: (at) => num(at, 2) }));

/** The nearest place that it may take to a pixel of the panel: {x, y}. */
export function nearest(panel, px, py) {
  const [x, y] = panel.at(px, py).map((value) => +(Math.round(Math.max(-EDGE, Math.min(EDGE, value)) / STEP) * STEP).toFixed(9) + 0);
  return { x, y };
}

/** Whether a finger at a pixel of the panel takes hold of what is at x, y. */
export const held = (panel, px, py, x, y) => Math.hypot(panel.px(x) - px, panel.py(y) - py) < FINGER;

/** A point with a rim of ink. */
export function dot(panel, view, at, color, size, { marker, rim = 1.5 } = {}) {
  panel.points(at, { color: view.ink, size, marker, alpha: 1 });
  panel.points(at, { color, size: size - rim, marker, alpha: 1 });
}
