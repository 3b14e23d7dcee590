// One jump: a noise point, the exact flow from it, and where four nets land it; the plane by the moon on which a map lands it.

import { euler, flow, flowMap, generator, learned, linearPath, linspace, mlp, normals, oracle, rk4, sample, twoMoonsMixture, twoTimes, walk } from "./core.js";
import { unpackWeights } from "./core/weights.js";
import { FINGER, axes, dot, held, nearest } from "./drag.js";
import { FAN, ROLES } from "./palette.js";
import { numbers } from "./payload.js";
import { choice, num, range } from "./stage.js";
import { heatMap, rgb } from "./view.js";

const PATH = linearPath();
const SQUARE = 2.8; // the plane that is shown, -SQUARE ... SQUARE each way
const TIMES = linspace(0, 1, 21).map((t) => +t.toFixed(2));
const CELLS = [12, 36]; // of the plane each way: coarsely at once, then finely
const FINER = 4; // points of the drawn plane in each of its cells, each way
const CURVE = 40; // steps of RK4 along the exact path of the point
const STEEP = 8; // steps of RK4 from time 0 to 1 in the plane: off by 0.01 at most, but for cells on the boundary itself
const FAR = 2; // of the bars, and the distance at which a dot of the plane is as large as its cell
const OWN = "reflow, paths of its own"; // its name where it need not agree: it shares the ends of the exact flow from 0 to 1, and no more
const MOONS = [ROLES.data, ROLES.learned]; // upper and lower, as where labels are given
const SOME = 15; // the plane fades where the density is below a fifteenth of the largest: hardly any points are there
const DOT = 0.55; // opacity of its dots

const NETS = {
  flow: { text: "flow matching, Euler", short: "flow matching" },
  reflow: { text: "reflow, exact pairs", short: "reflow" },
  lagrangian: { text: "Lagrangian flow map", short: "Lagrangian" },
  meanflow: { text: "MeanFlow", short: "MeanFlow" },
};
Object.values(NETS).forEach((net, i) => Object.assign(net, FAN[i]));

