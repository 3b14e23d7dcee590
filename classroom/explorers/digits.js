// Images sampled beforehand, one for each number of steps K, guidance weight w, class and start: a map of K x w, and one cell of it large.

import { ROLES } from "./palette.js";
import { levels, numbers } from "./payload.js";
import { choice, press, range } from "./stage.js";
import { heatMap } from "./view.js";

export default {
  hint: "Choose a class and read a row from left to right: at which K does the digit stop changing? Then read a column: what does w cost in variety?",

  prepare(data) {
    const steps = [...numbers(data.steps, "steps")];
    const scales = [...numbers(data.scales, "scales")];
    const [samples, height, width] = numbers([data.samples, data.height, data.width], "samples, height and width", 3);
    if (!Array.isArray(data.labels)) throw new Error("labels are missing");
    const count = steps.length * scales.length * data.labels.length * samples * height * width;
    return { steps, scales, samples, size: [height, width], labels: data.labels, pixels: levels(data.pixels, "pixels", count) };
  },

  controls: ({ steps, scales, labels }) => [
    choice("label", "Class", labels.map((label, i) => [i, label])),
    range("K", "Network calls K", { stops: steps, value: steps.at(-1) }),
    range("w", "Guidance weight w", { stops: scales, value: scales[Math.min(1, scales.length - 1)] }),
    press("start", "Another start"),
  ],

  height: (width, state, { steps, scales }) => layout(width, steps.length, scales.length).height,

  paint(view, state, world) {
    const { steps, scales, samples } = world;
    const { map, cell, large } = layout(view.width, steps.length, scales.length);
    const start = state.start % samples;
    view.text(map.x - 6, map.y - 6, "calls K", { align: "right", size: 11 });
    scales.forEach((w, row) => {
      const y = map.y + row * cell;
      view.text(map.x - 6, y + cell / 2, `w = ${w}`, { align: "right", base: "middle", size: 11 });
      steps.forEach((K, column) => {
        const x = map.x + column * cell;
        if (row === 0) view.text(x + cell / 2, map.y - 6, String(K), { align: "center", size: 11 });
        const box = { x: x + 2, y: y + 2, w: cell - 4, h: cell - 4 };
        image(view, box, world, { ...state, K, w }, start);
        if (K !== state.K || w !== state.w) return;
        const c = view.context;
        Object.assign(c, { strokeStyle: ROLES.learned, lineWidth: 2.5 });
        c.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
      });
    });
    view.text(large.x, large.y - 6, `every start at K = ${state.K}, w = ${state.w}`, { size: 12 });
    const columns = Math.ceil(Math.sqrt(samples));
    const side = large.w / columns;
    for (let i = 0; i < samples; i++) {
      const box = { x: large.x + (i % columns) * side, y: large.y + Math.floor(i / columns) * side, w: side - 4, h: side - 4 };
      image(view, box, world, state, i);
    }
  },

  say: ({ label, K, w, start }, { labels, samples }) => `Class ${labels[label]}, start ${(start % samples) + 1} of ${samples}: K = ${K} network calls, guidance weight w = ${w}.`,

  pick(x, y, view, state, { steps, scales }) {
    const { map, cell } = layout(view.width, steps.length, scales.length);
    const [column, row] = [Math.floor((x - map.x) / cell), Math.floor((y - map.y) / cell)];
    return steps[column] !== undefined && scales[row] !== undefined ? { K: steps[column], w: scales[row] } : null;
  },
};

function image(view, box, { steps, scales, labels, samples, size: [height, width], pixels }, { K, w, label }, start) {
  const index = ((steps.indexOf(K) * scales.length + scales.indexOf(w)) * labels.length + label) * samples + start;
  const values = pixels.subarray(index * height * width, (index + 1) * height * width);
  view.panel(box, [0, 1], [0, 1]).heat(heatMap(values, height, width, (level) => [17 * level, 17 * level, 17 * level, 255]));
}

/** The map of K x w beside the large cell, or above it on a narrow screen. */
function layout(width, columns, rows) {
  const left = 52;
  const narrow = width < 520;
  const large = narrow ? Math.min(width, 280) : Math.min(0.36 * width, 260);
  const cell = Math.min(72, (narrow ? width - left : width - left - large - 36) / columns);
  const map = { x: left, y: 24 };
  const below = map.y + rows * cell;
  const place = narrow ? { x: (width - large) / 2, y: below + 34 } : { x: width - large, y: map.y };
  return { map, cell, large: { ...place, w: large, h: large }, height: Math.max(below, place.y + large) + 6 };
}
