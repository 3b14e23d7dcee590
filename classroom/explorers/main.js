// The entry of the bundle: it brings every explorer of the page to life, and is an anywidget module.

import css from "./explorer.css";
import { EXPLORERS } from "./all.js";
import { bring, rendering } from "./host.js";
import { element, mount } from "./stage.js";

const mounts = Object.fromEntries(Object.entries(EXPLORERS).map(([name, explorer]) => [name, (figure) => mount(figure, explorer)]));

/** A picture, where there is one, and the data. */
function without(figure, data, get) {
  const poster = element("img", { className: "kx-poster", alt: get("alt") });
  if (get("poster")) poster.src = get("poster");
  figure.append(poster, element("script", { type: "application/json", className: "kx-data", textContent: JSON.stringify(data) }));
}

bring(mounts, css);

export default { render: rendering(mounts, css, without) };
