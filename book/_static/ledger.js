// The claims ledger: a filter by chapter and by words over its folded rows. Without this script the folds are all there is.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const folds = [...document.querySelectorAll("details.k-ledger")];
  if (!folds.length) return;
  // Formulas may be set already, or not yet: β and \beta are both "beta".
  const greek = Object.entries({ α: "alpha", β: "beta", γ: "gamma", ε: "epsilon", ϵ: "epsilon", η: "eta", κ: "kappa", λ: "lambda", μ: "mu", ρ: "rho", σ: "sigma" });
  const named = (text) => greek.reduce((said, [letter, name]) => said.replaceAll(letter, name), text);
  // "frechet" finds Fréchet.
  const plain = (text) => named(text.toLowerCase()).normalize("NFD").replace(/\p{M}/gu, "").replace(/[\\{}()$*]/g, "").replace(/\s+/g, " ");
  const chapter = (fold) => fold.querySelector("summary").textContent.replace(/ \(\d+ \w+\)$/, "");
  const rows = folds.flatMap((fold) =>
    [...fold.querySelectorAll("tbody tr, li")].map((row) => ({ row, fold, number: row.matches("tr"), text: plain(row.textContent) })));
  const all = (number) => rows.filter((it) => it.number === number).length;
  const [numbers, sentences] = [all(true), all(false)];

  const form = document.createElement("form");
  form.className = "k-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Numbers of the book");
  form.innerHTML = `<span><label for="k-chapter">Chapter</label> <select id="k-chapter"><option value="">all</option></select></span>
    <span><label for="k-words">Words</label> <input id="k-words" type="search" autocomplete="off" placeholder="guidance recall"></span>
    <p role="status"></p>`;
  const [select, input, said] = ["select", "input", "p"].map((name) => form.querySelector(name));
  for (const name of new Set(folds.map(chapter))) select.add(new Option(name, name));

  const filter = () => {
    const words = plain(input.value).split(" ").filter(Boolean);
    const asked = words.length > 0 || select.value !== "";
    const left = { true: 0, false: 0 };
    const kept = new Set();
    for (const { row, fold, number, text } of rows) {
      const shown = (!select.value || chapter(fold) === select.value) && words.every((word) => text.includes(word));
      row.hidden = !shown;
      if (shown) { left[number] += 1; kept.add(fold); }
    }
    for (const fold of folds) { fold.hidden = !kept.has(fold); fold.open = asked && kept.has(fold); }
    said.textContent = `${left[true]} of ${numbers} numbers, ${left[false]} of ${sentences} cited sentences`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  folds[0].parentElement.before(form);
  filter();
});
