// The Diffusion Transformer, part by part: a drawing of the data's way through the net, each part's share of the weights and of the
// arithmetic, and the step in which it begins to learn. Python takes all of it from the real net.

import { FAN, ROLES } from "./palette.js";
import { numbers } from "./payload.js";
import { choice, num, range } from "./stage.js";

const [ROW, BOX, HEAD] = [26, 20, 15]; // pixels from part to part, of its box, and of a heading
const TOP = 24; // of the headings of the columns
const STEPS = FAN.slice(0, 3); // the marks of what learns in the first, second and third step
const OPENS = "attention";

export default {
  hint({ parts, nets }) {
    const [fine, usual] = [1, 2].map((patch) => nets.get(`${patch},128`));
    const told = parts.reduce((sum, { name }, i) => sum + (/^(norm|gate)/.test(name) ? usual.weights[i] : 0), 0);
    return (
      `Tap a part, or let Play follow the data. Then take patch 1 in place of 2: of four times the tokens the pairs alone, in attention, take ` +
      `${percent(fine.pairs / fine.total.flops)} of the arithmetic, not ${percent(usual.pairs / usual.total.flops)}. Shifts, scales and gates hold ` +
      `${percent(told / usual.total.weights)} of the weights and do almost none of it. The colours say what learns first: the head, then the gates, then all.`
    );
  },

  prepare(data) {
    const count = data.parts.length;
    const parts = data.parts.map(({ name, what, equation, where, line }) => ({ name, what, equation, where, line }));
    const [from, to] = numbers(data.block, "block", 2);
    const [channels, size] = numbers(data.image, "image", 2);
    const [depth] = numbers([data.depth], "depth");
    const steps = numbers(data.steps, "steps", count);
    const nets = new Map(
      data.nets.map(({ patch, width, shapes, weights, flops, pairs }) => {
        numbers([patch, width, pairs], "patch, width and pairs");
        const [w, f] = [numbers(weights, "weights", count), numbers(flops, "flops", count)];
        const sum = (list) => list.reduce((a, b) => a + b, 0);
        const net = { patch, width, shapes: shapes.map((shape) => numbers(shape, "shape")), weights: w, flops: f, pairs, total: { weights: sum(w), flops: sum(f) } };
        return [`${patch},${width}`, net];
      }),
    );
    const halves = [[from, from + 2], [from + 3, to - 1]]; // what goes round attention, and round the MLP
    const told = [...parts.keys()].filter((i) => /modulate|gate/.test(parts[i].name)); // the condition
    const sizes = (key) => [...new Set([...nets.values()].map((net) => net[key]))];
    return { parts, block: { from, to }, image: { channels, size }, depth, steps, halves, told, nets, patches: sizes("patch"), widths: sizes("width") };
  },

  controls: ({ parts, patches, widths, image }) => [
    range("part", "Part of the net", { min: 0, max: parts.length - 1, value: parts.findIndex(({ name }) => name === OPENS), show: (i) => parts[i].name }),
    choice("patch", "Patch p, pixels", patches.map((p) => [p, `${p} (${(image.size / p) ** 2} tokens)`]), 2),
    choice("width", "Width W", widths.map((w) => [w, String(w)]), 128),
  ],

  play: { id: "part", seconds: 16 },
  height: (width, state, world) => layout(width, world).height,

  paint(view, { part, patch, width }, world) {
    const { parts, block, depth, steps, nets } = world;
    const net = nets.get(`${patch},${width}`);
    const { rows, box, lane, columns, headings } = layout(view.width, world);
    const c = view.context;
    const middle = (i) => rows[i] + BOX / 2;
    const stroke = (color, line, alpha, draw, dash = []) => {
      Object.assign(c, { strokeStyle: color, lineWidth: line, globalAlpha: alpha });
      c.setLineDash(dash);
      c.beginPath();
      draw();
      c.stroke();
      c.globalAlpha = 1;
    };
    const polyline = (...points) => points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    const tip = (x, y, dx, dy) => polyline([x - 4 * dx - 3 * dy, y - 4 * dy - 3 * dx], [x, y], [x - 4 * dx + 3 * dy, y - 4 * dy + 3 * dx]);

    for (const { y, text } of headings) view.text(box.x, y, text, { size: 11 });
    columns.forEach(({ x, w, text }, k) => view.text(k < 2 ? x : x + w / 2, 12, text, { size: 11, align: k < 2 ? "left" : "center" }));

    // The chosen row, and the frame of the block.
    Object.assign(c, { fillStyle: ROLES.oracle, globalAlpha: 0.2 });
    c.fillRect(box.x - 3, rows[part] - 3, view.width - box.x + 3, ROW);
    c.globalAlpha = 1;
    stroke(view.ink, 1, 0.55, () => c.roundRect(1, rows[block.from] - HEAD - 7, lane + 5, rows[block.to - 1] + BOX + HEAD + 11 - rows[block.from], 6), [4, 3]);

    // The tokens run down; round each half of a block they go unchanged; the condition runs down beside them.
    const centre = box.x + box.w / 2;
    stroke(view.ink, 1.3, 0.8, () => {
      for (let i = 0; i < parts.length - 1; i++) {
        if (i === 1) continue; // from the label the condition goes aside
        polyline([centre, rows[i] + BOX], [centre, rows[i + 1]]);
        tip(centre, rows[i + 1], 0, 1);
      }
      for (const [start, end] of world.halves) {
        const [x, y] = [box.x - 9, middle(end)];
        polyline([centre, rows[start] - 4], [x, rows[start] - 4], [x, y], [box.x, y]);
        tip(box.x, y, 1, 0);
      }
    });
    stroke(ROLES.velocity, 1.6, 1, () => {
      polyline([box.x + box.w, middle(1)], [lane, middle(1)], [lane, middle(world.told.at(-1))]);
      for (const i of world.told) {
        polyline([lane, middle(i)], [box.x + box.w, middle(i)]);
        tip(box.x + box.w, middle(i), -1, 0);
      }
    });
    view.text(lane + 3, middle(1) + 4, "c", { size: 12, color: ROLES.velocity, weight: "bold" });

    parts.forEach(({ name }, i) => {
      c.setLineDash([]);
      c.beginPath();
      c.roundRect(box.x, rows[i], box.w, BOX, 4);
      if (steps[i]) {
        Object.assign(c, { fillStyle: STEPS[steps[i] - 1].color, globalAlpha: 0.24 });
        c.fill();
        c.globalAlpha = 1;
      }
      stroke(i === part ? ROLES.oracle : view.ink, i === part ? 2.5 : 1, i === part ? 1 : 0.6, () => c.roundRect(box.x, rows[i], box.w, BOX, 4));
      view.text(centre, middle(i), name, { size: 12, align: "center", base: "middle", weight: i === part ? "bold" : "normal" });
      [net.weights[i] / net.total.weights, net.flops[i] / net.total.flops].forEach((share, k) => {
        const { x, w } = columns[k];
        const roomy = w > 100; // else the number lies on the bar, which has the whole column
        const bar = share * (roomy ? w - 36 : w);
        Object.assign(c, { fillStyle: view.ink, globalAlpha: roomy ? 0.55 : 0.25 });
        c.fillRect(x, middle(i) - 5, bar, 10);
        c.globalAlpha = 1;
        view.text(roomy ? x + bar + (share ? 4 : 0) : x, middle(i), share === 0 ? "–" : percent(share), { size: 11, base: "middle" });
      });
      const { x, w } = columns[2];
      if (!steps[i]) return view.text(x + w / 2, middle(i), "–", { size: 11, align: "center", base: "middle" });
      const { color, marker } = STEPS[steps[i] - 1];
      const mark = view.panel({ x: x + w / 2 - 20, y: middle(i) - 8, w: 16, h: 16 }, [-1, 1], [-1, 1]);
      mark.points([0, 0], { color, marker, size: 5, alpha: 1 });
      view.text(x + w / 2 + 4, middle(i), String(steps[i]), { size: 12, align: "center", base: "middle" });
    });
  },

  say({ part, patch, width }, { parts, steps, nets, block, depth, image }) {
    const net = nets.get(`${patch},${width}`);
    const { name, what, equation, where, line } = parts[part];
    const many = part >= block.from && part < block.to ? `, in all ${depth} blocks` : "";
    const [weights, flops] = [net.weights[part], net.flops[part]];
    const pairs = name === OPENS ? `, ${percent(net.pairs / flops)} of them for the pairs of tokens` : "";
    const learns = steps[part] ? ` It learns from step ${steps[part]} on.` : "";
    return [
      ["kx-name", `${name.replace(/^./, (first) => first.toUpperCase())}. ${what}`],
      ["kx-formula", equation],
      ["kx-code", `${where}:  ${line}`],
      [
        "kx-cost",
        `Shape: (${["B", ...net.shapes[part]].join(", ")}). Weights${many}: ${weights ? `${grouped(weights)}, ${percent(weights / net.total.weights)} of ${grouped(net.total.weights)}` : "none"}. ` +
          `FLOPs in matrix products: ${flops ? `${short(flops)}, ${percent(flops / net.total.flops)} of ${short(net.total.flops)} per ${image.size} × ${image.size} image${pairs}` : "none"}.${learns}`,
      ],
    ];
  },

  pick(px, py, view, state, world) {
    const { rows } = layout(view.width, world);
    const part = rows.findIndex((y) => py >= y - 3 && py < y + ROW - 3);
    return part < 0 ? {} : { part };
  },

  grip: () => false, // a finger scrolls, and a tap picks
};

