// A small picture of a shape, for its button.

import { element } from "../stage.js";
import { CLASSES, R } from "./panels.js";
import { shape } from "./shapes.js";

const SIDE = 56; // pixels, two for each of the page

/** A canvas with the points of a shape in the colours of their classes; a stroke of the pen for an empty one. */
export function thumbnail(kind) {
  const canvas = element("canvas", { className: "pg-thumb", width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  const cloud = shape(kind);
  for (let i = 0; i < cloud.y.length; i++) {
    context.fillStyle = CLASSES[cloud.y[i]].color;
    const at = [0, 1].map((d) => SIDE / 2 + (d ? -1 : 1) * ((SIDE / 2 - 2) / R) * cloud.x[2 * i + d]);
    const r = cloud.y.length < 20 ? 4 : 1.6;
    context.beginPath();
    context.arc(...at, r, 0, 7);
    context.fill();
  }
  if (!cloud.y.length) Object.assign(context, { strokeStyle: CLASSES[1].color, lineWidth: 4, lineCap: "round" }), context.stroke(new Path2D("M8 40 C 16 4, 30 60, 48 14"));
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
