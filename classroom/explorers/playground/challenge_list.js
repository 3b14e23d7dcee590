// The challenges, with a tick on those that are done. What is done is kept in the reader's browser, where that is allowed.

import { element } from "../stage.js";
import { CHALLENGES } from "./challenges.js";

const KEY = "knob-playground";

/** {node, check()}: check looks at what has been measured; setUp(challenge) does it where one begins. */
export function challenges(lab, setUp) {
  const done = new Set(kept());
  const count = element("span", { className: "pg-count" });
  const said = element("p", { className: "pg-done" });
  said.setAttribute("aria-live", "polite");
  const items = CHALLENGES.map((one) => {
    const mark = element("span", { className: "pg-tick" });
    const node = element("li", {}, mark, element("div", {}, element("strong", { textContent: `${one.title}. ` }), one.goal, " "));
    const begin = element("button", { type: "button", textContent: "Set it up", onclick: () => setUp(one) });
    begin.setAttribute("aria-label", `Set it up: ${one.title}`);
    node.lastChild.append(begin);
    if (one.hint) node.lastChild.append(element("details", {}, element("summary", { textContent: "Hint" }), element("p", { textContent: one.hint })));
    return { one, node, mark };
  });
  const node = element("details", { className: "pg-group pg-challenges" }, element("summary", {}, "Challenges ", count), element("ol", {}, ...items.map((item) => item.node)), said);

  function show() {
    for (const { one, node, mark } of items) {
      node.classList.toggle("pg-met", done.has(one.id));
      mark.textContent = done.has(one.id) ? "✓" : "○";
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", done.has(one.id) ? "done" : "not done yet");
    }
    count.textContent = `${done.size} of ${CHALLENGES.length} done`;
  }

  function check() {
    const facts = lab.facts();
    for (const { one } of items) {
      if (done.has(one.id) || !one.met(facts)) continue;
      done.add(one.id);
      said.textContent = `Done: ${one.title}.`;
      node.open = true;
      keep([...done]);
      show();
    }
  }
  show();
  return { node, check };
}

/** Ids of what was done before; none where storage is refused, or holds something else. */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(found) ? found.filter((id) => CHALLENGES.some((one) => one.id === id)) : [];
  } catch {
    return [];
  }
}

function keep(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // then it is not remembered
  }
}
