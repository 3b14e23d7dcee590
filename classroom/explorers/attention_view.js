// The picture of attention.js: the ten digits, of the whole net and of the changed one; one digit large; and a map for each head.

import { ROLES } from "./palette.js";
import { heatMap } from "./view.js";

const CLASSES = 10;
const LINE = 17; // pixels of a line of text above pictures
const FULL = 0.5; // the share of attention that has the full colour
const LOOK = ROLES.velocity;
const MARK = ROLES.learned; // what is chosen, and what is off

/** isOff(state)(part): whether a part {id, bit} is switched off. */
export const isOff = (state) => ({ id, bit }) => Boolean((state[id] >> bit) & 1);

/** Where everything stands, in CSS pixels. */
export function layout(width, { side, depth, heads }) {
  const narrow = width < 520;
  const gap = narrow ? 3 : 6;
  const small = Math.min((width - 1) / CLASSES, 66); // of a digit, with its gap
  const rows = [0, 1].map((i) => ({ x: 0, y: LINE + i * (small + LINE + 2), side: small }));
  const below = Math.round(rows[1].y + small + 2 * LINE + 4);
  const large = narrow ? 0.33 * width : Math.min(0.33 * width, 224);
  const left = Math.round(large + (narrow ? 10 : 30));
  const cell = Math.floor(Math.min((width - left + gap) / depth, 66));
  const first = 0.56 * large; // "positions" is the longer word
  const chips = [0, 1].map((i) => ({ x: i * first, y: below + large + 6, w: (i ? large - first : first - gap), h: LINE + 5, id: "told", bit: i }));
  const headers = Array.from({ length: depth }, (_, block) => ({ x: left + block * cell, y: below - LINE - 5, w: cell - gap, h: LINE + 2, id: "blocks", bit: block }));
  const maps = headers.flatMap(({ x }, block) =>
    Array.from({ length: heads }, (_, head) => ({ x, y: below + head * cell, w: cell - gap, h: cell - gap, id: `heads${block + 1}`, bit: head })),
  );
  const bottom = Math.max(below + heads * cell - gap, chips[1].y + chips[1].h);
  return { narrow, rows, digit: { x: 0, y: below, w: large, h: large }, chips, headers, maps, height: bottom + 20 };
}

