// (x, eps) -> (x_t, target) is a 2x2 matrix. Left, what it does to a square of pairs; right, what a small error of the net becomes.

import { cosinePath, linearPath, targetRow } from "./core.js";
import { ROLES } from "./palette.js";
import { numbers } from "./payload.js";
import { choice, num, range } from "./stage.js";
import { pictureAndCharts } from "./view.js";

const PATHS = { cosine: { text: "VP: α² + σ² = 1", path: cosinePath() }, linear: { text: "straight: α + σ = 1", path: linearPath() } };
// The last one is a common mistake: the second sign of the velocity turned. On the variance-preserving path, per unit of angle.
const TARGETS = [["eps", "ε, the noise"], ["x0", "x₀, clean sample"], ["v", "v = α ε − σ x"], ["u", "u, the velocity"], ["wrong", "u, wrong sign"]];
const GAIN = 2.2; // the charts show 10^-GAIN ... 10^GAIN
const SQUARE = [[1, 1], [-1, 1], [-1, -1], [1, -1]];
const CORNERS = [ROLES.data, ROLES.noise, ROLES.velocity, ROLES.noisy];

export default {
  hint: "Compare ε at the noisy end with x₀ at the clean end, and with v, which only turns the square. Then choose the wrong sign of u and move the time to 50 %: the square falls flat.",

  prepare(data) {
    return { time: numbers([data.time], "time")[0] };
  },

  controls: ({ time }) => [
    range("w", "Time, from noise to data", { min: 0.01, max: 0.99, step: 0.01, value: time, show: (w) => `${Math.round(100 * w)} %` }),
    choice("target", "The net predicts", TARGETS, "eps"),
    choice("path", "Path", Object.entries(PATHS).map(([id, { text }]) => [id, text])),
  ],

  play: { id: "w", seconds: 6 },
  height: (width) => pictureAndCharts(width).height,

  paint(view, { target, path, w }) {
    const { picture, top, bottom } = pictureAndCharts(view.width);
    const at = matrix(target, path, w);
    const panel = view.panel(picture, [-2.6, 2.6], [-2.6, 2.6]);
    panel.frame();
    view.text(picture.x, picture.y - 6, "pairs (x, ε) of a square, as (xₜ, target)");
    panel.line([-2.6, 2.6], [0, 0], { width: 1, alpha: 0.3 });
    panel.line([0, 0], [-2.6, 2.6], { width: 1, alpha: 0.3 });
    panel.text(2.5, 0.12, "xₜ", { align: "right" });
    panel.text(0.12, 2.25, "target");
    const image = ([x, e]) => [at.alpha * x + at.sigma * e, at.a * x + at.b * e];
    const outline = (points, options) => panel.line([...points, points[0]].map((p) => p[0]), [...points, points[0]].map((p) => p[1]), options);
    outline(SQUARE, { width: 1, dash: [3, 4], alpha: 0.6 });
    panel.clip(() => {
      for (let i = -4; i <= 4; i++) {
        for (const ends of [[[i / 4, -1], [i / 4, 1]], [[-1, i / 4], [1, i / 4]]]) {
          const [p, q] = ends.map(image);
          panel.line([p[0], q[0]], [p[1], q[1]], { color: ROLES.noisy, width: 1, alpha: 0.55 });
        }
      }
      outline(SQUARE.map(image), { color: ROLES.noisy, width: 2 });
      SQUARE.forEach((corner, i) => panel.points(image(corner), { color: CORNERS[i], size: 5, alpha: 1 }));
      panel.arrow(0, 0, ...image([1, 0]), { color: ROLES.data, width: 2.5, head: 9 });
      panel.arrow(0, 0, ...image([0, 1]), { color: ROLES.noise, width: 2.5, head: 9 });
    });
    // Each letter stands a little beyond its arrow, and to the side where the other arrow is not.
    const side = Math.sign(at.det) || 1;
    for (const [letter, [x, y], turn] of [["x", image([1, 0]), -side], ["ε", image([0, 1]), side]]) {
      const length = Math.hypot(x, y) || 1;
      const [along, across] = [10 / panel.kx, (9 * turn) / panel.kx];
      panel.text(x + (along * x - across * y) / length, y + (along * y + across * x) / length, letter, { weight: "bold", align: "center", base: "middle" });
    }

    const times = Array.from({ length: 197 }, (_, i) => 0.01 + (i * 0.98) / 196);
    const curve = times.map((time) => matrix(target, path, time));
    const ticks = [[0, "noise"], [0.5, "half way"], [1, "data"]];
    const det = view.panel(top, [0, 1], [-1.75, 1.75]);
    det.axes({ x: ticks, y: [[-1, "−1"], [0, "0"], [1, "1"]], title: "determinant (0: not invertible)" });
    det.line([0, 1], [0, 0], { width: 1, alpha: 0.4 });
    det.clip(() => det.line(times, curve.map((m) => m.det), { color: ROLES.noisy, width: 2.2 }));
    const gains = view.panel(bottom, [0, 1], [-GAIN, GAIN]);
    gains.axes({ x: ticks, y: [[-2, "0.01"], [0, "1"], [2, "100"]], grid: true, title: "error gain, to x₀ (solid) and to ε (dashed)" });
    const log = (value) => Math.log10(value);
    gains.clip(() => {
      gains.line(times, curve.map((m) => log(m.toX0)), { color: ROLES.data, width: 2.2 });
      gains.line(times, curve.map((m) => log(m.toEps)), { color: ROLES.noise, width: 2.2, dash: [6, 3] });
    });
    const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value));
    for (const [chart, limit, dots] of [[det, 1.75, [at.det]], [gains, GAIN, [log(at.toX0), log(at.toEps)]]]) {
      chart.line([w, w], [-limit, limit], { width: 1, dash: [3, 3] });
      chart.points(dots.flatMap((y) => [w, clamp(y, limit)]), { color: view.ink, size: 4, alpha: 1 });
    }
  },

  say({ target, path, w }) {
    const m = matrix(target, path, w);
    const lost = Math.abs(m.det) < 1e-9;
    const gain = (value) => (value > 1e6 ? "without bound" : num(value, 2));
    return (
      `α = ${num(m.alpha, 3)}, σ = ${num(m.sigma, 3)}, SNR ${num((m.alpha / m.sigma) ** 2, 2)}. Determinant ${num(m.det, 3)}, condition number ${lost ? "infinite" : num(m.condition, 1)}. ` +
      (lost ? "The target repeats what x_t says already: x and ε cannot be told apart." : `An error of 1 in the prediction becomes ${gain(m.toX0)} in x₀ and ${gain(m.toEps)} in ε.`)
    );
  },
};

/** Rows (alpha, sigma) and (a, b) at the time `w` (0 noise, 1 data), with determinant, condition number and the two error gains. */
function matrix(target, path, w) {
  const c = PATHS[path].path.coeffs(w);
  const { alpha, sigma } = c;
  // The clock of the variance-preserving path runs over a quarter circle; per unit of angle its velocity is -v.
  const speed = path === "cosine" ? Math.PI / 2 : 1;
  const [a, b] = target === "wrong" ? [c.dAlpha / speed, -c.dSigma / speed] : target === "u" ? [c.dAlpha / speed, c.dSigma / speed] : targetRow(target, c);
  const det = alpha * b - sigma * a;
  const size = alpha ** 2 + sigma ** 2 + a ** 2 + b ** 2; // the sum of the squared singular values; their product is |det|
  const root = Math.sqrt(Math.max(size ** 2 - 4 * det ** 2, 0));
  const condition = Math.sqrt((size + root) / Math.max(size - root, 1e-300));
  return { alpha, sigma, a, b, det, condition, toX0: Math.abs(sigma / det), toEps: Math.abs(alpha / det) };
}
