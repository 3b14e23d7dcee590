// Which clean point was it? A noisy point of the plane, and all that the two moons say about it: responsibilities, mean, score.

import { apart, draws, given } from "./components.js";
import { generator, normals } from "./core.js";
import { axes, dot, held, nearest } from "./drag.js";
import { ROLES } from "./palette.js";
import { readMixture } from "./payload.js";
import { num, range } from "./stage.js";
import { pictureAndCharts } from "./view.js";

const SQUARE = 2.8; // the plane that is shown, -SQUARE ... SQUARE each way
const [DOT, HEAD] = [7.5, 9]; // radius of the two points and length of the arrow's head, in pixels
const CLOUD = 300; // draws from the posterior
const SIGMAS = Array.from({ length: 50 }, (_, i) => +(1 - 0.02 * i).toFixed(2)); // from pure noise to almost clean data

export default {
  hint: "Drag the pink point, or tap where it should go. Then let the noise fall: at first all of the data is lit, in the end a few components. Where both moons are lit, the mean lies where there is no data. At (−1.0, 1.6) and σ = 0.7 the arrow and the dashed line come apart.",
  prepare(data) {
    const mixture = readMixture(data.mixture);
    const { labels } = mixture;
    const moons = Array.from({ length: mixture.classes }, (_, c) => [...labels.keys()].filter((k) => labels[k] === c));
    return { mixture, parts: apart(mixture), moons, data: mixture.sample(700, generator(1)).x, z: normals(2 * CLOUD, generator(2)) };
  },

  controls: () => [
    range("sigma", "Noise level σ, falling", { stops: SIGMAS, value: 0.5, show: (sigma) => num(sigma, 2) }),
    ...axes("Noisy point", 1.2, 1.2),
  ],

  play: { id: "sigma", seconds: 6 },
  height: (width) => (wide(width) ? pictureAndCharts(width).height : layout(width).h + 26),

  *work({ sigma, x, y }, world) {
    world.seen = posterior(world, [x, y], level(sigma));
  },

  paint(view, { sigma, x, y }, { mixture, moons, data, seen }) {
    const { r, x0, eps, cloud } = seen;
    const { alpha } = level(sigma);
    const most = Math.max(...r);
    const panel = planeOf(view);
    panel.frame(`α = ${num(alpha, 2)},  σ = ${num(sigma, 2)}`);
    panel.clip(() => {
      panel.points(data, { color: ROLES.data, size: 1.1, alpha: view.faint });
      panel.points(cloud, { color: ROLES.oracle, size: 1.6, alpha: 0.45 });
      for (const [k, share] of r.entries())
        panel.points(mixture.means.subarray(2 * k, 2 * k + 2), { color: ROLES.data, size: 1 + 4 * Math.sqrt(share / most), alpha: 0.1 + (0.75 * share) / most });
      // Along the score by sigma^2 to alpha E[x | x_t], and from there the scale undone.
      const tip = [alpha * x0[0], alpha * x0[1]];
      panel.line([tip[0], x0[0]], [tip[1], x0[1]], { color: ROLES.oracle, width: 1.6, dash: [3, 3] });
      // The arrow ends at the edge of the mean's dot where the dot would cover its head, and both dots lie on it.
      const [dx, dy] = [-sigma * eps[0], -sigma * eps[1]];
      const length = Math.hypot(dx, dy) || 1;
      const hidden = Math.hypot(tip[0] - x0[0], tip[1] - x0[1]) * panel.kx < DOT + HEAD;
      const along = (dx * (x0[0] - x) + dy * (x0[1] - y)) / length - DOT / panel.kx;
      const kept = hidden ? Math.max(0, Math.min(1, along / length)) : 1;
      panel.arrow(x, y, kept * dx, kept * dy, { color: ROLES.noise, width: 2.4, head: HEAD });
      for (const [at, color] of [[[x, y], ROLES.noisy], [x0, ROLES.oracle]]) dot(panel, view, at, color, DOT);
    });
    const below = y < x0[1]; // the two words stand on the far sides of their points
    const word = (at, text, under) => panel.text(at[0], at[1] + (under ? -0.42 : 0.24), text, { align: clear(at[0]) });
    word([x, y], "noisy point", below ? y > -2.3 : y > 2.3);
    word(x0, "posterior mean", !below);

    if (!wide(view.width)) return;
    const { top, bottom } = pictureAndCharts(view.width);
    moons.forEach((part, c) => {
      const share = part.reduce((sum, k) => sum + r[k], 0);
      const chart = view.panel(c ? bottom : top, [0, 180], [0, most * 1.08]);
      chart.axes({
        x: [[0, "0°"], [90, "90°"], [180, "180°"]],
        y: [[0, "0"], [most, `${num(100 * most, most < 0.1 ? 1 : 0)} %`]],
        title: `${c ? "lower" : "upper"} moon: ${percent(share)}, by place along it`,
      });
      part.forEach((k, i) => chart.band((i * 180) / part.length, ((i + 0.8) * 180) / part.length, 0, r[k], { color: ROLES.data, alpha: 0.9 }));
    });
  },

  say({ sigma, x, y }, { moons, seen: { r, x0, eps } }) {
    const upper = moons[0].reduce((sum, k) => sum + r[k], 0);
    const score = eps.map((e) => -e / sigma);
    return (
      `A noisy point at (${num(x)}, ${num(y)}) came from the upper moon with probability ${percent(upper)}. Posterior mean of the clean point: ` +
      `(${num(x0[0])}, ${num(x0[1])}). Score: (${num(score[0], 1)}, ${num(score[1], 1)}), of length ${num(Math.hypot(...score), 1)}.`
    );
  },

  pick: (px, py, view) => nearest(planeOf(view), px, py),
  grip: (px, py, view, { x, y }) => held(planeOf(view), px, py, x, y),
};

/** The noise level on the circle alpha^2 + sigma^2 = 1. */
const level = (sigma) => ({ alpha: Math.sqrt(1 - sigma ** 2), sigma });

/** Of the noisy point `at`: responsibilities (M), E[x | x_t], E[eps | x_t], and draws of x given x_t. */
function posterior({ mixture, parts, z }, at, c) {
  const { r, x0: centres } = given(mixture, parts, at, c);
  const sd = mixture.variances.map((v) => Math.sqrt(v / (c.alpha ** 2 * v + c.sigma ** 2)) * c.sigma);
  return { r, cloud: draws(r, centres, sd, z), ...mixture.estimate(at, c) };
}

const planeOf = (view) => view.panel(layout(view.width), [-SQUARE, SQUARE], [-SQUARE, SQUARE]);
const wide = (width) => width >= 520;
const clear = (x) => (x > 1.6 ? "right" : x < -1.6 ? "left" : "center");
const percent = (share) => `${num(100 * share, share > 0.01 && share < 0.99 ? 0 : 1)} %`;

/** The square: beside its charts, or alone on a narrow screen. */
function layout(width) {
  if (wide(width)) return pictureAndCharts(width).picture;
  const side = Math.min(width, 330);
  return { x: (width - side) / 2, y: 22, w: side, h: side };
}
