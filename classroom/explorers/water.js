// The KL weight as a water level: the variances of the 8x8 digits along their principal axes, what the best linear autoencoder
// keeps of them at a level, and held-out digits that it encodes and decodes.

import { generator, normals } from "./core.js";
import { dot, held } from "./drag.js";
import { ROLES } from "./palette.js";
import { halves, numbers } from "./payload.js";
import { choice, num, percent, press, range } from "./stage.js";
import { heatMap } from "./view.js";

const DEPTH = 3.35; // the largest variance or level that the chart shows
const FEW = 16; // numbers of the latent, or as many as there are axes
const WHITE = 16; // grey levels of the data set, from 0

export default {
  hint(world) {
    const n = world.kappa.length;
    const [few, all] = [FEW, n].map((m) => num(measures(world, 0.05, m).error));
    return (
      "Drag the water level up: whole axes go under, those of small variance first, until every digit is decoded as the mean of all. " +
      `Then set it to 0.5 and give the latent all ${n} numbers: the pictures and the error stay, since only ${measures(world, 0.5, n).used} axes stand out of the water. ` +
      `At 0.05, ${FEW} numbers are too few, and ${n} lower the error from ${few} to ${all}.`
    );
  },

  prepare(data) {
    const [levels, kappa] = [numbers(data.levels, "levels"), numbers(data.kappa, "variances")];
    const n = kappa.length;
    const mean = halves(data.mean, "mean", n);
    const above = kappa.filter((value) => value > levels[0]).length; // axes that are ever above the water
    const axes = halves(data.axes, "axes", above * n);
    const [count] = numbers([data.count], "count");
    const labels = numbers(data.labels, "labels");
    const pictures = Array.from(labels, (_, i) => numbers(data.digits?.[i], "a digit", n).map((level) => (2 * level) / WHITE - 1));
    const along = pictures.map((x) => Float64Array.from({ length: above }, (_, i) => dotOf(axes, i, x.map((value, j) => value - mean[j]))));
    return { levels: [...levels], kappa, heldOut: numbers(data.held_out, "held-out variances", n), count, mean, axes, labels, pictures, along };
  },

  controls: ({ levels, kappa }) => [
    range("level", "Water level ρ², set by the KL weight", { stops: levels, value: 0.5, show: text }),
    choice("m", "Numbers in the latent", [[FEW, `${FEW}, a quarter`], [kappa.length, `${kappa.length}, one for each pixel`]]),
    press("draw", "Another draw"),
  ],

  play: { id: "level", seconds: 7 },
  height: (width) => layout(width).height,

  paint(view, { level, m, draw }, world) {
    const { kappa, pictures, labels, along } = world;
    const { chart: box, side, gap, rows } = layout(view.width);
    const n = kappa.length;
    const chart = waterOf(view, n);
    chart.axes({
      x: [1, 16, 32, 48, 64].filter((i) => i <= n).map((i) => [i, String(i)]),
      y: [0, 1, 2, 3].map((value) => [value, String(value)]),
      xlabel: "principal axis",
    });
    view.text(box.x, box.y - 25, "variance κ of the digits along each axis");
    chart.clip(() => {
      chart.band(0.5, n + 0.5, 0, level, { color: ROLES.oracle, alpha: 0.13 });
      kappa.forEach((variance, i) => {
        const lost = i < m ? Math.min(variance, level) : variance;
        chart.band(i + 0.6, i + 1.4, 0, lost, { color: ROLES.floor, alpha: 0.95 });
        chart.band(i + 0.6, i + 1.4, lost, variance, { color: ROLES.data, alpha: 1 });
      });
      chart.line([0.5, n + 0.5], [level, level], { color: ROLES.oracle, width: 2 });
      if (m < n) chart.line([m + 0.5, m + 0.5], [0, DEPTH], { width: 1, dash: [3, 3], alpha: 0.8 });
    });
    dot(chart, view, [n - 2, level], ROLES.oracle, 7.5);
    const { error, total } = measures(world, level, m);
    const legend = [[ROLES.data, `kept: ${num(total - error)}`], [ROLES.floor, `lost, the error of an image: ${num(error)}`]];
    legend.reduce((x, [color, words]) => {
      view.panel({ x, y: box.y - 16, w: 10, h: 10 }, [0, 1], [0, 1]).band(0, 1, 0, 1, { color, alpha: 1 });
      view.text(x + 15, box.y - 7, words, { size: 11.5 });
      return x + view.measure(words, 11.5) + 33;
    }, box.x);
    // Over the bars, on whichever side of the surface there is room.
    if (m < n) view.text(chart.px(m + 2), level > 1 ? chart.py(level) + 16 : chart.py(Math.max(level, kappa[m])) - 8, "no number for these axes", { size: 11.5 });

    const xi = noise(draw, pictures.length, world.axes.length / n);
    const decoded = [pictures, along.map((c) => decode(world, level, m, c)), along.map((c, k) => decode(world, level, m, c, xi[k]))];
    ["held-out digits", "decoded from the mean of z", "decoded from a draw of z"].forEach((name, row) => {
      view.text(rows[row].x, rows[row].y - 5, name, { size: 11.5 });
      labels.forEach((_, k) => {
        const at = { x: rows[row].x + k * (side + gap), y: rows[row].y, w: side, h: side };
        view.panel(at, [0, 1], [0, 1]).heat(heatMap(decoded[row][k], Math.sqrt(n), Math.sqrt(n), grey));
      });
    });
  },

  say({ level, m }, world) {
    const { used, error, unseen, total, share } = measures(world, level, m);
    const idle = m - used;
    const noisy = used ? `, on average ${percent(share)} noise` : "";
    const rest = idle ? `, ${idle === 1 ? "the other is" : used ? `the other ${idle} are` : `all ${idle} are`} noise alone` : "";
    return (
      `Water level ρ² = ${text(level)}, KL weight β = ${num((2 * m * level) / world.kappa.length, 4).replace(/0{1,2}$/, "")}. Numbers in use: ${used} of ${m}${noisy}${rest}. ` +
      `Error per image: ${num(error)} predicted, ${num(unseen)} on ${world.count} held-out digits; ${num(total)} if nothing is kept.`
    );
  },

  pick(px, py, view, state, { levels, kappa }) {
    const chart = waterOf(view, kappa.length);
    const { x, y, w, h } = chart.box;
    if (px < x - 20 || px > x + w + 12 || py > y + h + 20) return {};
    const at = chart.at(px, py)[1];
    return { level: levels.reduce((best, level) => (Math.abs(level - at) < Math.abs(best - at) ? level : best)) };
  },

  grip(px, py, view, { level }, { kappa }) {
    const chart = waterOf(view, kappa.length);
    const inside = Math.min(Math.max(px, chart.box.x), chart.box.x + chart.box.w); // the whole surface can be taken
    return held(chart, px, py, chart.at(inside, py)[0], level);
  },
};

