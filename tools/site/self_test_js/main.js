// Brings the questions of a page to life. The page itself (written by tools/site/self_test.py) holds the questions, and behind
// "Answer" the feedback that is shown. A chapter has its own questions; the self-test's page has all of them, folded by
// chapter, with a total and the ways of practice. The memory is the same.

import { carry } from "./carry.js";
import { open } from "./memory.js";
import { modes } from "./modes.js";
import { element, mount } from "./question.js";

const memory = open(() => localStorage);
const total = document.getElementById("qz-total");
const note = element("p", { className: "qz-note" });
note.setAttribute("role", "status");
let whole; // the total's line, bar and modes, on the page that has them

const chapters = [...document.querySelectorAll(".qz-chapter")].map((chapter) => ({
  section: chapter.closest("section"),
  line: element(total ? "span" : "p", { className: "qz-progress" }),
  bar: bar(),
  questions: [...chapter.querySelectorAll(".qz")].map((box) => mount(box, memory, progress)),
  chapter,
}));
const all = chapters.flatMap((it) => it.questions);

if (total) fold();
else for (const { chapter, line } of chapters) chapter.prepend(line, note);
whole?.ways.start();
progress();
addEventListener("storage", again); // another tab has changed it
addEventListener("pageshow", (event) => event.persisted && again());

/** A bar of its own: browsers draw an empty <progress> so dark that it looks full. */
function bar() {
  return element("span", { className: "qz-bar" }, element("span"));
}

function fill(node, share) {
  node.firstChild.style.inlineSize = `${100 * share}%`;
}

function summary(some) {
  const records = some.map((it) => it.record());
  const right = records.filter((it) => it?.solved).length;
  const wrong = records.filter((it) => it?.right === false && !it.solved).length;
  return { share: right / some.length, words: `${right} of ${some.length} right${wrong ? `, ${wrong} to look at again` : ""}` };
}

function progress() {
  for (const { line, bar, questions } of chapters) {
    const { share, words } = summary(questions);
    line.textContent = words;
    fill(bar, share);
  }
  if (!memory.keeps) note.textContent = memory.why;
  if (!whole) return;
  const { share, words } = summary(all);
  whole.line.textContent = `All questions: ${words}.`;
  fill(whole.bar, share);
  whole.bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  whole.ways.update();
}

/** The self-test's page: every chapter closed below its heading, and the total above. */
function fold() {
  for (const it of chapters) {
    it.bar.ariaHidden = "true"; // the line says it
    it.details = element("details", { className: "qz-fold" }, element("summary", {}, it.line, it.bar));
    it.chapter.before(it.details);
    it.details.append(it.chapter);
  }
  whole = { line: element("p", { className: "qz-progress" }), bar: bar(), ways: modes(chapters, memory) };
  for (const [name, value] of Object.entries({ role: "progressbar", "aria-label": "Questions answered right", "aria-valuemin": "0", "aria-valuemax": "100" })) whole.bar.setAttribute(name, value);
  const forget = element("button", { type: "button", textContent: "Forget my answers", onclick: forgetAll });
  total.replaceChildren(element("div", { className: "qz-sum" }, whole.line, whole.bar, forget), note, whole.ways.node, carry(memory, renew));
}

/** The memory has changed from elsewhere. */
function again() {
  const before = new Map(all.map((it) => [it, JSON.stringify(it.record())]));
  memory.reload();
  for (const it of all) if (JSON.stringify(it.record()) !== before.get(it)) it.show();
  progress();
}

/** The memory is another one. */
function renew() {
  whole.ways.renew();
  progress();
}

function forgetAll() {
  if (!confirm("Forget all answers, and the days on which they return? Nothing brings them back. “Save as a file” keeps a copy.")) return;
  memory.forget();
  renew();
  note.textContent = "All answers are forgotten.";
}
