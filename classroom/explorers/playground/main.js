// The entry of the playground's bundle, a plain script that comes after the engine's. The laboratory starts when it is near the screen.

import shared from "../explorer.css";
import { element } from "../stage.js";
import { build } from "./page.js";
import css from "./playground.css";

const place = document.getElementById("laboratory");
if (place) {
  document.head.append(element("style", { textContent: document.querySelector("style[data-kx]") ? css : shared + css }));
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      build(place);
    },
    { rootMargin: "300px" },
  );
  watcher.observe(place);
}
