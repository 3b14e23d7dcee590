// The part of a bundle's entry that is the same for every bundle of explorers with a picture.

import { bring, rendering } from "./host.js";
import { element, mount } from "./stage.js";

/** Bring these explorers, {name of the figure: explorer}, to life on the page; returns the anywidget module of them. */
export function pictured(explorers, css) {
  const mounts = Object.fromEntries(Object.entries(explorers).map(([name, explorer]) => [name, (figure) => mount(figure, explorer)]));
  bring(mounts, css);
  return { render: rendering(mounts, css, without) };
}

/** A picture, where there is one, and the data. */
function without(figure, data, get) {
  const poster = element("img", { className: "kx-poster", alt: get("alt") });
  if (get("poster")) poster.src = get("poster");
  figure.append(poster, element("script", { type: "application/json", className: "kx-data", textContent: JSON.stringify(data) }));
}
