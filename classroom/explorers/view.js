// Drawing on a canvas, in CSS pixels, crisp on any screen. A view hands out panels; a panel maps data to pixels.
// Nothing that is not finite reaches the canvas: such points and segments are left out.

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.ink = "#7A7A7A";
    this.faint = 0.3; // opacity of what stands in the background; a dark page needs more
    this.font = "sans-serif";
  }

  /** Start a new picture of width x height CSS pixels. */
  clear(width, height) {
    const ratio = Math.min(Math.max(window.devicePixelRatio || 1, 1), 3);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    // Setting a size clears the canvas and costs an allocation, so only when it changes.
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    this.canvas.style.height = `${height}px`;
    [this.width, this.height] = [width, height];
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
  }

  /** A panel: box {x, y, w, h} in pixels shows xlim x ylim. */
  panel(box, xlim, ylim) {
    return new Panel(this, box, xlim, ylim);
  }

  text(x, y, text, { color = this.ink, size = 12, align = "left", base = "alphabetic", weight = "normal" } = {}) {
    const c = this.context;
    Object.assign(c, { fillStyle: color, font: `${weight} ${size}px ${this.font}`, textAlign: align, textBaseline: base });
    c.fillText(text, x, y);
  }

  /** How wide a text will be. */
  measure(text, size = 12) {
    this.context.font = `normal ${size}px ${this.font}`;
    return this.context.measureText(text).width;
  }

  /** A text in lines of at most `width`. */
  lines(text, width, size = 11.5) {
    const lines = [];
    for (const word of text.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`;
      if (lines.length && this.measure(longer, size) <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }
}

class Panel {
  constructor(view, box, xlim, ylim) {
    Object.assign(this, { view, box, xlim, ylim, context: view.context });
    this.kx = box.w / (xlim[1] - xlim[0]);
    this.ky = box.h / (ylim[1] - ylim[0]);
  }

  px = (x) => this.box.x + (x - this.xlim[0]) * this.kx;
  py = (y) => this.box.y + this.box.h - (y - this.ylim[0]) * this.ky;
  /** From pixels back to data. */
  at = (px, py) => [this.xlim[0] + (px - this.box.x) / this.kx, this.ylim[0] + (this.box.y + this.box.h - py) / this.ky];
  holds = (px, py) => px >= this.box.x && px <= this.box.x + this.box.w && py >= this.box.y && py <= this.box.y + this.box.h;

  /** Draw inside the panel only. */
  clip(draw) {
    const { x, y, w, h } = this.box;
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, w, h);
    this.context.clip();
    draw();
    this.context.restore();
  }

  /** A thin frame, and a title above it. */
  frame(title = "") {
    const { x, y, w, h } = this.box;
    const c = this.context;
    Object.assign(c, { strokeStyle: this.view.ink, lineWidth: 1, globalAlpha: 0.3 });
    c.setLineDash([]);
    c.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
    c.globalAlpha = 1;
    if (title) this.view.text(x, y - 6, title);
  }

  /** Left and bottom axis. Ticks are pairs [value, text]; the texts of `grid` axes get a faint line across. */
  axes({ x = [], y = [], xlabel = "", title = "", grid = false }) {
    const { view, context: c } = this;
    const { x: x0, y: y0, w, h } = this.box;
    Object.assign(c, { strokeStyle: view.ink, lineWidth: 1 });
    c.setLineDash([]);
    const line = (alpha, ...points) => {
      c.globalAlpha = alpha;
      c.beginPath();
      points.forEach(([px, py], i) => (i ? c.lineTo(px, py) : c.moveTo(px, py)));
      c.stroke();
      c.globalAlpha = 1;
    };
    line(0.8, [x0, y0], [x0, y0 + h], [x0 + w, y0 + h]);
    for (const [value, text] of x) {
      const px = this.px(value);
      line(0.8, [px, y0 + h], [px, y0 + h + 4]);
      if (grid) line(0.15, [px, y0], [px, y0 + h]);
      view.text(px, y0 + h + 16, text, { align: "center", size: 11 });
    }
    for (const [value, text] of y) {
      const py = this.py(value);
      line(0.8, [x0 - 4, py], [x0, py]);
      if (grid) line(0.15, [x0, py], [x0 + w, py]);
      view.text(x0 - 7, py, text, { align: "right", base: "middle", size: 11 });
    }
    if (xlabel) view.text(x0 + w, y0 + h + 31, xlabel, { align: "right" });
    if (title) view.text(x0, y0 - 7, title);
  }

  /** Points of a flat array [x0, y0, x1, y1, ...]. color: one, or a function of the index. */
  points(flat, { color, size = 1.8, alpha = 0.7, marker = "o" }) {
    const c = this.context;
    c.globalAlpha = alpha;
    for (let i = 0; i < flat.length / 2; i++) {
      const [px, py] = [this.px(flat[2 * i]), this.py(flat[2 * i + 1])];
      if (!Number.isFinite(px + py) || !this.holds(px, py)) continue;
      c.fillStyle = typeof color === "function" ? color(i) : color;
      if (size < 1.5) c.fillRect(px - size, py - size, 2 * size, 2 * size); // too small for its shape to be seen
      else {
        trace(c, marker, px, py, size);
        c.fill();
      }
    }
    c.globalAlpha = 1;
  }

  /** A line through (xs[i], ys[i]), interrupted where a value is not finite. */
  line(xs, ys, { color = this.view.ink, width = 1.8, dash = [], alpha = 1 } = {}) {
    const c = this.context;
    Object.assign(c, { strokeStyle: color, lineWidth: width, globalAlpha: alpha, lineJoin: "round" });
    c.setLineDash(dash);
    c.beginPath();
    let down = false;
    for (let i = 0; i < xs.length; i++) {
      const [px, py] = [this.px(xs[i]), this.py(ys[i])];
      if (Number.isFinite(px + py)) down ? c.lineTo(px, py) : c.moveTo(px, py);
      down = Number.isFinite(px + py);
    }
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
  }

  /** An arrow from (x, y) by (dx, dy), in data units. */
  arrow(x, y, dx, dy, { color = this.view.ink, width = 1.5, head = 5, alpha = 1 } = {}) {
    const [ax, ay, bx, by] = [this.px(x), this.py(y), this.px(x + dx), this.py(y + dy)];
    const length = Math.hypot(bx - ax, by - ay);
    if (!Number.isFinite(length) || length < 0.5) return;
    const c = this.context;
    const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
    const tip = Math.min(head, length * 0.6);
    Object.assign(c, { strokeStyle: color, fillStyle: color, lineWidth: width, globalAlpha: alpha });
    c.setLineDash([]);
    c.beginPath();
    c.moveTo(ax, ay);
    c.lineTo(bx - ux * tip * 0.8, by - uy * tip * 0.8);
    c.stroke();
    c.beginPath();
    c.moveTo(bx, by);
    c.lineTo(bx - ux * tip - uy * tip * 0.5, by - uy * tip + ux * tip * 0.5);
    c.lineTo(bx - ux * tip + uy * tip * 0.5, by - uy * tip - ux * tip * 0.5);
    c.fill();
    c.globalAlpha = 1;
  }

  /** A rectangle from (x0, y0) to (x1, y1) in data units. */
  band(x0, x1, y0, y1, { color = this.view.ink, alpha = 0.15 } = {}) {
    const [left, right, top, bottom] = [this.px(x0), this.px(x1), this.py(y1), this.py(y0)];
    if (!Number.isFinite(left + right + top + bottom)) return;
    Object.assign(this.context, { fillStyle: color, globalAlpha: alpha });
    this.context.fillRect(left, top, right - left, bottom - top);
    this.context.globalAlpha = 1;
  }

  /** A heat map that fills the panel, a pixel a value. */
  heat(map) {
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(map, this.box.x, this.box.y, this.box.w, this.box.h);
  }

  text = (x, y, text, options) => {
    const [px, py] = [this.px(x), this.py(y)];
    if (Number.isFinite(px + py)) this.view.text(px, py, text, options);
  };
}

/** Two squares that show [-SQUARE, SQUARE] both ways: beside each other, or one above the other on a narrow screen, where both and the controls are in sight. */
export const SQUARE = 3;
export function squares(view) {
  return squareBoxes(view.width).map((box) => view.panel(box, [-SQUARE, SQUARE], [-SQUARE, SQUARE]));
}
export const squaresHeight = (width) => squareBoxes(width)[1].y + squareBoxes(width)[1].h + 4;

function squareBoxes(width) {
  const narrow = width < 520;
  const side = narrow ? Math.min(width, 225) : (width - 16) / 2;
  return [0, 1].map((i) =>
    narrow ? { x: (width - side) / 2, y: 20 + i * (side + 28), w: side, h: side } : { x: i * (side + 16), y: 20, w: side, h: side },
  );
}

/** A square picture beside two charts of one width, or below them on a narrow screen, next to the controls: their boxes, and the height of it all. */
export function pictureAndCharts(width) {
  const left = 44; // room for the labels of the charts' axes
  const narrow = width < 520;
  const side = narrow ? Math.min(width, 240) : Math.min(width * 0.48, 340);
  const high = narrow ? 90 : (side - 52) / 2;
  const chart = (y) => ({ x: narrow ? left : side + 30 + left, y, w: narrow ? width - left - 14 : width - side - left - 54, h: high });
  const below = 22 + high + (narrow ? 50 : 52); // the second chart
  const picture = { x: narrow ? (width - side) / 2 : 0, y: narrow ? below + high + 54 : 22, w: side, h: side };
  return { picture, top: chart(22), bottom: chart(below), height: picture.y + side + (narrow ? 6 : 26) };
}

/** The outline of a marker; the letters are matplotlib's. */
function trace(c, marker, x, y, r) {
  c.beginPath();
  if (marker === "o") return c.arc(x, y, r, 0, 2 * Math.PI);
  const corner = (turn, k = 1) => [x + k * r * Math.cos(turn), y + k * r * Math.sin(turn)];
  const sides = { s: [4, Math.PI / 4], D: [4, 0], "^": [3, -Math.PI / 2], v: [3, Math.PI / 2], "<": [3, Math.PI], ">": [3, 0], p: [5, -Math.PI / 2], h: [6, -Math.PI / 2] }[marker];
  if (sides) for (let i = 0; i < sides[0]; i++) c.lineTo(...corner(sides[1] + (2 * Math.PI * i) / sides[0], 1.25));
  else
    // "P" and "X": a plus and a cross of twelve corners
    for (let i = 0; i < 12; i++) {
      const start = marker === "P" ? 0 : Math.PI / 4;
      c.lineTo(...corner(start + (Math.PI / 2) * Math.floor(i / 3) + [-0.32, 0.32, Math.PI / 4][i % 3], i % 3 === 2 ? 0.55 : 1.3));
    }
  c.closePath();
}

/** A heat map: values (rows x columns, row 0 at the top), colour(value) -> [r, g, b, a], each 0 ... 255. */
export function heatMap(values, rows, columns, colour) {
  const pixels = new Uint8ClampedArray(4 * rows * columns);
  for (let i = 0; i < rows * columns; i++) if (Number.isFinite(values[i])) pixels.set(colour(values[i]), 4 * i);
  return pixelMap(pixels, rows, columns);
}

/** Pixels, a Uint8ClampedArray (4 * rows * columns), as a canvas that can be drawn. */
export function pixelMap(pixels, rows, columns) {
  const map = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  map.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return map;
}

/** "#RRGGBB" -> [r, g, b]. */
export const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
