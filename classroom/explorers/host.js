// Where figures come to life: on the book's pages and in notebooks, where they stand already, and in hosts that hand over a model,
// as anywidget, marimo and MyST do.

import { element, problem } from "./stage.js";

const used = new Set(); // ids of figures that render has made

const style = (css) => element("style", { textContent: css });

/** Bring those figures of the page to life that mounts, {name: mount(figure) -> end}, knows and that are not alive yet. */
export function bring(mounts, css) {
  const key = Object.keys(mounts).join(" ");
  if (![...document.querySelectorAll("style[data-kx]")].some((node) => node.dataset.kx === key)) {
    const node = style(css);
    node.dataset.kx = key;
    document.head.append(node);
  }
  for (const figure of document.querySelectorAll("figure.kx[data-explorer]:not([data-mounted])")) {
    if (Object.hasOwn(mounts, figure.dataset.explorer)) begin(mounts, figure);
  }
}

function begin(mounts, figure) {
  figure.dataset.mounted = "";
  try {
    return mounts[figure.dataset.explorer](figure);
  } catch (error) {
    problem(figure, error);
    return () => {};
  }
}

/** A picture, where there is one, and the data. */
export function pictured(figure, data, get) {
  const poster = element("img", { className: "kx-poster", alt: get("alt") });
  if (get("poster")) poster.src = get("poster");
  figure.append(poster, element("script", { type: "application/json", className: "kx-data", textContent: JSON.stringify(data) }));
}

/**
 * The function render of an anywidget module: it makes a figure of a model and puts it into el, as often as it is asked. What it
 * returns takes the figure away again. model.get knows
 *   explorer   its name, "k_budget" or "k-budget"
 *   data       what its Python module hands over, as an object
 *   alt, caption, poster   the picture in words; the caption; the address of a first picture (optional)
 *   live       the address of the site's folder live, which a figure that runs a net needs (optional)
 * without(figure, data) writes what stands there without the explorer, and before it.
 */
export const rendering = (mounts, css, without) =>
  function render({ model, el }) {
    const name = String(model.get("explorer")).replaceAll("_", "-");
    if (!Object.hasOwn(mounts, name)) {
      const said = element("p", { className: "kx-problem", textContent: `There is no explorer ${name} here. Choose one of ${Object.keys(mounts).join(", ")}.` });
      el.append(said);
      return () => said.remove();
    }
    let id = `explorer-${name}`;
    for (let n = 2; used.has(id) || document.getElementById(id); n++) id = `explorer-${name}-${n}`;
    used.add(id);
    const figure = element("figure", { className: "kx", id });
    figure.dataset.explorer = name;
    const live = model.get("live");
    without(figure, live ? { ...model.get("data"), live } : model.get("data"), (key) => model.get(key) ?? "");
    figure.append(element("figcaption", { textContent: model.get("caption") ?? "" }));
    const own = style(css); // beside the figure, for el may stand in a shadow tree
    el.append(own, figure);
    const end = begin(mounts, figure);
    return () => {
      end();
      own.remove();
      figure.remove();
      used.delete(id);
    };
  };
