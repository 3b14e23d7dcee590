// What every explorer has in common: controls, state, values for screen readers, a link to the state, drawing when there is time.
//
// An explorer is one object (k_budget.js is a good first example):
//   hint                         one sentence: what to try; or hint(world) -> the sentence
//   prepare(data) -> world       once; throws when the data is damaged
//   controls(world) -> [...]     from range(), choice(), press(), act(), held(); their values are the state, {id: value}
//   options(state, world)        {id: [values that make sense now]}; the rest is disabled, and so is a button that is given one (optional)
//   height(width, state, world, view)  of the picture, in CSS pixels; the view measures words
//   *work(state, world)          computes, yielding between pieces of at most a few milliseconds, or WAIT while a worker does (optional)
//   *later(state, world)         what may come after the picture is complete, in the same way (optional)
//   paint(view, state, world)    draws what there is so far
//   say(state, world) -> text    the values, in words, or a card of lines [kind, text], where a kind is a class of explorer.css;
//                                while they are computed there stands busy(state, world), where it is given
//   pick(x, y, view, state, world)  a touch, click or drag at a pixel -> changes of the state (optional)
//   grip(x, y, view, state, world)  whether a finger there takes hold and drags; elsewhere it scrolls the page, and a tap picks (optional)
//   tap(x, y, view, state, world)   only a tap or click there -> changes of the state (optional)
//   keys(key, state, world)      a key that is pressed while the picture has the focus, "ArrowLeft" -> changes of the state, or null (optional)
//   keysLabel                    what those keys do, in a sentence
//   close(world)                 the figure is taken away: let go of what it holds (optional)
//   play                         {id, seconds}: the range that Play sweeps (optional)
//   autoplay(world) -> boolean   whether it plays once by itself, where motion is welcome and the address names no state (optional)
// Where it shows how good a sample is, it says so with multiple(), percent() and ruler(): between a perfect sample and doing nothing.

import { ROLES } from "./palette.js";
import { View } from "./view.js";

/** What `work` yields when there is nothing to do on the page until a worker has answered. */
export const WAIT = Symbol("wait");

const SLICE = 10; // milliseconds of work between two frames
const PAUSE = 50; // milliseconds from one picture of unfinished work to the next
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

/** A slider over min, min + step, ... max, or over given stops. show(value, state) is its text. */
export const range = (id, label, { min, max, step = 1, stops, value, show = String }) => {
  stops ??= Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => +(min + i * step).toFixed(9));
  return { kind: "range", id, label, stops, value, show };
};
/** A drop-down list of [value, text] pairs. */
export const choice = (id, label, options, value = options[0][0]) => ({ kind: "choice", id, label, options, stops: options.map((o) => o[0]), value });
/** A button that counts: the state is how often it was pressed, from 0 to 99. */
export const press = (id, label) => ({ kind: "press", id, label, stops: Array.from({ length: 100 }, (_, i) => i), value: 0 });
/** A button that changes the state: change(state) -> changes. It has no value of its own. */
export const act = (id, label, change) => ({ kind: "act", id, label, change });
/** A value that is changed by what is done to others, by act() or in the picture; it has no control of its own. */
export const held = (id, stops, value = stops[0]) => ({ kind: "held", id, stops, value });

/** A number as text; a dash for what is no number. */
export const num = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−") : "–");

/** A distance in units of what a perfect sample scores, to what the spread of perfect samples allows. `marks`: readMarks of payload.js. */
export const multiple = (times, { spread }) => (times <= spread[1] ? "about 1" : `about ${Math.max(2, Math.round(times))}`);
/** A share as whole per cents. */
export const percent = (share) => `${num(100 * share, 0)} %`;

export const RULER = 72; // pixels that a ruler is high
const ENDS = [0.4, 14]; // of a ruler, in units of what a perfect sample scores

/**
 * A ruler from a perfect sample to doing nothing, at (x, y), w pixels wide: where this sample stands ({times, off}, what `judge` of
 * the marks returns; null while it is not known), and how many of its points are off the data.
 */
