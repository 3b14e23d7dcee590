// The decision tree as a figure to click through: one question at a time, the way taken so far, and a map opened along that way.
// The tree itself is the nested list that the page holds anyway; it stays, folded, for print and for reading in one go.
// Every answer is a step of the browser's history, with the name of the answer in the address: "#explorer-decision-tree?at=ema".

import { element, fragment } from "./stage.js";

const LOST = "This link names an answer that the tree does not have. Here is the beginning.";

/** Read the list: {name, text, ask | advice, up, children}, from the page's own <ul>. */
function read(list, up) {
  return [...list.children].map((item) => {
    const part = (name) => item.querySelector(`:scope > .kx-${name}`);
    const node = { name: item.dataset.at, text: part("answer").textContent, ask: part("ask")?.textContent, advice: part("advice"), up };
    node.children = node.advice ? [] : read(item.querySelector(":scope > ul"), node);
    return node;
  });
}

const way = (node) => (node ? [...way(node.up), node] : []);
const below = (node) => [node, ...node.children.flatMap(below)];
const ends = (node) => below(node).filter(({ advice }) => advice).length;

/** A button that does something, with attributes for screen readers. */
function button(textContent, onclick, attributes = {}) {
  const node = element("button", { type: "button", textContent, onclick });
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** Bring the figure to life. Returns a function that ends it. */
export default function mountTree(figure) {
  const text = figure.querySelector(".kx-poster");
  const root = { name: "", ask: text.querySelector(":scope > .kx-ask").textContent, up: null };
  root.children = read(text.querySelector(":scope > ul"), root);
  if (!root.children.length) throw new Error("the tree has no answers");
  const named = new Map(below(root).map((node) => [node.name, node]));
  const arrived = location.hash;
  let here = root;

  const trail = element("nav", { className: "kx-trail" });
  trail.setAttribute("aria-label", "The way taken");
  const card = element("div", { className: "kx-card" });
  const said = element("p", { className: "kx-said" });
  said.setAttribute("aria-live", "polite");
  const step = button("Back", back);
  const link = element("a", { className: "kx-link", textContent: "Link to this state" });
  const row = element("div", { className: "kx-row kx-buttons" }, step, button("Reset", () => go(root)), link);
  const map = element("nav", { className: "kx-map" });
  map.setAttribute("aria-label", "Map of the tree");
  const hint = element("p", { className: "kx-hint" }, element("strong", { textContent: "Try this. " }), "Follow one question to its end. Back, Escape and the browser’s own Back take the last answer back.");
  const body = element("div", { className: "kx-body kx-tree" }, trail, card, said, row, map, hint);
  const whole = element("details", {}, element("summary", { textContent: "The whole tree as text" }));
  text.replaceWith(whole);
  whole.append(text);
  whole.before(body);
  figure.classList.add("kx-live");
  body.addEventListener("keydown", (event) => event.key === "Escape" && back());
  show(false);
  follow();
  figure.dataset.idle = "";
  const life = new AbortController();
  for (const event of ["popstate", "hashchange"]) addEventListener(event, follow, { signal: life.signal });
  if (arrived.startsWith(`#${figure.id}?`)) figure.scrollIntoView();
  const sizes = new ResizeObserver(drawEdges);
  sizes.observe(map);

  /** Show what the address names. Where it names something else on the page, only the address we came with means the beginning. */
  function follow() {
    const asked = fragment(figure);
    if (!asked && location.hash !== arrived) return;
    const node = named.get(asked?.get("at") ?? "");
    if (node && node === here) return;
    const from = here;
    here = node ?? root;
    show(figure.contains(document.activeElement), from, node ? "" : LOST);
  }

  /** Take a step, and let the browser remember it. Where the address cannot be changed, the tree works all the same. */
  function go(node) {
    const from = here;
    here = node;
    try {
      if (node !== from) history.pushState({ kxFrom: from.name }, "", address(node));
    } catch {}
    show(true, from);
  }

  /** One answer back: by the history, where that is what it did last. */
  function back() {
    if (!here.up) return;
    if (history.state?.kxFrom === here.up.name) history.back();
    else go(here.up);
  }

  function address(node) {
    return `#${figure.id}${node.up ? `?at=${encodeURIComponent(node.name)}` : ""}`;
  }

  /** Draw the present question or end. The focus goes to the first answer, or to the one that was taken back. */
  function show(focus, from = root, note = "") {
    link.href = address(here);
    step.disabled = !here.up;
    const taken = way(here).slice(1);
    trail.replaceChildren(...taken.map((node) => button(node.text, () => go(node.up), { title: "Take this answer back" })));
    trail.hidden = !taken.length;
    const notes = note ? [element("p", { className: "kx-note", textContent: note })] : [];
    let first;
    if (here.advice) {
      const advice = here.advice.cloneNode(true);
      card.replaceChildren(...notes, advice);
      first = advice.querySelector(".kx-title");
      first.tabIndex = -1;
      said.textContent = `An end: ${first.textContent}. ${advice.querySelector("dl").innerText}`;
    } else {
      const answers = here.children.map((child) => button(child.text, () => go(child)));
      card.replaceChildren(...notes, element("p", { className: "kx-question", textContent: here.ask }), element("div", { className: "kx-answers" }, ...answers));
      first = answers[Math.max(0, here.children.indexOf(way(from)[way(here).length]))];
      said.textContent = `${note} ${here.ask} ${answers.length} answers.`.trim();
    }
    drawMap();
    if (!focus) return;
    first.focus({ preventScroll: true });
    if (card.getBoundingClientRect().top < 0) card.scrollIntoView();
  }

  // --- the map: side by side where there is room, below each other on a phone; explorer.css says which -------------------
  function drawMap() {
    const on = new Set(way(here));
    const branch = (node) =>
      element("ul", {}, ...node.children.map((child) => {
        const open = on.has(child);
        const name = button(child.text, () => go(child), { class: open ? "on" : "", ...(child.children.length && { "aria-expanded": open }), ...(child === here && { "aria-current": "step" }) });
        if (child.children.length) name.append(element("span", { className: "kx-count", textContent: ` ${ends(child)}` }));
        return element("li", {}, name, ...(open && child.children.length ? [branch(child)] : []));
      }));
    const legend = "The map. A number says how many ends lie behind an answer.";
    map.replaceChildren(element("p", { className: "kx-legend", textContent: legend }), branch(root));
    drawEdges();
  }

  /** Lines from an answer to those that follow it, through the gaps between the boxes of words, never through a box. */
  function drawEdges() {
    map.querySelector("svg")?.remove();
    const [svg, corner] = [make("svg", { "aria-hidden": "true" }), map.getBoundingClientRect()];
    const paths = [];
    for (const name of map.querySelectorAll("button:has(+ ul)")) {
      const a = name.getBoundingClientRect();
      for (const child of name.nextElementSibling.querySelectorAll(":scope > li > button")) {
        const b = child.getBoundingClientRect();
        const [x, y] = [b.left - corner.left, (b.top + b.bottom) / 2 - corner.top];
        const [right, middle] = [a.right - corner.left, (a.top + a.bottom) / 2 - corner.top];
        const [left, bottom] = [a.left - corner.left + 10, a.bottom - corner.top];
        const d = b.left > a.right ? `M${right} ${middle}C${(right + x) / 2} ${middle} ${(right + x) / 2} ${y} ${x} ${y}` : `M${left} ${bottom}V${y}H${x}`;
        paths.push(make("path", { d, class: child.className }));
      }
    }
    svg.append(...paths.sort((one, other) => (one.getAttribute("class") === "on") - (other.getAttribute("class") === "on"))); // the way on top
    map.append(svg);
  }

  function make(tag, attributes) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    return shape;
  }

  return function end() {
    life.abort();
    sizes.disconnect();
  };
}