const grouped = (value) => value.toLocaleString("en");
const short = (value) => (value >= 1e9 ? `${num(value / 1e9, 1)} billion` : value >= 1e6 ? `${num(value / 1e6, 1)} million` : grouped(value));

/** A share: whole per cents, and what is less than one in digits that show it. */
function percent(share) {
  const value = 100 * share;
  return `${value >= 1 ? num(value, 0) : value >= 0.1 ? num(value, 1) : "< 0.1"} %`;
}

/** Where each part stands, the lane of the condition, and the three columns beside. */
function layout(width, { parts, block, depth }) {
  const narrow = width < 520;
  const box = { x: narrow ? 14 : 22, w: narrow ? 118 : 190 };
  const lane = box.x + box.w + (narrow ? 10 : 16);
  const named = new Map([
    [0, "condition"],
    [2, "tokens"],
    [block.from, `block, ${depth} ×`],
    [block.to, "final layer"],
  ]);
  const [rows, headings] = [[], []];
  let y = TOP - 6;
  for (let i = 0; i < parts.length; i++) {
    if (named.has(i)) {
      y += HEAD + (i === block.to ? 4 : i === block.from ? 9 : 0);
      headings.push({ y: y - (i === block.from ? 9 : 5), text: named.get(i) });
    }
    rows.push(y);
    y += ROW;
  }
  const left = lane + (narrow ? 16 : 26);
  const last = narrow ? 54 : 90;
  const w = (width - left - last) / 2 - (narrow ? 4 : 16);
  const columns = [
    { x: left, w, text: narrow ? "weights" : "share of the weights" },
    { x: left + w + (narrow ? 6 : 16), w, text: narrow ? "FLOPs" : "share of the FLOPs" },
    { x: width - last, w: last, text: narrow ? "learns" : "learns from step" },
  ];
  return { rows, headings, box, lane, columns, height: y };
}