export function ruler(view, { x, y, w }, marks, judged, { color = ROLES.noisy, marker = "o", what = "distance to the moons" } = {}) {
  const log = Math.log10;
  const scale = view.panel({ x, y: y + 20, w, h: 16 }, ENDS.map(log), [0, 1]);
  scale.band(...marks.spread.map(log), 0, 1, { color: ROLES.floor, alpha: 0.3 });
  scale.line(ENDS.map(log), [0.5, 0.5], { width: 1, alpha: 0.6 });
  const { gaussian, nothing, floor } = marks;
  for (const at of [1, gaussian.times, nothing.times]) scale.line([log(at), log(at)], [0, 1], { width: 1.5 });
  const label = (at, text, align, shift = 0) => view.text(scale.px(log(at)) + shift, y + 49, text, { size: 11, align });
  // Of two wordings the one that has room.
  const fitting = (long, short, room, size = 11.5) => (view.measure(long, size) <= room ? long : short);
  label(1, "perfect", "center");
  label(gaussian.times, fitting("best Gaussian", "Gaussian", scale.px(log(gaussian.times)) - scale.px(0) - 28, 11), "right", 4);
  label(nothing.times, "noise", "left", 2);
  const distance = `${what}: ${judged ? multiple(judged.times, marks) : "…"} ×`;
  view.text(x, y + 12, fitting(`${distance} a perfect sample's`, `${distance} perfect`, w), { size: 11.5 });
  const share = `points off the moons: ${judged ? percent(judged.off) : "…"}`;
  const perfect = `perfect: ${percent(floor.off)}`;
  view.text(x, y + 66, fitting(`${share} (${perfect}, noise: ${percent(nothing.off)})`, `${share} (${perfect})`, w), { size: 11.5 });
  if (judged) scale.points([Math.min(Math.max(log(judged.times), log(ENDS[0])), log(ENDS[1])), 0.5], { color, marker, size: 6, alpha: 1 });
}

/** A new element of the page. */
export const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

/** What the address says of this figure, or null where it names another or none. */
export function fragment(figure) {
  const [id, query] = location.hash.slice(1).split("?");
  return id === figure.id ? new URLSearchParams(query) : null;
}