/** A level as text: two digits. */
const text = (level) => (level < 0.1 ? num(level, 3).replace(/0$/, "") : num(level, level < 1 ? 2 : 1));

/** What the encoder's Gaussian keeps of an axis: 1 - tau^2, which is 0 where the axis is flooded or has no number. */
const kept = (variance, level, i, m) => (i < m && variance > level ? 1 - level / variance : 0);

/** Numbers in use, their mean share of noise tau^2, the error of an image: predicted, of the held-out digits; and all variance. */
export function measures({ kappa, heldOut }, level, m) {
  const found = { used: 0, share: 0, error: 0, unseen: 0, total: 0 };
  kappa.forEach((variance, i) => {
    const gain = kept(variance, level, i, m);
    found.used += gain > 0;
    found.share += gain && 1 - gain;
    found.error += gain ? level : variance;
    found.unseen += (1 - gain) ** 2 * heldOut[i] + level * gain; // w^2 tau^2 = rho^2 (1 - tau^2)
    found.total += variance;
  });
  return { ...found, share: found.share / Math.max(found.used, 1) };
}

/** The picture decoded from the mean of z, given its coordinates along the axes; with numbers xi, from the draw they make. */
export function decode({ kappa, mean, axes }, level, m, along, xi) {
  const picture = Float64Array.from(mean);
  along.forEach((coordinate, i) => {
    const gain = kept(kappa[i], level, i, m);
    const value = gain * coordinate + (xi ? Math.sqrt(level * gain) * xi[i] : 0);
    if (gain) for (let j = 0; j < picture.length; j++) picture[j] += value * axes[i * picture.length + j];
  });
  return picture;
}

/** The noise of a draw: for each picture as many normal numbers as there are axes. */
function noise(draw, pictures, each) {
  const all = normals(pictures * each, generator(draw));
  return Array.from({ length: pictures }, (_, k) => all.subarray(k * each, (k + 1) * each));
}

const dotOf = (axes, i, x) => x.reduce((sum, value, j) => sum + value * axes[i * x.length + j], 0);

/** A number of -1 ... 1, black to white. */
function grey(value) {
  const level = 127.5 * (1 + Math.max(-1, Math.min(1, value)));
  return [level, level, level, 255];
}

const waterOf = (view, n) => view.panel(layout(view.width).chart, [0.5, n + 0.5], [0, DEPTH]);

/** The chart, and beside it or below it on a narrow screen three rows of four pictures. */
function layout(width) {
  const narrow = width < 520;
  const [edge, gap, label] = [24, narrow ? 8 : 6, 22];
  const room = narrow ? width : width * 0.45;
  const side = Math.floor(Math.min(narrow ? 58 : 80, (room - 3 * gap) / 4));
  const step = side + label;
  const top = 40; // of the chart: room for two lines
  const high = narrow ? 118 : 22 + 3 * step - label - 34 - top;
  const chart = { x: edge, y: top, w: narrow ? width - edge - 9 : width - room - edge - 26, h: high };
  const [x, y] = narrow ? [(width - 4 * side - 3 * gap) / 2, top + high + 54] : [width - 4 * side - 3 * gap, 22];
  const rows = [0, 1, 2].map((row) => ({ x, y: y + row * step }));
  return { chart, side, gap, rows, height: rows[2].y + side + 6 };
}
