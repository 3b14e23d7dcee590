// Terms of the glossary: a box with the definition, by the mouse, by the Tab key, or by a tap; a second tap follows the link.
// Escape closes it. The box never lies on its own line, and keeps off the explorers where there is room.
"use strict";
addEventListener("DOMContentLoaded", () => {
  let term = null, box = null, timer = 0, tap = null;
  const gap = 6, edge = 12;

  const place = () => {
    const lines = [...term.getClientRects()];
    if (!lines.length) return hide();
    const { width, height } = box.getBoundingClientRect();
    const above = lines[0].top - gap - height, below = lines.at(-1).bottom + gap;
    const figures = [...document.querySelectorAll("figure.kx, .kx-board")].map((it) => it.getBoundingClientRect());
    const fits = (top) => top >= edge && top + height <= innerHeight - edge;
    const free = (top) => fits(top) && figures.every((it) => it.bottom < top || it.top > top + height);
    const top = [below, above].find(free) ?? [below, above].find(fits) ?? below;
    const line = top === above ? lines[0] : lines.at(-1);
    box.style.top = `${top}px`;
    box.style.left = `${Math.max(edge, Math.min(line.left, document.documentElement.clientWidth - width - edge))}px`;
  };
  const show = (next) => {
    clearTimeout(timer);
    if (next === term) return;
    hide();
    box = document.getElementById(next.getAttribute("aria-describedby"));
    if (!box) return;
    term = next;
    box.classList.add("k-open");
    place();
  };
  const hide = () => {
    clearTimeout(timer);
    box?.classList.remove("k-open");
    term = box = null;
  };
  const at = (event) => event.target.closest?.("a.k-term");
  const later = (what, ms) => { clearTimeout(timer); timer = setTimeout(what, ms); };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const found = at(event);
    if (found) later(() => show(found), 150);
    else if (box?.contains(event.target)) clearTimeout(timer); // one may point at the box
    else if (term && term !== document.activeElement) later(hide, 250);
    else clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => { const found = at(event); if (found?.matches(":focus-visible")) show(found); });
  document.addEventListener("focusout", (event) => { if (at(event) === term && term) hide(); });
  document.addEventListener("pointerdown", (event) => {
    const found = at(event);
    tap = found && event.pointerType !== "mouse" ? { found, open: found === term } : null;
    if (!found && !box?.contains(event.target)) hide();
  });
  document.addEventListener("click", (event) => {
    const first = tap && tap.found === at(event) && !tap.open;
    tap = null;
    if (!first) return;
    event.preventDefault();
    show(at(event));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && term) hide(); });
  for (const moved of ["scroll", "resize"]) addEventListener(moved, () => term && place(), { passive: true, capture: true });
});
