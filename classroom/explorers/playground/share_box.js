// What leaves the page: an address, a picture, and the same in Python.

import { element } from "../stage.js";
import { encode } from "./address.js";
import { POINTS } from "./lab.js";
import { MOST } from "./mixture.js";
import { download, pngOf, svgOf } from "./share.js";
import { python } from "./python.js";
import { clean } from "./state.js";

/** {node, refresh()}. picture() -> what share.js draws a sheet from. */
export function shareBox(lab, picture, say) {
  const link = element("a", { className: "kx-link", textContent: "Link to this state" });
  const code = element("code");
  const listing = element("div", { className: "pg-python", tabIndex: 0 }, code); // of a pre that does not scroll yet the theme would take the tab stop
  listing.setAttribute("role", "region");
  listing.setAttribute("aria-label", "The same in Python");
  const button = (text, act) => element("button", { type: "button", textContent: text, onclick: act });

  async function copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} copied.`);
      copied.textContent = `${what} copied.`;
    } catch {
      getSelection().selectAllChildren(listing); // a page from a file may not be allowed to
      copied.textContent = "The browser does not let this page copy. The lines are selected: press Control and C.";
    }
  }
  async function save(kind) {
    const { paints, words, like, paper } = picture();
    const blob = kind === "png" ? await pngOf(paints, words, like, paper) : new Blob([svgOf(paints, words, like, paper)], { type: "image/svg+xml" });
    download(blob, `playground-${lab.world.state.kind}.${kind}`);
  }
  const copied = element("span", { className: "pg-copied" });
  const row = element("div", { className: "kx-buttons" }, link, button("PNG", () => save("png")), button("SVG", () => save("svg")), button("Copy the Python", () => (fresh(), copy(code.textContent, "Python"))), copied);
  const fewer = element("p", { className: "pg-fewer", hidden: true });
  fewer.setAttribute("role", "status");
  const node = element("details", { className: "pg-group pg-share" }, element("summary", { textContent: "Share, and the same in Python" }), row, fewer, listing);
  node.addEventListener("toggle", fresh);
  let shown = null;

  /** The link and the lines of the present state; made only when they can be seen, and have changed. */
  function fresh() {
    if (shown === lab.world.state) return;
    shown = lab.world.state;
    const state = clean(shown);
    link.href = `#${encode(state)}`;
    const drawn = lab.world.cloud.y.length;
    fewer.hidden = !(state.kind === "drawn" && drawn > MOST);
    fewer.textContent = fewer.hidden ? "" : `This drawing has ${drawn.toLocaleString("en")} points. The link and the lines below carry ${MOST} of them, evenly thinned; PNG and SVG show all.`;
    try {
      code.textContent = python(state, POINTS);
    } catch (error) {
      code.textContent = `# ${error.message}`; // there is no data
    }
    copied.textContent = "";
  }
  return { node, refresh: () => node.open && fresh() };
}
