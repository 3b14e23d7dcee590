// A canvas that writes down what is drawn on it, as SVG: enough of a 2D context for the drawing of view.js.

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const short = (number) => +number.toFixed(2);

/** A stand-in for a canvas; svg(width, height, paper, title) is the text of the picture. */
export function recorder() {
  const measuring = document.createElement("canvas").getContext("2d");
  const parts = [];
  const clips = []; // for each save() that is open, how many groups it has opened
  let path = "";
  let named = 0;

  const color = (style) => `${escaped(style)}"${c.globalAlpha < 1 ? ` opacity="${short(c.globalAlpha)}"` : ""}`;
  const box = (x, y, w, h) => `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"`;
  const stroked = () => {
    const dash = c.dash.length ? ` stroke-dasharray="${c.dash.join(" ")}"` : "";
    return `fill="none" stroke-width="${c.lineWidth}"${dash} stroke="${color(c.strokeStyle)}`;
  };
  const c = {
    globalAlpha: 1, fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, lineJoin: "miter", textAlign: "left", textBaseline: "alphabetic",
    imageSmoothingEnabled: true, font: "12px sans-serif", dash: [],
    setTransform() {},
    clearRect() {},
    setLineDash: (dash) => (c.dash = dash),
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${short(x)} ${short(y)}`),
    lineTo: (x, y) => (path += `${path ? "L" : "M"}${short(x)} ${short(y)}`),
    closePath: () => (path += "Z"),
    rect: (x, y, w, h) => (path += `M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`),
    // view.js draws whole circles only
    arc: (x, y, r) => (path += `M${short(x - r)} ${short(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`),
    fill: () => parts.push(`<path d="${path}" fill="${color(c.fillStyle)}/>`),
    stroke: () => path && parts.push(`<path d="${path}" ${stroked()}/>`),
    fillRect: (...at) => parts.push(`<rect ${box(...at)} fill="${color(c.fillStyle)}/>`),
    strokeRect: (...at) => parts.push(`<rect ${box(...at)} ${stroked()}/>`),
    measureText(text) {
      measuring.font = c.font;
      return measuring.measureText(text);
    },
    fillText(text, x, y) {
      const anchor = { center: "middle", right: "end", left: "start" }[c.textAlign];
      const base = c.textBaseline === "middle" ? ' dominant-baseline="central"' : "";
      const [, weight, size, font] = c.font.match(/^(\S+)\s+([\d.]+)px\s+(.*)$/) ?? [null, "normal", 12, "sans-serif"];
      const style = `font-family="${escaped(font)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}"${base}`;
      parts.push(`<text x="${short(x)}" y="${short(y)}" ${style} fill="${color(c.fillStyle)}>${escaped(text)}</text>`);
    },
    drawImage: (image, ...at) => parts.push(`<image ${box(...at)} preserveAspectRatio="none" opacity="${c.globalAlpha}" href="${image.toDataURL()}"/>`),
    save: () => clips.push(0),
    clip() {
      parts.push(`<clipPath id="c${++named}"><path d="${path}"/></clipPath><g clip-path="url(#c${named})">`);
      clips[clips.length - 1] += 1;
    },
    restore: () => parts.push("</g>".repeat(clips.pop())),
  };
  const svg = (width, height, paper, title) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"><title>${escaped(title)}</title>` +
    `<rect width="100%" height="100%" fill="${escaped(paper)}"/>${parts.join("")}</svg>\n`;
  return { canvas: { getContext: () => c, style: {}, width: 0, height: 0 }, svg };
}