export default {
  hint: "Drag the point slowly across the border of the two colours: the exact end leaps from one moon to the other, and the ends of the nets cross the gap between them. Then choose 4 jumps: the dots shrink, least of all at the border. Move t from 1 back to 0, and both colours fade: early, hardly anything is decided.",

  prepare(data) {
    const mixture = twoMoonsMixture();
    const nets = Object.keys(NETS).map((name) => [name, readNet(data.nets?.[name])]);
    return { mixture, exact: oracle(mixture, PATH), nets: Object.fromEntries(nets), data: mixture.sample(500, generator(1)).x, noise: normals(1000, generator(2)), ends: new Map() };
  },

  controls: () => [
    range("s", "From time s", { stops: TIMES, value: 0, show: (s) => num(s, 2) }),
    range("t", "To time t", { stops: TIMES, value: 1, show: (t) => num(t, 2) }),
    ...axes("Point", -1.4, -1.2),
    choice("map", "The plane shows", [["exact", "the exact map"], ...Object.entries(NETS).map(([id, { text }]) => [id, text])], "lagrangian"),
    choice("jumps", "The nets go in", [[1, "1 jump"], [2, "2 jumps"], [4, "4 jumps"]]),
  ],

  options: ({ s }) => ({ t: TIMES.filter((t) => t >= s) }),
  height: (width) => layout(width).height,

  *work({ s, t, jumps, x, y }, world) {
    const at = Float64Array.of(x, y);
    const path = s === t ? [at] : Array.from(walk(world.exact, at, linspace(s, t, CURVE + 1), rk4), (state) => state.x);
    const end = path.at(-1);
    const grid = linspace(s, t, jumps + 1);
    const hops = Object.fromEntries(Object.entries(world.nets).map(([name, net]) => [name, hopped(net, at, grid)]));
    const apart = Object.fromEntries(Object.entries(hops).map(([name, places]) => [name, distance(places.at(-1), end)]));
    world.now = { path, end, hops, apart, moon: sure(world, end, t)[0] };
  },

  *later({ s, t, jumps, map }, world) {
    const key = `${s} ${t} ${jumps} ${map}`;
    for (const n of CELLS) {
      if (world.plane?.key === key && world.plane.n >= n) continue;
      const exact = yield* ended(world, s, t, n);
      const landed = map === "exact" ? exact : yield* mapped(cells(n), n, (x) => hopped(world.nets[map], x, linspace(s, t, jumps + 1)).at(-1));
      const apart = Float64Array.from({ length: n * n }, (_, i) => distance(landed, exact, 2 * i));
      world.plane = { key, n, sure: sure(world, landed, t), apart, often: often(world, s, n) };
      yield;
    }
  },

  paint(view, { s, t, x, y, map, jumps }, world) {
    const { now, plane: seen, data, noise } = world;
    const { narrow, rows } = layout(view.width);
    const plane = planeOf(view);
    plane.frame(`from s = ${num(s, 2)} to t = ${num(t, 2)}${narrow ? "" : `; the plane: ${map === "exact" ? "the exact map" : NETS[map].text}`}`);
    plane.clip(() => {
      if (seen) shade(view, plane, seen);
      plane.points(data.map((value, i) => t * value + (1 - t) * noise[i]), { color: t === 1 ? ROLES.data : ROLES.noisy, size: 1.1, alpha: 0.5 });
      for (const [name, places] of Object.entries(now.hops)) {
        const [xs, ys] = [0, 1].map((d) => places.map((at) => at[d]));
        plane.line(xs, ys, { color: NETS[name].color, width: name === map ? 2.2 : 1.4, dash: [5, 3] });
        for (const at of places.slice(1, -1)) plane.points(at, { ...NETS[name], size: 2.5, alpha: 1 });
      }
      plane.line(now.path.map((at) => at[0]), now.path.map((at) => at[1]), { color: ROLES.oracle, width: 3 });
      dot(plane, view, now.end, ROLES.oracle, 9);
      for (const [name, places] of Object.entries(now.hops)) dot(plane, view, places.at(-1), NETS[name].color, 6, NETS[name]);
      dot(plane, view, [x, y], s ? ROLES.noisy : ROLES.noise, 7.5);
    });

    legend(view, layout(view.width).legend, t === 1 ? "on" : "to", map !== "exact");
    view.text(rows.x, rows.y - 8, `distance to the exact end ${jumps > 1 ? `in ${jumps} jumps` : "in 1 jump"}`, { size: 12 });
    Object.entries(NETS).forEach(([name, { text, color, marker }], i) => {
      const [top, far] = [rows.y + i * rows.step, now.apart[name]];
      view.panel({ x: rows.x, y: top + 2, w: 12, h: 12 }, [0, 1], [0, 1]).points([0.5, 0.5], { color, marker, size: 5, alpha: 1 });
      view.text(rows.x + 18, top + 12, name === "reflow" && !agrees(s, t) ? OWN : text, { size: 12, weight: name === map ? "bold" : "normal" });
      view.text(rows.x + rows.w, top + 12, num(far), { size: 12, align: "right", weight: name === map ? "bold" : "normal" });
      const bar = view.panel({ x: rows.x, y: top + 17, w: rows.w, h: rows.bar }, [0, FAR], [0, 1]);
      bar.band(0, FAR, 0, 1, { alpha: 0.1 });
      bar.band(0, Math.min(far, FAR), 0, 1, { color, alpha: 0.9 });
    });
  },

  say({ s, t, x, y, jumps }, { now: { end, apart, moon } }) {
    const where = t === 1 ? `ends on the ${moon > 0 ? "upper" : "lower"} moon, at` : `has reached, at time ${num(t, 2)},`;
    const list = Object.entries(NETS).map(([name, { short }]) => `${short} ${num(apart[name])}`);
    return (
      `From (${num(x)}, ${num(y)}) at time ${num(s, 2)} the exact flow ${where} (${num(end[0])}, ${num(end[1])}). ` +
      `In ${jumps} ${jumps > 1 ? "jumps" : "jump"} the nets land at these distances from it: ${list.join(", ")}.` +
      (agrees(s, t) ? "" : " Reflow follows straight paths of its own, so only from 0 to 1 is its distance an error.")
    );
  },

  pick(px, py, view) {
    const plane = planeOf(view);
    const { x: left, y: top, w, h } = plane.box;
    if (px < left - FINGER / 4 || px > left + w + FINGER / 4 || py < top - FINGER / 4 || py > top + h + FINGER / 4) return {};
    return nearest(plane, px, py);
  },

  grip: (px, py, view, { x, y }) => held(planeOf(view), px, py, x, y),

  keysLabel: "Arrow keys move the point.",
  keys(key, { x, y }) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key] ?? [];
    return dx === undefined ? null : near(x + 0.05 * dx, y + 0.05 * dy);
  },
};

