// The ways of practice on the self-test's own page: by chapter, the wrong ones, mixed, and those that are due again.

import { element, inWords } from "./question.js";
import { due, mixed, next, wrong } from "./schedule.js";
import { DAYS } from "./memory.js";

const MODES = { chapters: "By chapter", wrong: "Wrong only", mixed: "Mixed", due: "Due again" };
const ONE_BY_ONE = ["mixed", "due"];
const plural = (count, word = "question") => `${count} ${word}${count === 1 ? "" : "s"}`;

/** The id that an address names; "" for one that was cut, as "#%E2%80". */
function idOf(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return "";
  }
}

/** Puts the choice into `place`: {node, update, start}. `folds` are [{section, details, questions}], one a chapter. */
export function modes(folds, memory) {
  const article = folds[0].section.parentElement;
  const all = folds.flatMap((fold) => fold.questions);
  const records = () => all.map((it) => [it.id, it.record()]);
  const others = [...article.querySelectorAll(":scope > section")].filter((it) => !folds.some(({ section }) => section === it));
  let mode; // none before the start
  let asked = []; // the questions of this mode, in its order
  let at = 0;

  const radios = Object.fromEntries(Object.keys(MODES).map((name) => [name, element("input", { type: "radio", name: "qz-mode", value: name, onchange: () => choose(name) })]));
  const labels = Object.fromEntries(Object.keys(MODES).map((name) => [name, element("span", { textContent: MODES[name] })]));
  const choice = element("fieldset", { className: "qz-modes" }, element("legend", { textContent: "Questions" }), ...Object.keys(MODES).map((name) => element("label", {}, radios[name], labels[name])));
  const note = element("p", { className: "qz-mode-note" });
  note.setAttribute("role", "status");
  const button = (textContent, onclick) => element("button", { type: "button", textContent, onclick });
  const whole = button("Open all chapters", () => {
    const closed = folds.some(({ details }) => !details.open);
    for (const { details } of folds) details.open = closed;
    label();
  });
  const again = button("Shuffle again", () => (shuffle(), choose("mixed")));
  const place = element("span", { className: "qz-place" });
  const back = button("Previous", () => go(at - 1));
  const on = button("Next question", () => go(at + 1));
  const nav = element("p", { className: "qz-nav" }, back, place, on);
  for (const { details } of folds) details.addEventListener("toggle", label);

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link) reveal(link.hash);
  });
  addEventListener("hashchange", () => reveal(location.hash));
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  matchMedia("print").addEventListener("change", ({ matches }) => paper(matches)); // in a preview
  return { node: element("div", { className: "qz-choice" }, choice, element("p", { className: "qz-mode-buttons" }, whole, again), note), update, start, renew };

  /** On paper no chapter is folded. */
  function paper(on) {
    for (const fold of folds) {
      if (on) fold.before ??= fold.details.open;
      else fold.details.open = fold.before ?? fold.details.open;
      if (on) fold.details.open = true;
      else delete fold.before;
    }
  }

  /** As the memory says, unless the address leads to a question or a chapter. */
  function start() {
    if (!reveal(location.hash)) renew();
  }

  /** As the memory says. */
  function renew() {
    choose(Object.hasOwn(MODES, memory.state.mode) ? memory.state.mode : "chapters");
  }

  /** Opens what an address leads to; false where that is nothing of ours. */
  function reveal(hash) {
    const target = document.getElementById(idOf(hash));
    const fold = target && folds.find(({ section }) => section.contains(target));
    if (!target || !(fold || others.some((it) => it.contains(target)))) return false;
    if (mode !== "chapters") choose("chapters");
    if (fold) fold.details.open = true;
    target.scrollIntoView();
    return true;
  }

  function shuffle() {
    memory.update((state) => (state.mixed = { seed: Math.floor(Math.random() * 2 ** 31), at: 0, since: new Date().toISOString() }));
  }

  function choose(name) {
    if (memory.state.mode !== name) memory.update((state) => (state.mode = name));
    mode = name;
    radios[name].checked = true;
    article.dataset.mode = name;
    if (name === "mixed" && !memory.state.mixed) shuffle();
    const ids = { chapters: () => all.map((it) => it.id), wrong: () => wrong(records()), mixed: () => mixed(all.map((it) => it.id), memory.state.mixed.seed), due: () => due(records(), new Date()) }[name]();
    asked = ids.map((id) => all.find((it) => it.id === id));
    for (const it of all) it.show();
    if (name === "due") for (const it of asked) it.blank(); // one remembers only what one does not see
    if (name === "mixed") for (const it of asked) if (!((it.record()?.when ?? "") >= memory.state.mixed.since)) it.blank();
    at = name === "mixed" ? Math.min(memory.state.mixed.at, asked.length - 1) : 0;
    lay();
    update();
  }

  /** Shows what this mode asks, and nothing else. */
  function lay() {
    const single = ONE_BY_ONE.includes(mode);
    const shown = new Set(single ? asked.slice(at, at + 1) : asked);
    for (const { section, details, questions } of folds) {
      for (const it of questions) it.box.hidden = !shown.has(it);
      section.hidden = !questions.some((it) => shown.has(it));
      if (mode !== "chapters") details.open = true;
    }
    for (const it of others) it.hidden = mode !== "chapters";
    nav.remove();
    if (single && asked.length) asked[at].box.after(nav);
    place.textContent = `${at + 1} of ${asked.length}`;
    back.disabled = at === 0;
    on.disabled = at >= asked.length - 1;
    label();
  }

  function go(to) {
    at = to;
    if (mode === "mixed") memory.update((state) => state.mixed && (state.mixed.at = at));
    lay();
    const field = asked[at].box.querySelector("fieldset");
    field.tabIndex = -1;
    field.focus({ preventScroll: true });
    asked[at].box.scrollIntoView({ block: "nearest" });
  }

  function label() {
    whole.hidden = mode !== "chapters";
    whole.textContent = folds.some(({ details }) => !details.open) ? "Open all chapters" : "Close all chapters";
    again.hidden = mode !== "mixed";
  }

  /** Counts again, after an answer. */
  function update() {
    const [mistakes, back] = [wrong(records()).length, due(records(), new Date()).length];
    labels.wrong.textContent = `${MODES.wrong} (${mistakes})`;
    labels.due.textContent = memory.keeps ? `${MODES.due} (${back})` : MODES.due;
    note.textContent = { chapters: () => "", wrong: () => wrongNote(mistakes), mixed: () => "All chapters in a random order, which stays until you shuffle again.", due: () => dueNote(back) }[mode]();
  }

  function wrongNote(count) {
    if (count) return `${plural(count)} that you have answered and not yet got right.`;
    return asked.length ? "All of these are right now." : "Nothing is wrong at the moment: no question that you have answered waits for its right answer.";
  }

  function dueNote(count) {
    if (!memory.keeps) return "A question returns after days, and this browser keeps nothing that long: no question can be due here.";
    const coming = next(records(), new Date());
    const later = coming ? `The next ${coming.count === 1 ? "one returns" : `${coming.count} return`} on ${inWords(coming.day)}.` : "";
    if (count) return `${plural(count)} ${count === 1 ? "is" : "are"} due. ${later}`.trim();
    if (later) return `Nothing is due. ${later}`;
    return `Nothing is due yet. A question that you answer returns after ${DAYS.slice(0, -1).join(", ")} and ${DAYS.at(-1)} days, as long as you know it; a wrong answer begins again.`;
  }
}
