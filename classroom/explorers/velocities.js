// What one point hears: the velocities of all pairs of noise and data that pass through it, and their mean, which is the field there.

import { apart, draws, given } from "./components.js";
import { generator, linearPath, normals, velocity } from "./core.js";
import { FINGER, axes, dot, held, nearest } from "./drag.js";
import { ROLES } from "./palette.js";
import { numbers, readMixture } from "./payload.js";
import { num, range } from "./stage.js";

const SQUARE = 2.8; // the plane that is shown, -SQUARE ... SQUARE each way
const CLOUD = 400; // velocities that are drawn
const LINES = 32; // of their pairs
const REACH = [2.5, 4, 6, 10, 16, 25, 40, 60, 100, 160, 250, 400]; // of the plane of velocities
const SEEN = 0.97; // the share of the velocities that it holds at least
const PATH = linearPath();
const CIRCLE = Array.from({ length: 61 }, (_, i) => (i * Math.PI) / 30);

export default {
  hint: "Take t to 0: the velocities draw both moons, and wherever you drag the pink point it is the same picture, only moved. Then press Play. In the middle both moons pull, and the mean is a velocity that hardly any pair has. In the end the data point is known, the noise is not, and one round spot is left.",

  prepare(data) {
    const mixture = readMixture(data.mixture);
    const times = numbers(data.marks?.t, "times");
    const [field, left] = ["field", "left"].map((name) => numbers(data.marks[name], name, times.length));
    const some = generator(1);
    return {
      mixture,
      parts: apart(mixture),
      times: [...times],
      average: new Map([...times].map((t, i) => [t, { field: field[i], left: left[i] }])),
      data: mixture.sample(500, some).x,
      noise: normals(1000, some),
      z: normals(2 * CLOUD, generator(2)),
    };
  },

  controls: ({ times }) => [
    range("t", "Time t, from noise to data", { stops: times, value: 0.7, show: (t) => num(t, 2) }),
    ...axes("Point", 0.1, 0.05),
  ],

  play: { id: "t", seconds: 7 },
  height: (width) => layout(width).bars + 2 * ROW,

  *work({ t, x, y }, world) {
    world.heard = hear(world, [x, y], PATH.coeffs(t));
  },

  paint(view, { t, x, y }, world) {
    const { heard, data, noise } = world;
    const { cloud, u, field, left } = heard;
    const plane = planeOf(view);
    plane.frame(`pairs that pass here at t = ${num(t, 2)}`);
    plane.clip(() => {
      plane.points(data.map((value, i) => t * value + (1 - t) * noise[i]), { color: ROLES.noisy, size: 1.1, alpha: Math.min(0.38, 1.5 * view.faint) });
      const ends = [[], []];
      for (let i = 0; i < LINES; i++) {
        const own = Math.floor(((i + 0.5) * CLOUD) / LINES);
        const v = [cloud[2 * own], cloud[2 * own + 1]];
        // On a straight line, from x - t v to x + (1 - t) v.
        const [from, to] = [-t, 1 - t].map((time) => [x + time * v[0], y + time * v[1]]);
        plane.line([from[0], to[0]], [from[1], to[1]], { width: 1, alpha: 0.45 });
        ends[0].push(...from);
        ends[1].push(...to);
      }
      plane.points(ends[0], { color: ROLES.noise, size: 2.4, alpha: 0.95 });
      plane.points(ends[1], { color: ROLES.data, size: 2.4, alpha: 0.95 });
      dot(plane, view, [x, y], ROLES.noisy, 7.5);
    });

    const reach = reachOf(heard);
    const { boxes, bars } = layout(view.width);
    const velocities = square(view, boxes[1], reach);
    velocities.frame("their velocities and the mean u");
    velocities.clip(() => {
      velocities.line([-reach, reach], [0, 0], { width: 1, alpha: 0.35 });
      velocities.line([0, 0], [-reach, reach], { width: 1, alpha: 0.35 });
      velocities.points(cloud, { color: ROLES.data, size: 1.7, alpha: 0.45 + 0.6 * view.faint });
      const radius = Math.sqrt(2 * left);
      velocities.line(CIRCLE.map((a) => u[0] + radius * Math.cos(a)), CIRCLE.map((a) => u[1] + radius * Math.sin(a)), { width: 1.4, dash: [4, 4], alpha: 0.75 });
      velocities.arrow(0, 0, u[0], u[1], { color: ROLES.velocity, width: 2.6, head: 9 });
      dot(velocities, view, u, ROLES.velocity, 5.5);
    });
    velocities.text(reach * 0.97, reach * 0.04, num(reach, reach % 1 ? 1 : 0), { align: "right", size: 11 });

    row(view, bars, "here", { field, left });
    row(view, bars + ROW, "all points", world.average.get(t));
  },

  say({ t, x, y }, { heard: { u, field, left }, average }) {
    const all = average.get(t);
    return (
      `Through (${num(x)}, ${num(y)}) at t = ${num(t, 2)} pass velocities whose mean is u = (${num(u[0])}, ${num(u[1])}), of length ${num(Math.hypot(...u))}; ` +
      `their standard deviation, both axes together, is ${num(Math.sqrt(2 * left))}. Mean square per coordinate: ${num(field + left)} = ${num(field)} of u and ${num(left)} of irreducible loss; ` +
      `over all points ${num(all.field + all.left)} = ${num(all.field)} + ${num(all.left)}.`
    );
  },

  pick(px, py, view) {
    const plane = planeOf(view);
    const { x: left, y: top, w, h } = plane.box;
    if (px < left - FINGER || px > left + w + FINGER / 4 || py < top - FINGER || py > top + h + FINGER / 4) return {};
    return nearest(plane, px, py);
  },

  grip: (px, py, view, { x, y }) => held(planeOf(view), px, py, x, y),
};

