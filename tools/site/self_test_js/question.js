// One question of a page: a Check button, feedback that is read aloud, and what the memory keeps of it.

import { FormulaError, readings } from "./formula.js";
import { judge } from "./judge.js";
import { learnt } from "./memory.js";

/** A new element of the page. */
export const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

export const inWords = (day) => new Date(`${day}T12:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** Brings a box of the page to life: {box, id, record, show, blank}. `told` is called after each answer that is kept. */
export function mount(box, memory, told) {
  const question = JSON.parse(box.dataset.question);
  const id = `${box.id}:${question.edition}`; // an answer to an older wording is not brought back
  const field = box.querySelector("fieldset");
  const inputs = [...field.querySelectorAll("input")];
  const typed = inputs[0]?.type === "text";
  const list = field.querySelector("ol");
  const items = list && [...list.children];
  const feedback = element("div", { className: "qz-feedback" });
  feedback.setAttribute("role", "status");
  const check = element("button", { type: "button", className: "qz-check", textContent: "Check", onclick: () => answer() });
  const read = element("span", { className: "qz-read" });
  const solved = element("span", { className: "qz-solved", hidden: true });
  let untouched = false; // what stands there was brought back and not given anew
  let state = "open";
  const me = { box, id, record: () => memory.state.questions[id], show, blank };

  field.append(element("p", { className: "qz-act" }, check, solved, read), feedback);
  if (list) {
    items.forEach(addMoves);
    list.after(element("p", { className: "qz-how", textContent: "With the keyboard: arrow keys move the row that you are on, Enter checks." }));
  }
  for (const input of inputs) {
    input.addEventListener(typed ? "input" : "change", changed);
    input.addEventListener("keydown", entered);
  }
  show();
  return me;

  /** An answer of a memory without verdicts gets its own; one that does not fit is dropped. */
  function settle() {
    const record = me.record();
    if (!record || record.right !== undefined) return;
    const right = fits(record.given) ? verdict(record.given)?.right : undefined;
    memory.update(({ questions }) => {
      if (right === undefined) delete questions[id];
      else questions[id] = learnt(undefined, record.given, right, new Date());
    });
  }

  /** Puts the kept answer back, and what was said to it. */
  function show() {
    settle();
    blank();
    const record = me.record();
    if (!record || !fits(record.given)) return;
    const { given } = record;
    if (typed) inputs[0].value = given;
    else if (list) list.append(...given.map((i) => items.find((item) => Number(item.dataset.item) === i)));
    else for (const i of [given].flat()) inputs[i].checked = true;
    const result = verdict(given);
    if (result) tell(result.right ? "right" : "wrong", result.said, result.cases);
    untouched = true;
  }

  /** Takes every answer out of the boxes; the memory stays. */
  function blank() {
    untouched = false;
    if (list) list.append(...items);
    for (const input of inputs) {
      input.checked = false;
      if (typed) input.value = "";
    }
    unsay();
  }

  function fits(given) {
    if (typed) return typeof given === "string" && given !== "";
    if (question.kind === "choice") return Boolean(inputs[given]);
    if (!Array.isArray(given) || new Set(given).size < given.length) return false;
    return list ? given.length === items.length && given.every((i) => i < items.length) : given.length > 0 && given.every((i) => inputs[i]);
  }

  function given() {
    if (list) return [...list.children].map((item) => Number(item.dataset.item));
    if (typed) return inputs[0].value;
    const ticked = inputs.flatMap((input, i) => (input.checked ? [i] : []));
    return question.kind === "choice" ? ticked[0] : ticked;
  }

  function verdict(now) {
    try {
      return judge(question, now);
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error;
      return undefined;
    }
  }

  /** Judges what is there, and says so. What cannot be judged changes nothing that is kept. */
  function answer() {
    const now = given();
    if (question.kind === "choice" && now === undefined) return tell("open", ["Choose one first."]);
    if (question.kind === "several" && !now.length) return tell("open", ["Tick at least one first."]);
    let result;
    try {
      result = judge(question, now);
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error;
      return tell("open", [error.message, ...still()]);
    }
    const again = untouched;
    if (!again) memory.update(({ questions }) => (questions[id] = learnt(questions[id], now, result.right, new Date())));
    tell(result.right ? "right" : "wrong", result.said, result.cases);
    if (!again) told(me, result.right);
  }

  function still() {
    return me.record()?.solved ? ["You have solved it before, and that stays."] : [];
  }

  function tell(now, said, cases = []) {
    state = box.dataset.state = now;
    read.textContent = ""; // the reply repeats it
    const head = { right: "Right.", wrong: "Not yet." }[now];
    const lines = [...said, ...(now === "wrong" ? still() : [])].map((text) => element("p", { textContent: text }));
    const whys = cases.map((name) => {
      const why = box.querySelector(`[data-case="${name}"] .qz-why`);
      return element("p", {}, ...[...why.cloneNode(true).childNodes]);
    });
    const blocks = now === "right" ? [...whys, ...lines] : [...lines, ...whys];
    if (head) blocks[0]?.prepend(" ");
    if (head) (blocks[0] ?? feedback).prepend(element("strong", { className: "qz-verdict", textContent: head }));
    feedback.replaceChildren(...blocks);
    badge();
  }

  /** Nothing is said now, and nothing judged. */
  function unsay() {
    state = "open";
    delete box.dataset.state;
    feedback.replaceChildren();
    read.textContent = "";
    badge();
  }

  /** Says that the question was solved, where what stands there is not the right answer. */
  function badge() {
    const day = me.record()?.solved;
    solved.hidden = !day || state === "right";
    solved.textContent = day ? `Solved before, on ${inWords(day)}` : "";
  }

  /** A changed answer is not judged yet. */
  function changed() {
    untouched = false;
    if (state !== "open" || feedback.childNodes.length) unsay();
    if (!typed) return;
    try {
      const names = Object.keys(question.names ?? {});
      const [first] = readings(inputs[0].value, names);
      const plain = !names.length && Number.isFinite(Number(inputs[0].value));
      read.textContent = plain ? "" : names.length ? `Read as ${first.text}` : `Read as ${Number(first.at({}).toPrecision(6))}`;
    } catch {
      read.textContent = "";
    }
  }

  /** Enter checks, in every kind of answer. */
  function entered(event) {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    answer();
  }

  /** A row moves with its two buttons, or, while it has the focus itself, with the arrow keys. */
  function addMoves(item) {
    const letter = item.querySelector(".qz-letter").textContent;
    const to = (step, focus) => {
      const place = [...list.children].indexOf(item);
      const other = list.children[place + step];
      if (!other) return say(`${letter} is already ${step < 0 ? "first" : "last"}.`);
      changed();
      if (step < 0) other.before(item);
      else other.after(item);
      focus.focus(); // a moved element loses it
      say(`${letter} is now number ${place + step + 1} of ${items.length}.`);
    };
    const move = (word, arrow, step) => {
      const button = element("button", { type: "button", textContent: arrow, tabIndex: -1 }); // the row itself is the stop
      button.setAttribute("aria-label", `Move ${letter} ${word}`);
      button.addEventListener("click", () => to(step, button));
      return button;
    };
    item.tabIndex = 0;
    item.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step) event.preventDefault();
      if (step) to(step, event.target);
      else if (event.target === item) entered(event);
    });
    item.append(element("span", { className: "qz-moves" }, move("up", "↑", -1), move("down", "↓", 1)));
  }

  function say(text) {
    feedback.replaceChildren(element("p", { className: "qz-moved", textContent: text }));
  }
}