// ---- nets, and where maps lead ----------------------------------------------------------------------------------------

/** A net of jump.py as a model; one that is told two times jumps. */
function readNet(net) {
  const [scale, gap] = numbers([net?.scale, net.gap], "scale and gap", 2);
  const weights = unpackWeights(net);
  const layers = Object.keys(weights)
    .filter((name) => /^layers\.\d+\.weight$/.test(name))
    .map((name) => ({ weight: weights[name], bias: weights[name.replace("weight", "bias")] }))
    .map(({ weight, bias }) => ({ weight, bias, out: bias.length, in: weight.length / bias.length }));
  const embedDim = layers[0].in - 2;
  const time = gap ? { time: twoTimes({ dim: embedDim, tScale: scale, gapScale: gap, weight: weights["time.mix.weight"], bias: weights["time.mix.bias"] }) } : {};
  const made = mlp({ dim: 2, embedDim, tScale: scale, layers, ...time });
  return gap ? flowMap(made, PATH) : learned(made, PATH, "u");
}

/** The places of points x at the times of a grid: jumps of a flow map, Euler steps of any other net. */
export function hopped(net, x, grid) {
  if (grid[0] === grid.at(-1)) return grid.map(() => x);
  const places = [x];
  for (let i = 0; i + 1 < grid.length; i++)
    places.push(net.jump ? net.jump(places[i], grid[i], grid[i + 1]) : sample(net, places[i], [grid[i], grid[i + 1]], euler));
  return places;
}

/** Whether reflow is to lead where the exact flow does. */
const agrees = (s, t) => s === t || (s === 0 && t === 1);

const distance = (a, b, i = 0) => Math.hypot(a[i % a.length] - b[i % b.length], a[(i + 1) % a.length] - b[(i + 1) % b.length]);

/** p(upper) - p(lower), -1 ... 1, of points x at the time t: 0 at time 0, where nothing is decided yet. */
function sure({ mixture }, x, t) {
  const [upper, lower] = [0, 1].map((label) => mixture.logProb(x, PATH.coeffs(t), new Int32Array(x.length / 2).fill(label)));
  return upper.map((value, i) => Math.tanh((value - lower[i]) / 2));
}

/** How often points are in each cell at the time s, 0 ... 1: it is 1 wherever there are some. */
function often({ mixture }, s, n) {
  const density = mixture.logProb(cells(n), PATH.coeffs(s)).map(Math.exp);
  const most = density.reduce((a, b) => Math.max(a, b));
  return density.map((p) => Math.ceil(8 * Math.min(1, (SOME * p) / most) - 0.5) / 8); // few shades, for the poster's sake
}

/** The centres of n x n cells of the plane, the first row at the top. */
const cells = (n) => Float64Array.from({ length: 2 * n * n }, (_, i) => {
  const place = (((i % 2 ? Math.floor(i / (2 * n)) : (i >> 1) % n) + 0.5) / n) * 2 - 1;
  return SQUARE * (i % 2 ? -place : place);
});

/** Map points row by row, yielding between the rows. */
function* mapped(x, n, map) {
  const to = new Float64Array(x.length);
  for (let from = 0; from < x.length; from += 2 * n) {
    to.set(map(x.subarray(from, from + 2 * n)), from);
    yield;
  }
  return to;
}

