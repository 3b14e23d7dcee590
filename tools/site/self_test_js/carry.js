// Answers on their way to another browser: out as a file or a text, and in again.

import { MemoryError, day, merged, read } from "./memory.js";
import { element } from "./question.js";

/** The folded box with its buttons. `changed` is called when answers have been read. */
export function carry(memory, changed) {
  const text = element("textarea", { id: "qz-text", rows: 4, spellcheck: false, autocomplete: "off" });
  const said = element("p", { className: "qz-carry-said" });
  said.setAttribute("role", "status");
  const button = (textContent, onclick) => element("button", { type: "button", textContent, onclick });
  const file = element("input", { type: "file", id: "qz-file", accept: ".json,.txt,application/json,text/plain" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > 5e6) said.textContent = "Nothing was read, and your answers are as they were. The file is too large to be one of this page.";
    else take(await chosen.text());
    file.value = ""; // the same file may be chosen again
  });
  return element(
    "details",
    { className: "qz-carry" },
    element("summary", { textContent: "Take your answers to another browser" }),
    element("p", {}, button("Save as a file", save), button("Show as text", show)),
    element("p", {}, element("label", { htmlFor: "qz-file", textContent: "Read a file" }), file),
    element("p", { className: "qz-carry-text" }, element("label", { htmlFor: "qz-text", textContent: "Answers as text" }), text, button("Read this text", () => take(text.value))),
    said,
  );

  function save() {
    const address = URL.createObjectURL(new Blob([JSON.stringify(memory.state)], { type: "application/json" }));
    element("a", { href: address, download: `self-test-${day(new Date())}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    said.textContent = "Saved, with all your answers and the days on which they return.";
  }

  function show() {
    text.value = JSON.stringify(memory.state);
    text.focus();
    text.select();
    said.textContent = "Copy the text, and read it in the other browser.";
  }

  function take(written) {
    let theirs;
    try {
      theirs = read(written);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      said.textContent = `Nothing was read, and your answers are as they were. ${error.message}`;
      return;
    }
    const before = Object.keys(memory.state.questions).length;
    memory.update((state) => (state.questions = merged(state, theirs).questions));
    const [count, all] = [Object.keys(theirs.questions).length, Object.keys(memory.state.questions).length];
    changed();
    said.textContent = `Read the answers to ${count} question${count === 1 ? "" : "s"}, ${all - before} of them new here. Where both had one, the later answer is kept, and what was solved stays solved.`;
  }
}
