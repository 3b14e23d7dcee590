// Where the reader draws: by mouse, pen or finger, and by keyboard alone. It changes a cloud, which mixture.js makes the data of.

import { snap } from "./plane.js";

const EDGE = 3.1; // of the plane, for points
const GAP = 0.1; // of the plane, between two points of a stroke
const SPREAD = 0.05; // standard deviation of points around the pen
const REACH = 0.28; // what the eraser takes away around it
const STEP = 0.2; // of the cursor; with Shift a quarter of it
const MOST = 3000; // points of a drawing

/**
 * Draw on a canvas, whose pixels show [-R, R] both ways. lab: {cloud() -> {x, y, bandwidth}, tool() -> "draw", "erase", or null before
 * the reader has taken one, label() -> 0 or 1, changed(cloud) is called after every point, begun() before a stroke, ended() after it,
 * undo(), say(text) speaks, tell(text) shows}. random: uniform and normal numbers. Without a tool a mouse draws, and a finger scrolls.
 */
export function board(canvas, R, lab, random) {
  let last = null; // where the pen was, while it is down
  let held = null; // the pointer that draws
  let cursor = [0, 0];

  const plane = ({ offsetX, offsetY }) => [((2 * offsetX) / canvas.clientWidth - 1) * R, (1 - (2 * offsetY) / canvas.clientHeight) * R];
  const inside = (value) => Math.max(-EDGE, Math.min(EDGE, value));
  const near = (number) => number.toFixed(1).replace("-", "−");
  const loose = ({ pointerType }) => lab.tool() === null && (pointerType === "touch" || pointerType === "pen");

  function add(points) {
    const { x, y, bandwidth } = lab.cloud();
    const room = Math.max(0, MOST - y.length);
    if (room < points.length) lab.tell(`A drawing holds ${MOST} points. Erase some of them to draw more.`);
    const fresh = points.slice(0, room);
    const label = lab.label();
    lab.changed({ x: Float64Array.from([...x, ...fresh.flat().map((value) => snap(inside(value)))]), y: Int32Array.from([...y, ...fresh.map(() => label)]), bandwidth });
  }

  /** Take away what is near the way from one place to another; returns how many points that were. */
  function erase(from, to = from) {
    const { x, y, bandwidth } = lab.cloud();
    const way = to.map((value, d) => value - from[d]);
    const length = way[0] ** 2 + way[1] ** 2;
    const off = (px, py) => {
      const part = length ? Math.min(1, Math.max(0, ((px - from[0]) * way[0] + (py - from[1]) * way[1]) / length)) : 0;
      return Math.hypot(px - from[0] - part * way[0], py - from[1] - part * way[1]);
    };
    const kept = [...y.keys()].filter((i) => off(x[2 * i], x[2 * i + 1]) > REACH);
    if (kept.length === y.length) return 0;
    lab.changed({ x: Float64Array.from(kept.flatMap((i) => [x[2 * i], x[2 * i + 1]])), y: Int32Array.from(kept, (i) => y[i]), bandwidth });
    return y.length - kept.length;
  }

  /** Points along the way from `last` to `at`, a little off it, as a spray can would set them. */
  function stroke(at) {
    if (lab.tool() === "erase") {
      erase(last, at);
      last = at;
      return;
    }
    const way = Math.hypot(at[0] - last[0], at[1] - last[1]);
    const count = Math.min(Math.floor(way / GAP), 200);
    if (!count) return;
    const from = last;
    last = at;
    add(Array.from({ length: count }, (_, i) => at.map((value, d) => from[d] + ((i + 1) / count) * (value - from[d]) + SPREAD * random.normal())));
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || last || loose(event)) return;
    event.preventDefault(); // no selection of text; the focus is set by hand
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    held = event.pointerId;
    lab.begun();
    last = plane(event);
    cursor = last.map(inside);
    lab.tool() === "erase" ? erase(last) : add([last]);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || event.pointerId !== held) return;
    for (const each of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const box = canvas.getBoundingClientRect();
      stroke(plane({ offsetX: each.clientX - box.left, offsetY: each.clientY - box.top }));
    }
  });
  for (const kind of ["pointerup", "pointercancel"])
    canvas.addEventListener(kind, (event) => {
      if (!last || event.pointerId !== held) return;
      last = null;
      lab.ended();
    });

  canvas.addEventListener("click", (event) => loose(event) && lab.tell("To draw with a finger, press Draw first, or choose Your own."));

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) {
      if (event.key === "z" && !event.altKey) (event.preventDefault(), last || lab.undo());
      return;
    }
    const move = MOVES[event.key];
    if (move) {
      const step = event.shiftKey ? STEP / 4 : STEP;
      cursor = cursor.map((value, d) => inside(value + step * move[d]));
      lab.say(`${near(cursor[0])}, ${near(cursor[1])}`);
    } else if (event.key === " " || event.key === "Enter") {
      lab.begun();
      add([cursor]);
      lab.ended();
      lab.say(`Point of class ${"AB"[lab.label()]} at ${near(cursor[0])}, ${near(cursor[1])}. ${lab.cloud().y.length} points.`);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      lab.begun();
      const gone = erase(cursor);
      lab.ended();
      lab.say(gone ? `${gone} ${gone === 1 ? "point" : "points"} erased, ${lab.cloud().y.length} left.` : "No point is near the cursor.");
    } else return;
    event.preventDefault();
    lab.moved();
  });

  return { cursor: () => cursor };
}
