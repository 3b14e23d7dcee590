// The picture as a file: the three squares and the two charts, as they are seen, on one sheet.

import { ROLES } from "../palette.js";
import { View } from "../view.js";
import { element } from "../stage.js";
import { recorder } from "./svg.js";

const [SIDE, GAP, CHART] = [320, 24, 230]; // pixels of a square, of what is between them, of a chart's height
const TOP = 104; // pixels above the squares, for the title and what is said of them
const [WIDTH, HEIGHT] = [3 * SIDE + 4 * GAP, TOP + SIDE + CHART + 2 * GAP];

/** Draw the sheet on a view. paints: {data, exact, net, loss, distance}, each (view, box); words: {title, settings, trouble, data, exact, net}. */
function sheet(view, paints, words, like) {
  Object.assign(view, { ink: like.ink, paper: like.paper, faint: like.faint, font: like.font });
  view.clear(WIDTH, HEIGHT);
  view.text(GAP, 30, words.title, { size: 15, weight: "bold" });
  view.text(GAP, 50, words.settings, { size: 12 });
  view.text(GAP, 68, view.lines(words.trouble, WIDTH - 2 * GAP, 12)[0] ?? "", { size: 12 });
  ["data", "exact", "net"].forEach((name, i) => {
    const box = { x: GAP + i * (SIDE + GAP), y: TOP, w: SIDE, h: SIDE };
    view.text(box.x, TOP - 8, `${name[0].toUpperCase()}${name.slice(1)}`, { size: 13, weight: "bold", color: { exact: ROLES.oracle, net: ROLES.learned }[name] ?? view.ink });
    view.text(box.x + 44, TOP - 8, words[name], { size: 12 });
    paints[name](view, box);
  });
  const half = (WIDTH - 3 * GAP) / 2;
  ["loss", "distance"].forEach((name, i) => paints[name](view, { x: GAP + i * (half + GAP), y: TOP + SIDE + GAP, w: half, h: CHART }));
}

export function svgOf(paints, words, like, paper) {
  const { canvas, svg } = recorder();
  sheet(new View(canvas), paints, words, like);
  return svg(WIDTH, HEIGHT, paper, words.title);
}

/** A promise of the PNG's blob, at two pixels a CSS pixel at least. */
export function pngOf(paints, words, like, paper) {
  const ink = element("canvas");
  const view = new View(ink);
  sheet(view, paints, words, like);
  const canvas = element("canvas", { width: ink.width, height: ink.height });
  const context = canvas.getContext("2d");
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(ink, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** Hand a file to the reader. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
