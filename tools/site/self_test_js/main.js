// Brings the questions of a page to life: a Check button, feedback that is read aloud, progress that this browser keeps.
// The page itself (written by tools/site/self_test.py) holds the questions, and behind "Answer" the feedback that is shown here.

import { FormulaError, parse } from "./formula.js";
import { judge } from "./judge.js";

const KEY = "self-test";

/** A new element of the page. */
const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

// --- what this browser keeps -------------------------------------------------------------------------------------------

let kept = {}; // {question: answer}
let keeps = true;
try {
  const read = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  if (read?.constructor === Object) kept = read;
} catch (error) {
  keeps = error instanceof SyntaxError; // text that is no JSON is replaced; a refusal stays one
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    keeps = false;
  }
}

// --- one question ------------------------------------------------------------------------------------------------------

function mount(box) {
  const question = JSON.parse(box.dataset.question);
  const id = `${box.id}:${question.edition}`; // an answer to an older wording is not brought back
  const field = box.querySelector("fieldset");
  const inputs = [...field.querySelectorAll("input")];
  const list = field.querySelector("ol");
  const items = list && [...list.children];
  const feedback = element("div", { className: "qz-feedback" });
  feedback.setAttribute("role", "status");
  const check = element("button", { type: "button", className: "qz-check", textContent: "Check", onclick: () => answer() });
  const read = element("span", { className: "qz-read" });
  const me = { box, state: "open", forget };

  field.append(element("p", { className: "qz-act" }, check, read), feedback);
  if (list) items.forEach(addMoves);
  for (const input of inputs) input.addEventListener(input.type === "text" ? "input" : "change", changed);
  if (inputs[0]?.type === "text") inputs[0].addEventListener("keydown", (event) => event.key === "Enter" && answer());
  const before = kept[id];
  if (before !== undefined && restore(before)) answer(false);
  return me;

  function given() {
    if (list) return [...list.children].map((item) => Number(item.dataset.item));
    const ticked = inputs.flatMap((input, i) => (input.checked ? [i] : []));
    if (inputs[0].type === "text") return inputs[0].value;
    return question.kind === "choice" ? ticked[0] : ticked;
  }

  /** Put an answer back; false where it does not fit. */
  function restore(answer) {
    if (question.kind === "choice") return inputs[answer] ? (inputs[answer].checked = true) : false;
    if (!Array.isArray(answer)) return inputs[0]?.type === "text" && typeof answer === "string" && Boolean((inputs[0].value = answer));
    if (!list) return answer.every((i) => inputs[i] && (inputs[i].checked = true));
    const sorted = answer.map((i) => items.find((item) => Number(item.dataset.item) === i));
    return new Set(sorted).size === items.length && !sorted.includes(undefined) && (list.append(...sorted), true);
  }

  /** Judge what is there, and say so. */
  function answer(fresh = true) {
    const now = given();
    let result;
    if (question.kind === "choice" && now === undefined) return tell("open", ["Choose one first."]);
    if (question.kind === "several" && !now.length) return tell("open", ["Tick at least one first."]);
    try {
      result = judge(question, now);
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error;
      return tell("open", [error.message]);
    }
    tell(result.right ? "right" : "wrong", result.said, result.cases);
    if (fresh) {
      kept[id] = now;
      keep();
      progress();
    }
  }

  function tell(state, said, cases = []) {
    me.state = box.dataset.state = state;
    read.textContent = ""; // the reply repeats it
    const head = { right: "Right.", wrong: "Not yet." }[state];
    const lines = said.map((text) => element("p", { textContent: text }));
    const whys = cases.map((name) => {
      const why = box.querySelector(`[data-case="${name}"] .qz-why`);
      return element("p", {}, ...[...why.cloneNode(true).childNodes]);
    });
    if (head) (state === "right" ? whys : lines)[0]?.prepend(" ");
    const blocks = state === "right" ? [...whys, ...lines] : [...lines, ...whys];
    if (head) (blocks[0] ?? feedback).prepend(element("strong", { className: "qz-verdict", textContent: head }));
    feedback.replaceChildren(...blocks);
  }

  /** A changed answer is not judged yet. */
  function changed() {
    if (me.state !== "open" || feedback.childNodes.length) {
      me.state = "open";
      delete box.dataset.state;
      feedback.replaceChildren();
      delete kept[id];
      keep();
      progress();
    }
    if (question.kind === "formula") {
      try {
        read.textContent = `Read as ${parse(inputs[0].value, Object.keys(question.names)).text}`;
      } catch {
        read.textContent = "";
      }
    }
  }

  function addMoves(item) {
    const letter = item.querySelector(".qz-letter").textContent;
    const move = (word, arrow, step) => {
      const button = element("button", { type: "button", textContent: arrow });
      button.setAttribute("aria-label", `Move ${letter} ${word}`);
      button.addEventListener("click", () => {
        const place = [...list.children].indexOf(item);
        const other = list.children[place + step];
        if (!other) return say(`${letter} is already ${step < 0 ? "first" : "last"}.`);
        changed();
        if (step < 0) other.before(item);
        else other.after(item);
        button.focus(); // a moved element loses it
        say(`${letter} is now number ${place + step + 1} of ${items.length}.`);
      });
      return button;
    };
    item.append(element("span", { className: "qz-moves" }, move("up", "↑", -1), move("down", "↓", 1)));
  }

  function say(text) {
    feedback.replaceChildren(element("p", { className: "qz-moved", textContent: text }));
  }

  function forget() {
    me.state = "open";
    delete box.dataset.state;
    feedback.replaceChildren();
    read.textContent = "";
    if (list) list.append(...items);
    for (const input of inputs) {
      input.checked = false;
      if (input.type === "text") input.value = "";
    }
  }
}

// --- all of them ---------------------------------------------------------------------------------------------------------

const chapters = [...document.querySelectorAll(".qz-chapter")].map((chapter) => ({ line: element("p", { className: "qz-progress" }), chapter }));
const total = element("p", { className: "qz-progress" });
const bar = element("progress", { max: 1, value: 0 });
bar.setAttribute("aria-label", "Questions answered right");
const note = element("p", { className: "qz-note" });
note.setAttribute("role", "status");
const forget = element("button", { type: "button", textContent: "Forget my answers", onclick: forgetAll });
let questions = [];

const summary = (some) => {
  const [right, wrong] = ["right", "wrong"].map((state) => some.filter((it) => it.state === state).length);
  return `${right} of ${some.length} right${wrong ? `, ${wrong} to look at again` : ""}`;
};

function progress() {
  for (const { line, chapter } of chapters) line.textContent = summary(questions.filter((it) => chapter.contains(it.box)));
  total.textContent = `All questions: ${summary(questions)}.`;
  bar.value = questions.filter((it) => it.state === "right").length / questions.length;
  if (!keeps) note.textContent = "This browser keeps nothing for this page: your answers last until you leave it.";
}

function forgetAll() {
  if (!confirm("Forget all answers on this page?")) return;
  kept = {};
  try {
    localStorage.removeItem(KEY);
  } catch {
    keeps = false;
  }
  for (const question of questions) question.forget();
  progress();
  note.textContent = "All answers are forgotten.";
}

for (const { line, chapter } of chapters) chapter.prepend(line);
// A chapter has its own questions, and no total.
document.getElementById("qz-total")?.replaceChildren(total, bar, forget, note);
questions = [...document.querySelectorAll(".qz")].map(mount);
progress();
