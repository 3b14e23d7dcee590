// The entry of the bundle of the decision tree, which one page has: it brings the list to life, and is an anywidget module.

import css from "../explorer.css";
import own from "./tree.css";
import mountTree from "../decision_tree.js";
import { bring, rendering } from "../host.js";
import { element } from "../stage.js";

const part = (name, text) => element("span", { className: `kx-${name}`, textContent: text });

/** A node of decision_tree.json as the list that decision_tree.py writes; a link leads to a page of the book. */
function branch(node) {
  if (node.rows) {
    const rows = node.rows.flatMap(([name, text]) => [element("dt", { textContent: name }), element("dd", { textContent: text })]);
    const links = node.links.flatMap(([textContent, href]) => [element("a", { textContent, href }), " "]);
    return [element("div", { className: "kx-advice" }, element("p", { className: "kx-title", textContent: node.title }), element("dl", {}, ...rows), element("p", { className: "kx-more" }, ...links))];
  }
  const answers = node.answers.map((answer) => {
    const item = element("li", {}, part("answer", answer.answer), " ", ...branch(answer));
    item.dataset.at = answer.name;
    return item;
  });
  return [part("ask", node.ask), element("ul", {}, ...answers)];
}

const mounts = { "decision-tree": mountTree };
const styles = css + own;
bring(mounts, styles);

export default { render: rendering(mounts, styles, (figure, data) => figure.append(element("div", { className: "kx-poster" }, ...branch(data)))) };