/** Draw it. `shown` is what attention.js makes of a state. */
export function drawn(view, state, world, { whole, changed, shares, off, part }) {
  const { size, side } = world;
  const { narrow, rows, digit, chips, headers, maps, height } = layout(view.width, world);
  const c = view.context;
  const gone = isOff(state);
  const chosen = (box) => box.id === part.id && box.bit === part.bit;
  const stroke = ({ x, y, w, h }, color, width, alpha = 1) => {
    Object.assign(c, { strokeStyle: color, lineWidth: width, globalAlpha: alpha });
    c.setLineDash([]);
    c.strokeRect(x, y, w, h);
    c.globalAlpha = 1;
  };
  const frame = ({ x, y, w, h, ...box }, alpha) =>
    stroke({ x: x + 0.5, y: y + 0.5, w: w - 1, h: h - 1 }, gone(box) ? MARK : view.ink, chosen(box) ? 2.5 : 1, chosen(box) || gone(box) ? 1 : alpha);
  const cross = ({ x, y, w, h }) => {
    Object.assign(c, { strokeStyle: MARK, lineWidth: 2 });
    c.beginPath();
    c.moveTo(x + 3, y + h - 3);
    c.lineTo(x + w - 3, y + 3);
    c.stroke();
  };
  const picture = (frame, i, box) => {
    c.imageSmoothingEnabled = false;
    c.drawImage(strip(frame, size), 0, i * size, size, size, box.x, box.y, box.w, box.h);
  };

  // Two rows of digits: from one noise, by the net as it is and as it is changed.
  const titles = ["the whole net", off.length ? `off: ${off.join(", ")}` : "switch a part off: what is drawn without it appears here"];
  rows.forEach(({ x, y, side: cell }, k) => {
    view.text(x, y - 5, fitted(view, titles[k], view.width), { size: 12 });
    const now = [whole, changed][k]?.frame;
    for (let i = 0; i < CLASSES; i++) {
      const box = { x: x + i * cell, y, w: cell - 2, h: cell - 2 };
      if (now) picture(now, i, box);
      else stroke(box, view.ink, 1, 0.25);
      if (now && i === state.digit) stroke({ x: box.x + 1, y: box.y + 1, w: box.w - 2, h: box.h - 2 }, MARK, 2.5);
    }
  });

  // One digit with its patches.
  const now = (off.length ? changed : whole)?.frame;
  const cell = digit.w / side;
  if (now) picture(now, state.digit, digit);
  for (let i = 1; i < side; i++)
    for (const line of [{ ...digit, x: digit.x + i * cell, w: 0 }, { ...digit, y: digit.y + i * cell, h: 0 }]) stroke(line, "#808080", 0.75, 0.6);
  view.text(digit.x, digit.y - 8, narrow ? `the ${state.digit}` : `the ${state.digit}: tap a patch`, { size: 12 });
  stroke({ x: digit.x + (state.token % side) * cell, y: digit.y + Math.floor(state.token / side) * cell, w: cell, h: cell }, MARK, 3);

  // Where that patch looks, in every head of every block.
  maps.forEach((box, i) => {
    const idle = gone(box) || gone(headers[Math.floor(i / world.heads)]);
    const pixel = box.w / side;
    const edge = (i) => Math.round(i * pixel); // whole pixels leave no seams
    if (shares && !idle)
      for (let token = 0; token < side ** 2; token++) {
        const [share, row] = [shares[i * side ** 2 + token], Math.floor(token / side)];
        Object.assign(c, { fillStyle: LOOK, globalAlpha: Math.min(1, share / FULL) ** 0.6 });
        c.fillRect(box.x + edge(token % side), box.y + edge(row), edge((token % side) + 1) - edge(token % side), edge(row + 1) - edge(row));
      }
    frame(box, 0.3);
    if (idle) cross(box);
    else stroke({ x: box.x + (state.token % side) * pixel, y: box.y + Math.floor(state.token / side) * pixel, w: pixel, h: pixel }, MARK, 1.5);
  });

  const label = (box, text) => {
    view.text(box.x + box.w / 2, box.y + box.h / 2 + 1, text, { size: narrow ? 10 : 12, align: "center", base: "middle", color: gone(box) ? MARK : view.ink });
    frame(box, 0.45);
    if (gone(box)) cross(box);
  };
  headers.forEach((box) => label(box, narrow ? String(box.bit + 1) : `block ${box.bit + 1}`));
  chips.forEach((box) => label(box, ["positions", "label"][box.bit]));
  const key = `${narrow ? "" : "A map for each head, "}full colour: half of its attention`;
  view.text(narrow ? 0 : headers[0].x, height - 4, fitted(view, key, narrow ? view.width : view.width - headers[0].x, 11), { size: 11 });
}

/** What is under a pixel: {digit}, {token} or {part}, or null. */
export function hit(x, y, view, world) {
  const { rows, digit, chips, headers, maps } = layout(view.width, world);
  const { side } = world;
  const inside = (box) => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
  const row = rows.find((it) => inside({ ...it, w: CLASSES * it.side, h: it.side }));
  if (row) return { digit: Math.floor((x - row.x) / row.side) };
  if (inside(digit)) return { token: Math.floor(((y - digit.y) / digit.h) * side) * side + Math.floor(((x - digit.x) / digit.w) * side) };
  const part = [...chips, ...headers, ...maps].find(inside);
  return part ? { part } : null;
}

const strips = new WeakMap(); // ten pictures above each other, by the numbers that they are made of

function strip(frame, size) {
  if (!strips.has(frame)) {
    const grey = (value) => [0, 0, 0].fill(Math.round(127.5 * (Math.min(1, Math.max(-1, value)) + 1))).concat(255);
    strips.set(frame, heatMap(frame, frame.length / size, size, grey));
  }
  return strips.get(frame);
}

/** A text, cut where it has no room. */
function fitted(view, text, room, size = 12) {
  const [first, more] = view.lines(text, room - 12, size);
  return more ? `${first} …` : first;
}
