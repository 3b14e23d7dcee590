// What a score says, in words: open until the reader closes it, which is kept in the browser where that is allowed.

import { element } from "../stage.js";
import { scoreKey } from "./words.js";

const KEY = "knob-playground-words";

/** An element for samples of so many points. */
export function keyOf(points) {
  const node = element("details", { className: "pg-key", open: !closed() }, element("summary", { textContent: "What the scores say" }), element("p", { textContent: scoreKey(points) }));
  node.addEventListener("toggle", () => keep(!node.open));
  return node;
}

function closed() {
  try {
    return localStorage.getItem(KEY) === "closed";
  } catch {
    return false;
  }
}

function keep(shut) {
  try {
    if (shut) localStorage.setItem(KEY, "closed");
    else localStorage.removeItem(KEY);
  } catch {
    // then it is open again next time
  }
}
