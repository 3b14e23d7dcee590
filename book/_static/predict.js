// Boxes in which the reader predicts: the list of answers becomes buttons, and an answer opens what one should see.
// An answer stays in this browser, under the page's name and the question's text.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const page = location.pathname.split("/").pop();
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } },
  };
  for (const box of document.querySelectorAll(".predict[data-right]")) {
    const list = box.querySelector("ol"), fold = box.querySelector("details.k-seen");
    const question = box.querySelector("p");
    if (!list || !fold || !question) continue;
    const key = `predict ${page} ${question.textContent.trim().slice(0, 80)}`;
    const right = new Set(box.dataset.right.split(" ").map(Number));
    const said = document.createElement("p");
    said.className = "k-said";
    said.setAttribute("role", "status");
    fold.before(said);
    const buttons = [...list.children].map((item) => {
      const button = document.createElement("button");
      button.type = "button";
      // The paragraph that Markdown may put into an item is no part of a button.
      const inner = item.querySelector(":scope > p") ?? item;
      button.append(...inner.childNodes);
      item.replaceChildren(button);
      return button;
    });
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Your prediction");
    for (const item of list.children) item.setAttribute("role", "presentation");
    const answer = (place, kept) => {
      buttons.forEach((button, i) => {
        button.setAttribute("aria-pressed", String(i === place));
        button.classList.toggle("right", right.has(i + 1));
      });
      const good = right.has(place + 1);
      box.dataset.answered = good ? "right" : "wrong";
      said.textContent = kept ? (good ? "You predicted it." : "You predicted otherwise.") : good ? "Yes, that is what happens." : "It turns out otherwise.";
      if (!kept) fold.open = true;
    };
    buttons.forEach((button, place) => button.addEventListener("click", () => {
      store.set(key, String(place));
      answer(place, false);
    }));
    const before = store.get(key);
    if (before !== null && Number(before) < buttons.length) answer(Number(before), true);
  }
});