/** Bring one figure to life. Returns a function that ends it, which is for hosts that take figures away. */
export function mount(figure, spec) {
  const name = figure.dataset.explorer;
  const poster = figure.querySelector(".kx-poster");
  let world, controls;
  try {
    world = spec.prepare(JSON.parse(figure.querySelector(".kx-data").textContent));
    controls = spec.controls(world);
  } catch (error) {
    problem(figure, error);
    return () => {};
  }
  const valued = controls.filter((c) => c.kind !== "act");
  const byId = new Map(valued.map((c) => [c.id, c]));
  const initial = Object.fromEntries(valued.map((c) => [c.id, c.value]));
  let state = { ...initial, ...fromFragment() };

  // --- the page's part of it ---------------------------------------------------------------------------------------
  const canvas = element("canvas", { className: "kx-canvas", hidden: true }); // until there is something on it, the poster stays
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `At the start: ${poster.alt}`);
  const values = element("p", { className: "kx-values", id: `${figure.id}-values` });
  canvas.setAttribute("aria-describedby", values.id);
  values.setAttribute("aria-live", "polite");
  const rows = new Map();
  const inputs = new Map();
  const board = element("div", { className: "kx-board" });
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", "Controls");
  for (const control of controls) addControl(control);
  for (const row of rows.values()) row.dataset.count = row.childElementCount;
  const buttons = element("div", { className: "kx-row kx-buttons" });
  for (const c of controls) {
    if (c.kind === "press") buttons.append(button(c.label, () => set({ [c.id]: (state[c.id] + 1) % 100 }), c.id));
    if (c.kind === "act") buttons.append(button(c.label, () => set(c.change(state)), c.id));
  }
  const playing = spec.play && button("Play", togglePlay);
  if (playing) buttons.append(playing);
  const link = element("a", { className: "kx-link", textContent: "Link to this state" });
  buttons.append(button("Reset", reset), link);
  board.append(buttons);
  const hint = element("p", { className: "kx-hint" }, element("strong", { textContent: "Try this. " }), typeof spec.hint === "function" ? spec.hint(world) : spec.hint);
  const live = element("div", { className: "kx-body" }, canvas, values, board, hint);
  poster.after(live);
  live.prepend(poster);
  figure.classList.add("kx-live");

  function button(text, act, id = text.toLowerCase()) {
    const node = element("button", { type: "button", textContent: text, onclick: act });
    node.dataset.id = id;
    return node;
  }

  function addControl(control) {
    if (!["range", "choice"].includes(control.kind)) return;
    const id = `${figure.id}-${control.id}`;
    const label = element("label", { htmlFor: id, textContent: control.label });
    let input, output;
    if (control.kind === "range") {
      input = element("input", { type: "range", id, min: 0, max: control.stops.length - 1, step: 1 });
      output = element("output", { htmlFor: id });
      // Whoever takes the slider that plays means to stop it; the others may be moved meanwhile.
      input.addEventListener("input", () => set({ [control.id]: control.stops[input.value] }, control.id !== spec.play?.id));
    } else {
      input = element("select", { id }, ...control.options.map(([value, text]) => element("option", { value, textContent: text })));
      input.addEventListener("change", () => set({ [control.id]: control.stops[input.selectedIndex] }));
    }
    input.dataset.id = control.id;
    inputs.set(control.id, { input, output });
    if (!rows.has(control.kind)) {
      rows.set(control.kind, element("div", { className: `kx-row kx-${control.kind}s` }));
      board.append(rows.get(control.kind));
    }
    rows.get(control.kind).append(element("div", { className: "kx-control" }, label, input, ...(output ? [output] : [])));
  }

  function refreshControls() {
    const allowed = spec.options?.(state, world) ?? {};
    for (const [id, good] of Object.entries(allowed)) if (!good.includes(state[id])) state = { ...state, [id]: good[0] };
    for (const [id, { input, output }] of inputs) {
      const control = byId.get(id);
      const index = control.stops.indexOf(state[id]);
      if (control.kind === "range") {
        input.value = index;
        output.textContent = control.show(state[id], state);
        input.setAttribute("aria-valuetext", output.textContent);
        input.disabled = allowed[id] !== undefined && allowed[id].length < 2;
      } else {
        input.selectedIndex = index;
        [...input.options].forEach((option, i) => (option.disabled = allowed[id] !== undefined && !allowed[id].includes(control.stops[i])));
      }
    }
    for (const node of buttons.querySelectorAll("button")) node.disabled = allowed[node === playing ? spec.play.id : node.dataset.id]?.length === 1;
    const changed = valued.filter((c) => state[c.id] !== c.value).map((c) => `${c.id}=${encodeURIComponent(state[c.id])}`);
    link.href = `#${figure.id}${changed.length ? `?${changed.join("&")}` : ""}`;
  }

  /** The state that the address names, as far as it names this figure and values that exist. */
  function fromFragment() {
    const named = {};
    for (const [key, text] of fragment(figure) ?? []) {
      const value = byId.get(key)?.stops.find((stop) => String(stop) === text);
      if (value !== undefined) named[key] = value;
    }
    return named;
  }

  // --- changes, and the work they cause ------------------------------------------------------------------------------
  const view = new View(canvas);
  let job = null;
  let frame = 0;
  let started = false;
  let later = null;
  let measured = true;
  let drawn = 0; // when the last picture was
  let busy = 0; // milliseconds of work since the last change
  let played = null;

  function set(change, keepPlaying = false) {
    if (!keepPlaying) stop();
    state = { ...state, ...change };
    refreshControls();
    restart();
  }

  function reset() {
    stop();
    spec.reset?.(world);
    state = { ...initial };
    refreshControls();
    restart();
  }

  /** Begin the work anew. What ran before is dropped where it stands. */
  function restart() {
    if (!started) return;
    delete figure.dataset.idle;
    measured = false;
    busy = 0;
    job = spec.work?.(state, world) ?? null;
    later = spec.later?.(state, world) ?? null;
    if (!frame) frame = requestAnimationFrame(tick);
  }

  function tick(now) {
    frame = 0;
    const begin = performance.now();
    try {
      if (played) advance(now);
      const asked = job !== null;
      let done = !job;
      for (let waits = false; !done && !waits && performance.now() - begin < SLICE; ) {
        const step = job.next();
        [done, waits] = [step.done, step.value === WAIT];
      }
      if (done) job = null;
      let over = !later;
      while (done && !asked && !over && performance.now() - begin < SLICE) over = later.next().done;
      if (over) later = null;
      // With reduced motion only the end of a computation is shown; else some of its frames, for drawing costs time as well.
      if (done || (!quiet.matches && now - drawn > PAUSE)) {
        draw();
        drawn = now;
      }
      told(done ? spec.say(state, world) : (spec.busy?.(state, world) ?? "Computing …"), done);
    } catch (error) {
      return problem(figure, error);
    }
    busy += performance.now() - begin;
    // What the first picture cost, and then each change: from the move of the slider to the complete picture.
    if (started === "first") performance.measure(`kx:first:${name}`, { start: begin, duration: busy });
    else if (!job && !measured) performance.measure(`kx:move:${name}`, { start: begin, duration: busy });
    measured ||= !job;
    started = true;
    if (job || later || played) return void (frame = requestAnimationFrame(tick));
    figure.dataset.idle = "";
  }

  /** The values in words, never those of a state before. Unfinished, they keep the room of the last ones. */
  function told(text, done) {
    values.style.minHeight = done ? "" : `${values.offsetHeight}px`;
    const lines = Array.isArray(text) ? text.map(([kind, line]) => element("span", { className: `kx-line ${kind}`, textContent: `${line} ` })) : [text];
    const words = lines.map((line) => line.textContent ?? line).join("");
    if (values.textContent !== words) values.replaceChildren(...lines);
  }

  function draw() {
    [poster.hidden, canvas.hidden] = [true, false];
    const style = getComputedStyle(figure);
    view.ink = figure.dataset.ink ?? style.color;
    view.faint = figure.dataset.ink ? 0.3 : dark(style.color) ? 0.25 : 0.6;
    view.font = style.fontFamily;
    const width = canvas.clientWidth || 320;
    view.clear(width, Math.round(spec.height(width, state, world, view)));
    spec.paint(view, state, world);
  }

  // --- play -----------------------------------------------------------------------------------------------------------
  function togglePlay() {
    if (played) return stop();
    const { stops } = byId.get(spec.play.id);
    const from = stops.indexOf(state[spec.play.id]);
    played = { since: performance.now(), from: from === stops.length - 1 ? 0 : from };
    playing.textContent = "Pause";
    values.setAttribute("aria-live", "off"); // what passes by is not read out
    restart();
  }

  function stop() {
    if (!played) return;
    played = null;
    playing.textContent = "Play";
    values.setAttribute("aria-live", "polite");
    values.textContent = "";
  }

  /** Move the slider on, by the clock; with reduced motion in eight steps. */
  function advance(now) {
    const { id, seconds } = spec.play;
    const { stops } = byId.get(id);
    const last = stops.length - 1;
    const stride = quiet.matches ? last / 8 : 1;
    const moved = Math.max(0, ((now - played.since) / 1000 / seconds) * last);
    const index = Math.min(last, played.from + Math.floor(moved / stride) * stride);
    const value = stops[Math.round(index)];
    if (value !== state[id]) {
      state = { ...state, [id]: value };
      refreshControls();
      job = spec.work?.(state, world) ?? null;
    }
    if (index === last) stop();
  }

  // --- beginning, and the end --------------------------------------------------------------------------------------------------------
  const redraw = () => started && !frame && (frame = requestAnimationFrame(tick));
  refreshControls();
  const point = (act) => (event) => {
    const change = act(event.offsetX, event.offsetY, view, state, world) ?? {};
    if (Object.entries(change).some(([id, value]) => state[id] !== value)) set(change);
  };
  if (spec.tap) canvas.addEventListener("click", point(spec.tap));
  if (spec.pick) {
    let held = false;
    const pick = point(spec.pick);
    const loose = ({ offsetX, offsetY, pointerType }) => spec.grip && pointerType === "touch" && !spec.grip(offsetX, offsetY, view, state, world);
    canvas.style.touchAction = "pan-y"; // a finger that moves sideways picks, one that moves up or down scrolls
    canvas.addEventListener("pointerdown", (event) => {
      if (loose(event)) return;
      held = true;
      canvas.setPointerCapture(event.pointerId);
      pick(event);
    });
    canvas.addEventListener("pointermove", (event) => held && pick(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = false));
    if (spec.grip) {
      canvas.addEventListener("click", (event) => loose(event) && pick(event));
      canvas.addEventListener("touchmove", (event) => held && event.preventDefault(), { passive: false });
    }
  }
  if (spec.keys) {
    canvas.tabIndex = 0;
    canvas.setAttribute("aria-label", `${canvas.getAttribute("aria-label")} ${spec.keysLabel}`);
    canvas.addEventListener("keydown", (event) => {
      const change = event.ctrlKey || event.metaKey || event.altKey ? null : spec.keys(event.key, state, world);
      if (!change) return;
      event.preventDefault(); // arrows would scroll
      set(change);
    });
  }
  const life = new AbortController();
  const whileItLives = { signal: life.signal };
  const follow = () => fragment(figure) && set({ ...initial, ...fromFragment() });
  addEventListener("hashchange", follow, whileItLives);
  if (location.hash.startsWith(`#${figure.id}?`)) figure.scrollIntoView();
  const sizes = new ResizeObserver(redraw);
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      started = "first";
      restart();
      if (spec.autoplay?.(world) && !quiet.matches && !fragment(figure)) togglePlay();
      sizes.observe(live);
    },
    { rootMargin: "200px" },
  );
  watcher.observe(figure);
  // Book, JupyterLab and the system each say in their own way that the colours have changed.
  const themes = new MutationObserver(redraw);
  for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, whileItLives);
  return function end() {
    life.abort();
    for (const observer of [sizes, watcher, themes]) observer.disconnect();
    cancelAnimationFrame(frame);
    started = false;
    spec.close?.(world);
  };
}

/** Whether a computed colour, "rgb(r, g, b)", is a dark one. */
const dark = (color) => (color.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 384;

/** Show the poster again, and say in one sentence what is wrong. */
export function problem(figure, error) {
  console.warn(`explorer ${figure.id}: ${error.message}`);
  figure.classList.remove("kx-live");
  const poster = figure.querySelector(".kx-poster");
  poster.hidden = false;
  figure.prepend(poster);
  figure.querySelector(".kx-body")?.remove();
  const text = "The sliders of this figure cannot run because its data is missing or damaged, so you see its first picture; reload the page, or run its cell again.";
  figure.append(element("p", { className: "kx-problem", textContent: text }));
  figure.querySelector(".kx-problem").setAttribute("role", "status");
}
