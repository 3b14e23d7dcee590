// The decision tree as a figure to click through: one question at a time, the way taken so far, and a map of the whole.
// The tree itself is the nested list that the page holds anyway; it stays, folded, for print and for reading in one go.

import { element, fragment } from "./stage.js";

const ROW = 25; // pixels a leaf

/** Read the list: {text, ask | advice, link, children}, from the page's own <ul>. */
function read(list) {
  return [...list.children].map((item) => {
    const nested = item.querySelector(":scope > ul");
    const part = (name) => item.querySelector(`:scope > .kx-${name}`);
    return { text: part("answer").textContent, ask: part("ask")?.textContent, advice: part("advice")?.cloneNode(true), children: nested ? read(nested) : [] };
  });
}

/** Bring the figure to life. The state is the way to the present node, as indices: "2.0.1" in the address. */
export default function mountTree(figure) {
  const text = figure.querySelector(".kx-poster");
  const root = { text: "Start", ask: text.querySelector(":scope > .kx-ask").textContent, children: read(text.querySelector(":scope > ul")) };
  if (!root.children.length) throw new Error("the tree has no answers");
  let way = fromFragment();

  const trail = element("nav", { className: "kx-trail" });
  trail.setAttribute("aria-label", "The way taken");
  const card = element("div", { className: "kx-card" });
  card.setAttribute("aria-live", "polite");
  const map = element("div", { className: "kx-map" });
  const reset = element("button", { type: "button", textContent: "Reset", onclick: () => go([]) });
  const link = element("a", { className: "kx-link", textContent: "Link to this state" });
  const hint = element("p", { className: "kx-hint" }, element("strong", { textContent: "Try this. " }), "Follow one question to its end, then come back to the last fork and take the other way.");
  const body = element("div", { className: "kx-body kx-tree" }, map, trail, card, element("div", { className: "kx-row kx-buttons" }, reset, link), hint);
  const whole = element("details", {}, element("summary", { textContent: "The whole tree as text" }));
  text.replaceWith(whole);
  whole.append(text);
  whole.before(body);
  figure.classList.add("kx-live");
  go(way, false);
  figure.dataset.idle = "";
  addEventListener("hashchange", () => fragment(figure) && go(fromFragment()));

  function fromFragment() {
    const at = fragment(figure)?.get("at");
    const named = at ? at.split(".").map(Number) : [];
    return named.every((i, depth) => nodeAt(named.slice(0, depth))?.children[i]) ? named : [];
  }

  function nodeAt(path) {
    return path.reduce((node, i) => node?.children[i], root);
  }

  function go(path, focus = true) {
    way = path;
    const node = nodeAt(way);
    link.href = `#${figure.id}${way.length ? `?at=${way.join(".")}` : ""}`;
    trail.replaceChildren(...way.map((_, i) => element("button", { type: "button", textContent: nodeAt(way.slice(0, i + 1)).text, onclick: () => go(way.slice(0, i)), title: "Take this answer back" })));
    trail.hidden = !way.length;
    if (node.children.length) {
      const answers = node.children.map((child, i) => element("button", { type: "button", textContent: child.text, onclick: () => go([...way, i]) }));
      card.replaceChildren(element("p", { className: "kx-question", textContent: node.ask }), element("div", { className: "kx-answers" }, ...answers));
      if (focus) answers[0].focus({ preventScroll: true });
    } else {
      card.replaceChildren(node.advice.cloneNode(true));
      if (focus) (card.querySelector("a") ?? reset).focus({ preventScroll: true });
    }
    drawMap();
  }

  // --- the map: a tidy tree, leaves below each other; only for the eye and the mouse, the buttons do the same -----------
  function drawMap() {
    const leaves = [];
    const nodes = [];
    const place = (node, path) => {
      const inner = node.children.map((child, i) => place(child, [...path, i]));
      const y = inner.length ? (inner[0].y + inner.at(-1).y) / 2 : ROW * (leaves.push(node) - 0.5);
      const placed = { node, path, y, inner };
      nodes.push(placed);
      return placed;
    };
    place(root, []);
    const x = [8, 92, 256, 480];
    const on = (path) => path.every((i, depth) => way[depth] === i) && path.length <= way.length;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const add = (tag, attributes, textContent) => {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
      if (textContent) shape.textContent = textContent;
      svg.append(shape);
      return shape;
    };
    svg.setAttribute("viewBox", `0 0 740 ${ROW * leaves.length}`);
    svg.setAttribute("aria-hidden", "true");
    const at = (p) => (p.node.children.length ? x[p.path.length] : x[3]);
    // A word stands behind its dot, and what leads on from it begins behind the word: no line runs through one.
    const wordOf = ({ node }) => node.text.split(": ")[0];
    const end = (p) => at(p) + 16 + 6.6 * wordOf(p).length;
    const lines = nodes.flatMap((p) => p.inner.map((q) => [p, q])).sort(([, a], [, b]) => on(a.path) - on(b.path));
    for (const [p, q] of lines) {
      const [x0, x1] = [end(p), at(q)];
      const turn = Math.min(x1, x0 + 60);
      const middle = (x0 + turn) / 2;
      add("path", { d: `M${x0} ${p.y}C${middle} ${p.y} ${middle} ${q.y} ${turn} ${q.y}H${x1}`, class: on(q.path) ? "on" : "" });
    }
    for (const p of nodes) {
      const leaf = !p.node.children.length;
      const group = add("g", { class: `${on(p.path) ? "on" : ""} ${leaf ? "leaf" : ""}` });
      const dot = add("circle", { cx: at(p), cy: p.y, r: on(p.path) ? 6 : 4 });
      const label = add("text", { x: at(p) + 11, y: p.y + 4 }, wordOf(p));
      group.append(dot, label);
      group.addEventListener("click", () => go(p.path, false));
    }
    map.replaceChildren(svg);
  }
}