/** Where the exact map takes the cells, computed once. The moons are one another turned by half a circle, so half of it is enough. */
function* ended(world, s, t, n) {
  const key = `${s} ${t} ${n}`;
  if (!world.ends.has(key)) {
    const half = yield* mapped(cells(n).subarray(0, n * n), n, (x) => flow(world.exact, x, s, t, null, { steps: Math.ceil(STEEP * (t - s)) }));
    const at = (i) => (i < n * n ? half[i] : -half[2 * n * n - 2 * (i >> 1) - 2 + (i % 2)]);
    world.ends.set(key, Float64Array.from({ length: 2 * n * n }, (_, i) => at(i)));
  }
  return world.ends.get(key);
}

// ---- the picture ----------------------------------------------------------------------------------------------------

/** The plane's colours, and its dots: their area grows with the distance to the exact end. */
function shade(view, plane, seen) {
  const { n, sure, apart, often } = seen;
  const strength = 255 * Math.min(0.34, 0.8 * view.faint);
  if (seen.strength !== strength) Object.assign(seen, { strength, colours: heatMap(finer(sure, often, n), FINER * n, FINER * n, (value) => [...rgb(MOONS[value > 0 ? 0 : 1]), strength * Math.abs(value)]) });
  plane.heat(seen.colours);
  const [at, cell] = [cells(n), plane.box.w / n];
  for (let i = 0; i < n * n; i++) {
    const size = (cell / 2) * Math.sqrt(Math.min(1, apart[i] / FAR));
    if (size > 0.3) plane.points(at.subarray(2 * i, 2 * i + 2), { color: view.ink, size, alpha: DOT * often[i] });
  }
}

/** The moons of FINER x FINER points in each cell, between those of the centres; how sure and how often are those of the cell. */
function finer(sure, often, n) {
  const side = FINER * n;
  const place = (i) => Math.max(0, Math.min(n - 1, (i + 0.5) / FINER - 0.5));
  return Float64Array.from({ length: side ** 2 }, (_, i) => {
    const [row, column] = [place(Math.floor(i / side)), place(i % side)];
    const [r, c] = [Math.min(n - 2, Math.floor(row)), Math.min(n - 2, Math.floor(column))];
    const [low, high] = [0, n].map((next) => sure[r * n + next + c] * (c + 1 - column) + sure[r * n + next + c + 1] * (column - c));
    const own = Math.round(row) * n + Math.round(column);
    return Math.sign(low * (r + 1 - row) + high * (row - r)) * Math.abs(sure[own]) * often[own];
  });
}

/** What the plane's colours and dots say, in a line below it or in three beside it. */
function legend(view, { x, y, lines }, word, dots) {
  const entries = [...["upper", "lower"].map((moon, i) => [lines ? `${word} the ${moon} moon` : `${moon} moon`, "s", MOONS[i], 0.34]), ...(dots ? [[lines ? "distance to the exact end" : "distance", "o", view.ink, DOT]] : [])];
  for (const [text, marker, color, alpha] of entries) {
    view.panel({ x, y: y - 10, w: 12, h: 12 }, [0, 1], [0, 1]).points([0.5, 0.5], { color, marker, alpha, size: 5 });
    view.text(x + 17, y, text, { size: 11.5 });
    if (lines) y += 20;
    else x += view.measure(text, 11.5) + 29;
  }
}

/** The nearest place that the point may take: those of its sliders. */
function near(x, y) {
  const inside = (value) => +Math.max(-2.5, Math.min(2.5, value)).toFixed(2) + 0;
  return { x: inside(x), y: inside(y) };
}

const planeOf = (view) => view.panel(layout(view.width).plane, [-SQUARE, SQUARE], [-SQUARE, SQUARE]);

/** The square of the plane, beside the bars or above them on a narrow screen. */
function layout(width) {
  const narrow = width < 520;
  const side = narrow ? Math.min(width, 280) : Math.min(0.58 * width, 400);
  const plane = { x: narrow ? (width - side) / 2 : 0, y: 22, w: side, h: side };
  const rows = narrow ? { x: 0, y: side + 68, w: width, step: 28, bar: 5 } : { x: side + 28, y: 50, w: width - side - 32, step: 46, bar: 12 };
  const legend = narrow ? { x: 0, y: side + 38 } : { x: rows.x, y: side - 24, lines: true };
  return { narrow, plane, rows, legend, height: narrow ? rows.y + 4 * rows.step : side + 26 };
}
