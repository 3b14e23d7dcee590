// Show one slide at a time, as large as the window: arrows, space, a swipe or the bar; o all slides, n notes, d dark.
const root = document.documentElement;
const frames = [...document.querySelectorAll(".frame")];
const [bar, said] = [document.querySelector("nav"), document.querySelector("#said")];
const place = bar.querySelector("output");
let now = 0;

// A slide has its own address: deck.html#7.
const asked = () => Math.min(Math.max((Number(location.hash.slice(1)) || 1) - 1, 0), frames.length - 1);

function fit() {
  const height = innerHeight * (root.classList.contains("noted") ? 0.68 : 1);
  const scale = Math.min(innerWidth / 1280, height / 720);
  const style = root.style;
  style.setProperty("--scale", scale);
  style.setProperty("--left", `${(innerWidth - 1280 * scale) / 2}px`);
  style.setProperty("--top", `${(height - 720 * scale) / 2}px`);
}

function show(to, silent = false) {
  now = Math.min(Math.max(to, 0), frames.length - 1);
  for (const [i, frame] of frames.entries()) frame.classList.toggle("now", i === now);
  place.textContent = `${now + 1} / ${frames.length}`;
  const title = frames[now].querySelector("h2").textContent;
  document.title = `${now + 1}. ${title} · ${document.body.dataset.deck}`;
  if (!silent) said.textContent = `Slide ${now + 1} of ${frames.length}: ${title}`;
  if (asked() !== now || !location.hash) history.replaceState(null, "", `#${now + 1}`);
  if (root.classList.contains("overview")) frames[now].scrollIntoView({ block: "nearest" });
}

function toggle(name, on = !root.classList.contains(name)) {
  root.classList.toggle(name, on);
  bar.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", on);
  // Among all slides each is one link, and what stands on it cannot be reached.
  for (const frame of frames) frame.querySelector(".slide").inert = root.classList.contains("overview");
  fit();
  show(now, true);
}

function darken(on = root.dataset.theme !== "dark") {
  root.dataset.theme = on ? "dark" : "light";
  bar.querySelector('[data-do="dark"]').setAttribute("aria-pressed", on);
}

const acts = {
  next: () => show(now + 1),
  back: () => show(now - 1),
  first: () => show(0),
  last: () => show(frames.length - 1),
  overview: () => toggle("overview"),
  noted: () => toggle("noted"),
  dark: () => darken(),
};
const keys = {
  ArrowRight: "next", ArrowDown: "next", PageDown: "next", " ": "next", ArrowLeft: "back", ArrowUp: "back", PageUp: "back",
  Home: "first", End: "last", o: "overview", n: "noted", d: "dark",
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") toggle("overview", false);
  else if (event.key === " " && event.target.closest?.("button, a")) return;
  else if (keys[event.key]) acts[keys[event.key]]();
  else return;
  event.preventDefault();
});
bar.addEventListener("click", (event) => acts[event.target.closest("button")?.dataset.do]?.());
document.querySelector("#deck").addEventListener("click", (event) => {
  const link = event.target.closest(".go");
  if (!link) return;
  now = frames.indexOf(link.parentElement);
  toggle("overview", false);
  event.preventDefault();
});
let from = null;
addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
addEventListener("touchend", (event) => {
  const end = event.changedTouches[0];
  const [x, y] = from ? [end.clientX - from.clientX, end.clientY - from.clientY] : [0, 0];
  if (Math.abs(x) > 50 && Math.abs(x) > 2 * Math.abs(y) && !root.classList.contains("overview")) acts[x < 0 ? "next" : "back"]();
}, { passive: true });
// The bar is seen while somebody moves or taps, and whenever it has the focus.
let rest = 0;
const wake = () => {
  root.classList.add("awake");
  clearTimeout(rest);
  rest = setTimeout(() => root.classList.remove("awake"), 2500);
};
addEventListener("pointermove", wake);
addEventListener("pointerdown", wake);
addEventListener("resize", fit);
addEventListener("hashchange", () => asked() !== now && show(asked()));
const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => darken(system.matches));
darken(system.matches);
root.classList.add("js");
fit();
show(asked(), true);

// Formulas that are wider than their place are made smaller until they fit, all of a slide alike.
window.MathJax?.startup?.promise.then(() => {
  for (const frame of frames) {
    const boxes = [...frame.querySelectorAll(".formula")];
    const parts = boxes.map((box) => box.clientWidth / (box.querySelector("mjx-math")?.offsetWidth || 1));
    const least = Math.min(1, ...parts);
    for (const box of boxes) box.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(box).fontSize) * least)}px`;
  }
});
