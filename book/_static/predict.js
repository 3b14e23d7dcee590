// Boxes in which the reader predicts, and in the museum finds a cause: the list of answers becomes buttons.
// Answers stay in this browser, under the page's name and the box's id or question: "2", and in the museum all in order, "0 2".
"use strict";
addEventListener("DOMContentLoaded", () => {
  const page = location.pathname.split("/").pop();
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* nor has anything to forget */ } },
  };
  const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });
  const diagnoses = [];
  for (const box of document.querySelectorAll(".predict[data-right]")) {
    const list = box.querySelector("ol"), fold = box.querySelector("details.k-seen");
    const question = box.querySelector("p");
    if (!list || !fold || !question) continue;
    const key = `predict ${page} ${box.id || question.textContent.trim().slice(0, 80)}`;
    const right = new Set(box.dataset.right.split(" ").map(Number));
    const said = make("p", "k-said");
    fold.before(said);
    const buttons = [...list.children].map((item) => {
      const button = make("button");
      button.type = "button";
      // The paragraph that Markdown may put into an item is no part of a button.
      const inner = item.querySelector(":scope > p") ?? item;
      button.append(...inner.childNodes);
      item.replaceChildren(button);
      return button;
    });
    const exhibit = box.classList.contains("diagnosis");
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", exhibit ? "Your diagnosis" : "Your prediction");
    for (const item of list.children) item.setAttribute("role", "presentation");
    const read = () => (store.get(key) ?? "").split(" ").filter(Boolean).map(Number).filter((place) => buttons[place]);
    const it = { box, fold, said, buttons, right, kept: read(), read, save: (places) => store.set(key, places.join(" ")), forget: () => store.drop(key) };
    if (exhibit) diagnoses.push(it);
    else predict(it);
  }
  if (diagnoses.length) play(diagnoses);

  // One answer, which opens what one should see.
  function predict({ box, fold, said, buttons, right, kept, save }) {
    said.setAttribute("role", "status");
    const answer = (place, before) => {
      buttons.forEach((button, i) => {
        button.setAttribute("aria-pressed", String(i === place));
        button.classList.toggle("right", right.has(i + 1));
      });
      const good = right.has(place + 1);
      box.dataset.answered = good ? "right" : "wrong";
      said.textContent = before ? (good ? "You predicted it." : "You predicted otherwise.") : good ? "Yes, that is what happens." : "It turns out otherwise.";
      if (!before) fold.open = true;
    };
    buttons.forEach((button, place) => button.addEventListener("click", () => {
      save([place]);
      answer(place, false);
    }));
    if (kept.length) answer(kept[0], true);
  }

  // Each answer costs a guess and says what it is worth, until the right one opens the repair; then the others are free.
  function play(exhibits) {
    const rooms = document.querySelectorAll(".k-plan > ol > li");
    const marks = [...rooms].map((room) => room.appendChild(make("span", "k-mark")));
    const score = make("p", "k-score"), again = make("button", "k-again", "Begin again");
    again.type = "button";
    document.querySelector(".k-plan > ol")?.before(score, again);
    const guesses = (n) => (n === 1 ? "1 guess" : `${n} guesses`);
    const solved = (it) => it.tried.some((place) => it.right.has(place + 1));
    const spent = (it) => (solved(it) ? it.tried.findIndex((place) => it.right.has(place + 1)) + 1 : it.tried.length);
    const sum = (values) => values.reduce((a, b) => a + b, 0);
    const count = () => {
      const done = exhibits.filter(solved), all = sum(exhibits.map(spent));
      const par = sum(done.map((it) => Number(it.box.dataset.par)));
      score.textContent = `${done.length} of ${exhibits.length} exhibits solved, ${guesses(all)} spent.` +
        (done.length ? ` Those solved took ${sum(done.map(spent))}, and their par is ${par}.` : "");
      again.hidden = !all;
      exhibits.forEach((it, i) => {
        const own = Number(it.box.dataset.par);
        it.said.textContent = `Exhibit ${i + 1} of ${exhibits.length}, ${guesses(all)} spent, ${spent(it)} of them here (par ${own}).`;
        if (marks[i]) marks[i].textContent = solved(it) ? `✓ ${guesses(spent(it))}` : spent(it) ? guesses(spent(it)) : "";
        rooms[i]?.classList.toggle("solved", solved(it));
      });
    };
    for (const it of exhibits) {
      const replies = [...it.fold.querySelectorAll("ol > li")];
      const whys = it.buttons.map((button) => {
        const why = make("div", "k-why");
        why.setAttribute("role", "status");
        button.after(why);
        return why;
      });
      it.tried = [];
      it.fold.remove();
      const answer = (place) => {
        if (it.tried.includes(place)) return;
        it.tried.push(place);
        it.buttons[place].setAttribute("aria-pressed", "true");
        it.buttons[place].classList.add(it.right.has(place + 1) ? "right" : "wrong");
        if (solved(it)) it.box.dataset.answered = "right";
        whys[place].append(...replies[place].childNodes);
      };
      it.buttons.forEach((button, place) => {
        button.setAttribute("aria-pressed", "false");
        button.addEventListener("click", () => {
          it.read().forEach(answer); // guessed in another tab meanwhile
          answer(place);
          it.save(it.tried);
          count();
          const closed = it.box.closest("section")?.querySelector("section > details.second");
          if (it.right.has(place + 1) && closed) closed.open = true;
        });
      });
      it.kept.forEach(answer);
    }
    again.addEventListener("click", () => {
      if (!confirm("Forget all guesses, and begin again?")) return;
      for (const it of exhibits) it.forget();
      location.reload();
    });
    count();
  }
});