/** Of the pairs through `at`: velocities (CLOUD * 2), their mean u, and per coordinate its square and their variance around it. */
function hear({ mixture, parts, z }, at, c) {
  const { r, ...means } = given(mixture, parts, at, c);
  const centres = velocity(means, c);
  // Of one component: given x_t, the errors of x and of eps are one error, and its share in the velocity is s / sqrt(tau).
  const sd = mixture.variances.map((v) => Math.sqrt(v / (c.alpha ** 2 * v + c.sigma ** 2)));
  const cloud = draws(r, centres, sd, z);
  const u = velocity(mixture.estimate(at, c), c);
  const left = centres.reduce((sum, v, j) => sum + r[Math.floor(j / 2)] * (sd[j] ** 2 + (v - u[j % 2]) ** 2), 0) / 2;
  return { cloud, u, field: (u[0] ** 2 + u[1] ** 2) / 2, left };
}

// ---- the picture ----------------------------------------------------------------------------------------------------

const ROW = 34; // pixels of a bar and its words

/** Two squares, beside each other or one above the other, and where the bars begin. */
function layout(width) {
  const narrow = width < 520;
  const side = narrow ? Math.min(width, 200) : Math.min((width - 16) / 2, 340);
  const left = narrow ? (width - side) / 2 : (width - 2 * side - 16) / 2;
  const boxes = [0, 1].map((i) => ({ x: narrow ? left : left + i * (side + 16), y: 22 + (narrow ? i * (side + 26) : 0), w: side, h: side }));
  return { boxes, bars: boxes[1].y + side + 18 };
}

/** A panel of this size both ways, around 0. */
const square = (view, box, reach) => view.panel(box, [-reach, reach], [-reach, reach]);
const planeOf = (view) => square(view, layout(view.width).boxes[0], SQUARE);

/** How far the plane of velocities reaches: round numbers, so that it changes seldom. */
function reachOf({ cloud, u }) {
  const sizes = Float64Array.from({ length: CLOUD }, (_, i) => Math.max(Math.abs(cloud[2 * i]), Math.abs(cloud[2 * i + 1]))).sort();
  const held = Math.max(sizes[Math.floor(SEEN * CLOUD)], Math.abs(u[0]) * 1.1, Math.abs(u[1]) * 1.1);
  return REACH.find((reach) => reach >= held) ?? REACH.at(-1);
}

/** A bar of the mean square of the velocities: green the part of the mean u, grey what no net can learn. */
function row(view, y, where, { field, left }) {
  const long = `${where}, mean square per coordinate: ${num(field + left)} = ${num(field)} of the mean u + ${num(left)} irreducible loss`;
  const short = `${where}: ${num(field + left)} = u² ${num(field)} + irreducible ${num(left)}`;
  view.text(0, y, view.measure(long, 11.5) <= view.width ? long : short, { size: 11.5 });
  const bar = view.panel({ x: 0, y: y + 5, w: view.width, h: 9 }, [0, field + left], [0, 1]);
  bar.band(0, field, 0, 1, { color: ROLES.velocity, alpha: 0.9 });
  bar.band(field, field + left, 0, 1, { color: ROLES.floor, alpha: 0.6 });
}
