// The three squares of the playground. Each shows the same part of the plane, from -R to R both ways, at the same time of the walk.

import { FAN, ROLES } from "../palette.js";
import { rgb } from "../view.js";

export const R = 3.4;
export const CLASSES = [
  { color: ROLES.data, marker: "o" },
  { color: FAN[0].color, marker: "^" },
];
export const CLASS_COLORS = CLASSES.map(({ color }) => rgb(color));

const square = (view, box) => view.panel(box, [-R, R], [-R, R]);

/** From the coordinates of a mixture to the plane. */
export const toPlane = (x, { shift, scale }) => Float64Array.from(x, (value, i) => value * scale[i % 2] + shift[i % 2]);

/** The walk {times, states} at time t: between two states, straight on from one to the other. Times rise from 0 to 1. */
export function stateAt({ times, states }, t) {
  const next = times.findIndex((time) => time >= t);
  if (next < 0) return states.at(-1);
  if (next === 0) return states[0];
  const part = (t - times[next - 1]) / (times[next] - times[next - 1]);
  const [a, b] = [states[next - 1], states[next]];
  return part >= 1 ? b : a.map((value, i) => value + part * (b[i] - value));
}

/** What was drawn, over the exact density at this time; the cursor of the keyboard where there is one. */
export function paintData(view, box, { cloud, heat, cursor }) {
  const panel = square(view, box);
  panel.clip(() => {
    if (heat) smooth(view, box, heat, 1);
    const few = cloud.y.length < 350;
    CLASSES.forEach(({ color, marker }, label) => {
      const own = [...cloud.y.keys()].filter((i) => cloud.y[i] === label);
      const at = Float64Array.from(own.flatMap((i) => [cloud.x[2 * i], cloud.x[2 * i + 1]]));
      const size = few ? 2.6 : 1.8;
      panel.points(at, { color: view.paper, marker, size: size + 0.9, alpha: 0.8 }); // a rim, for the density has the same colour
      panel.points(at, { color, marker, size, alpha: 1 });
    });
    if (!cloud.y.length) centred(view, box, ["Draw here.", "Every point becomes", "a small Gaussian."]);
    if (cursor) {
      for (const [dx, dy] of [[0.22, 0], [0, 0.22]]) panel.line([cursor[0] - dx, cursor[0] + dx], [cursor[1] - dy, cursor[1] + dy], { width: 2 });
    }
  });
  panel.frame();
}

/** Samples over a faint density, or arrows of a field, or a map of its error. */
export function paintSamples(view, box, { walk, place, t, heat, color, field, map }) {
  const panel = square(view, box);
  panel.clip(() => {
    if (map) panel.heat(map);
    else if (heat) smooth(view, box, heat, 0.3);
    if (field) arrows(panel, field, color);
    else if (walk && !map) panel.points(toPlane(stateAt(walk, t), place), { color, size: 1.7, alpha: 0.85 });
  });
  panel.frame();
}

/** A heat map without the edges of its pixels. */
function smooth(view, { x, y, w, h }, heat, alpha) {
  Object.assign(view.context, { globalAlpha: alpha, imageSmoothingEnabled: true });
  view.context.drawImage(heat, x, y, w, h);
  view.context.globalAlpha = 1;
}

/** field: {at, by}, points of the plane and where the field leads them; the longest arrows reach the next point. */
function arrows(panel, { at, by, gap }, color) {
  const lengths = Array.from({ length: at.length / 2 }, (_, i) => Math.hypot(by[2 * i], by[2 * i + 1])).sort((a, b) => a - b);
  const longest = lengths[Math.floor(0.95 * (lengths.length - 1))] || 1;
  for (let i = 0; i < at.length / 2; i++) {
    const length = Math.hypot(by[2 * i], by[2 * i + 1]);
    const k = (1.1 * gap) / Math.max(longest, length);
    panel.arrow(at[2 * i], at[2 * i + 1], k * by[2 * i], k * by[2 * i + 1], { color, width: 1.3, head: 4 });
  }
}

function centred(view, box, lines) {
  lines.forEach((line, i) => view.text(box.x + box.w / 2, box.y + box.h / 2 + 18 * (i - (lines.length - 1) / 2), line, { align: "center", base: "middle", size: 14 }));
}
