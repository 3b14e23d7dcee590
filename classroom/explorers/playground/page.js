// The page of the playground: its elements, and what they do. What is computed is in lab.js, what is drawn in panels.js and charts.js.

import { ROLES } from "../palette.js";
import { View } from "../view.js";
import { element, percent } from "../stage.js";
import { decode, encode } from "./address.js";
import { board } from "./board.js";
import { challenges } from "./challenge_list.js";
import { paintDistance, paintLoss } from "./charts.js";
import { control, oneOf } from "./controls.js";
import { core } from "./engine.js";
import { past } from "./past.js";
import { POINTS, laboratory } from "./lab.js";
import { R, paintData, paintSamples } from "./panels.js";
import { pictured } from "./pictures.js";
import { callsOf } from "./recipe.js";
import { keyOf } from "./score_key.js";
import { settings } from "./settings.js";
import { shareBox } from "./share_box.js";
import { withChoice } from "./choose.js";
import { CHOICES, DEFAULTS, clean, cloudOf } from "./state.js";
import { thumbnail } from "./thumbnail.js";
import { timeline } from "./timeline.js";
import * as words from "./words.js";

const CHART = 200; // pixels that a chart is high
const PHONE = 600; // pixels up to which the settings move with the screen, as playground.css has it
const SPOKEN = 5000; // milliseconds between two sentences for those who listen
const quiet = matchMedia("(prefers-reduced-motion: reduce)");
const sampled = new Set(["rule", "calls", "eta", "label", "scale"]); // keys that change samples and not the net

/** Fill the place of the playground, an element of the page. */
export function build(place) {
  const first = performance.now();
  const named = decode(location.hash);
  const begun = clean(named.state ?? {});
  const lab = laboratory(safe(begun), paint, heard);
  const { world, net, work } = lab;
  world.state = begun;
  const ui = { tool: null, label: 0, focused: false, spoken: 0, greets: false, notice: null };
  const undone = past();

  // --- small parts --------------------------------------------------------------------------------------------------------
  const button = (text, act, more = {}) => element("button", { type: "button", textContent: text, onclick: act, ...more });
  const views = {};
  const painted = {}; // what each picture was drawn from
  function square(name, title, text) {
    const canvas = element("canvas", { className: "pg-canvas" });
    views[name] = new View(canvas);
    const caption = element("p", { className: "pg-caption" });
    const node = element("section", { className: `pg-panel pg-${name}` }, element("p", { className: "pg-title" }, element("strong", { textContent: title }), element("span", { textContent: ` ${text}` })), canvas, caption);
    node.setAttribute("aria-label", title);
    return { node, canvas, caption };
  }
  const [data, exact, trained] = [square("data", "Data", "draw here"), square("exact", "Exact", "no training needed"), square("net", "Net", "learns")];
  const [loss, distance] = [square("loss", "Loss", ""), square("distance", "Distance", "")];
  for (const { node, canvas } of [loss, distance]) {
    node.querySelector(".pg-title").remove(); // the charts have titles of their own
    canvas.classList.add("pg-chart");
  }
  for (const { canvas } of [exact, trained, loss, distance]) canvas.setAttribute("role", "img"); // describe() names them
  const spoken = element("p", { className: "kx-said" });
  spoken.setAttribute("aria-live", "polite");
  const trouble = element("p", { className: "kx-problem pg-trouble", hidden: true });
  trouble.setAttribute("role", "status");
  const say = (text) => (spoken.textContent = text);

  // --- training -------------------------------------------------------------------------------------------------------------
  const train = button("Train", () => (net.wanted ? net.pause() : begin()), { className: "pg-train" });
  const once = button("Step", () => (lab.renew(), net.stepOnce()));
  const again = button("Reset", () => (anew(), refresh()));
  const progress = element("p", { className: "pg-progress" });
  const bring = button("Bring it back", () => undo(wasThere), { hidden: true });
  const bar = element("div", { className: "pg-bar kx-buttons" }, train, once, again, progress, bring);
  const anew = () => (net.forget(), lab.reset());
  function begin() {
    lab.renew();
    if (net.step >= net.steps) anew();
    net.start();
    refresh();
  }

  // --- data -----------------------------------------------------------------------------------------------------------------
  const kinds = oneOf("Data", CHOICES.kind.options.map(({ value, label }) => ({ value, label: [thumbnail(value), element("span", { textContent: label.replace("kerb", "ker\u00adb") })] })), (kind) => choose("kind", kind));
  kinds.node.classList.add("pg-kinds");
  const word = element("input", { type: "text", maxLength: 12, id: "pg-word", value: world.state.text });
  word.addEventListener("input", () => choose("text", word.value));
  word.addEventListener("change", () => (word.value = world.state.text)); // that of the data
  const wording = element("div", { className: "kx-control pg-word" }, element("label", { htmlFor: "pg-word", textContent: "Word" }), word);
  const file = element("input", { type: "file", accept: "image/*", hidden: true, onchange: () => (take(file.files[0]), (file.value = "")) });
  const tools = oneOf("Tool", [{ value: "draw", label: "Draw" }, { value: "erase", label: "Erase" }], (tool) => ((ui.tool = tool), refresh()));
  const classes = oneOf("Class", [0, 1].map((value) => ({ value, label: [element("span", { className: `pg-dot pg-dot-${value}` }), "AB"[value]] })), (label) => ((ui.label = label), (ui.tool = "draw"), refresh()));
  const bandwidth = control("bandwidth", choose);
  const clear = () => (remember(), drawn({ x: new Float64Array(0), y: new Int32Array(0), bandwidth: world.cloud.bandwidth }), ended());
  const toolbar = element("div", { className: "pg-tools kx-buttons" }, tools.node, classes.node, button("Undo", () => undo()), button("Clear", clear), button("Picture …", () => file.click()), file, wording, bandwidth.node);

  data.canvas.tabIndex = 0;
  data.canvas.setAttribute("role", "application");
  data.canvas.setAttribute("aria-label", "Drawing board. Arrow keys move the cursor, Space sets a point of the chosen class, Delete erases points near it, Control and Z undoes.");
  const random = core.generator(1);
  const pen = board(data.canvas, R, {
    cloud: () => world.cloud,
    tool: () => ui.tool,
    label: () => ui.label,
    begun: () => (remember(), (ui.tool ??= "draw")),
    changed: drawn,
    ended,
    undo: () => undo(),
    moved: () => work.redraw(),
    say,
    tell,
  }, random);
  for (const kind of ["focus", "blur"]) data.canvas.addEventListener(kind, () => ((ui.focused = data.canvas.matches(":focus-visible")), work.redraw()));
  data.canvas.addEventListener("keydown", () => (ui.focused = true));

  function drawn(cloud) {
    world.cloud = { ...cloud, bandwidth: world.state.bandwidth };
    world.state = { ...world.state, kind: "drawn", cloud: { x: cloud.x, y: cloud.y } };
    lab.dataChanged(false);
  }
  function ended() {
    world.state = safe(world.state);
    lab.dataChanged();
    refresh();
  }
  async function take(picked) {
    try {
      const cloud = await pictured(picked);
      remember();
      world.state = { ...world.state, bandwidth: cloud.bandwidth };
      drawn(cloud);
      ended();
      say(`The picture has become ${cloud.y.length} points.`);
    } catch (error) {
      world.failure = error.message;
      refresh();
    }
  }
  // A file that is dropped beside the playground would take the place of the page.
  for (const kind of ["dragover", "drop"])
    addEventListener(kind, (event) => {
      const [here, { dataTransfer: it }] = [place.contains(event.target), event];
      if (!it || (!here && !it.types.includes("Files"))) return; // a text that is dragged into a field of the page
      event.preventDefault();
      if (kind === "dragover") it.dropEffect = here ? "copy" : "none";
      else if (here) take(it.files[0]);
      else tell("Drop the picture on the playground itself, on its panels or its controls.");
    });

  // --- what can be taken back ---------------------------------------------------------------------------------------------------

  /** Before a change; by: the control that is moved, or null. */
  function remember(by = null) {
    ui.greets = false;
    ui.notice = null;
    time.stop();
    const pending = work.busy("net"); // the engine's net is still the one before
    undone.keep({ state: world.state, cloud: world.cloud, net: pending ? null : net.key() }, by, !pending && net.step > 0);
  }
  /** How things were before the last change, or before the last one that `fits`; with them the net comes back that was trained on them. */
  function undo(fits) {
    const before = undone.back(fits);
    if (!before) return tell("Nothing is left to undo.");
    restore(before);
    say("Undone.");
  }
  function restore({ state, cloud }) {
    const { t, show } = world.state;
    const other = [...sampled].some((key) => state[key] !== world.state[key]);
    ui.notice = null;
    world.state = { ...state, t, show };
    world.cloud = cloud;
    word.value = state.text;
    lab.dataChanged(!other);
    if (other) lab.samplesChanged();
    refresh();
  }
  /** Whether that was when the net was there that has been left. */
  const wasThere = (before) => net.step === 0 && net.kept()?.step > 0 && before.net === net.kept().key;
  /** Show a sentence until the next change. */
  function tell(text) {
    ui.notice = text;
    work.redraw();
  }

  // --- the walk from noise to data --------------------------------------------------------------------------------------------
  const time = timeline(lab);
  const show = oneOf("The net's panel shows", [{ value: "samples", label: "Samples" }, { value: "field", label: "Field" }, { value: "error", label: "Error" }], (value) => choose("show", value));

  // --- settings -----------------------------------------------------------------------------------------------------------------
  const set = settings(choose);
  /** On a phone the settings lie over the lower half of the screen: one group at a time, below the pictures that it changes. */
  function opened(group) {
    if (!group.open || place.clientWidth > PHONE) return;
    for (const other of set.groups) other.open &&= other === group;
    panels.scrollIntoView({ block: "start", behavior: "instant" });
  }
  const share = shareBox(lab, () => ({ paints, words: { title: title(), settings: setup(), trouble: trouble.textContent, ...captions() }, like: views.data, paper: paper() }), say);
  const goals = challenges(lab, setUp);

  /** The reader has moved a control. */
  function choose(key, value) {
    const before = world.state;
    if (key === "show") {
      ui.greets = false;
      time.stop();
      world.state = { ...before, [key]: value };
      if (value !== "samples" && before.t > 0.95) time.moveTo(0.5);
      if (value === "samples" && before.t === 0.5) time.moveTo(1);
      lab.timeChanged();
      return refresh();
    }
    const next = { ...withChoice(before, key, value), cloud: before.cloud };
    const wrong = key === "text" && wrongIn(next);
    if (wrong) {
      world.failure = `${wrong} The data is still ${before.text}.`;
      return refresh();
    }
    remember(key);
    world.state = next;
    if (key === "kind") ui.tool = value === "drawn" ? "draw" : null; // a finger that passes by shall not draw on a shape
    if (key === "kind" || key === "text") return reread();
    world.cloud = { ...world.cloud, bandwidth: next.bandwidth };
    if (key === "bandwidth") lab.dataChanged();
    else if (sampled.has(key)) lab.samplesChanged();
    else lab.allChanged();
    refresh();
  }

  /** The data of the state: another shape or word. Where its word cannot be drawn, the default's stands in, and `note` goes on to say so. */
  function reread(note = null) {
    const wrong = wrongIn(world.state);
    if (wrong) {
      world.state = safe(world.state);
      word.value = world.state.text;
    }
    world.cloud = cloudOf(world.state);
    lab.dataChanged();
    if (wrong || note) world.failure = [note, wrong && `${wrong} ${DEFAULTS.text} stands in for it.`].filter(Boolean).join(" ");
    refresh();
  }

  /** A whole new state: of an address, or where a challenge begins. */
  function load(state, note) {
    remember();
    time.halt();
    if (net.wanted) net.pause();
    world.state = clean(state);
    reread(note);
    word.value = world.state.text;
    ui.tool = world.state.kind === "drawn" && !world.cloud.y.length ? "draw" : null;
    refresh();
    time.moveTo(world.state.t);
  }
  function setUp(one) {
    load(one.start());
    place.scrollIntoView({ block: "start", behavior: quiet.matches ? "instant" : "smooth" });
  }

  // --- what is seen ---------------------------------------------------------------------------------------------------------------
  const paints = {
    data: (view, box) => paintData(view, box, { ...world, cursor: ui.focused && view === views.data ? pen.cursor() : null }),
    exact: (view, box) => paintSamples(view, box, { walk: world.exact.walk, place: world.place, t: world.state.t, heat: world.heat, color: ROLES.oracle, field: world.state.show === "samples" ? null : world.exact.field }),
    net: (view, box) => paintSamples(view, box, {
      walk: world.net.walk, place: world.place, t: world.state.t, heat: world.heat, color: ROLES.learned,
      field: world.state.show === "field" ? world.net.field : null, map: world.state.show === "error" ? world.net.map : null,
    }),
    loss: (view, box) => paintLoss(view, box, { losses: net.losses, floor: world.floor, asked: world.asked, steps: net.steps || world.state.steps, missing: lab.missing() }),
    distance: (view, box) => paintDistance(view, box, { history: world.net.history, exact: world.exact.judged, marks: world.marks, steps: net.steps || world.state.steps, missing: lab.missing() }),
  }; // prettier-ignore

  const paper = () => {
    for (let node = place; node; node = node.parentElement) {
      const { backgroundColor } = getComputedStyle(node);
      if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
    }
    return "#ffffff";
  };
  /** Ink, paper and font of the page; asking costs a layout, so they are kept until the theme changes. */
  function looks() {
    const { color, fontFamily } = getComputedStyle(place);
    const dark = (color.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 384;
    return { ink: color, paper: paper(), faint: dark ? 0.6 : 0.25, font: fontFamily };
  }
  const captions = () => words.captions(lab, lab.missing());
  const calls = () => `${callsOf(world.state)} ${callsOf(world.state) === 1 ? "call" : "calls"}`;
  const textOf = (key) => CHOICES[key].options.find(({ value }) => value === world.state[key]).label;
  /** What the picture shows, and with which settings. */
  function title() {
    const { kind, text, process, path, betas, target } = world.state;
    const data = kind === "letters" ? `The word ${text}` : kind === "drawn" ? "A drawing" : textOf("kind");
    return `${data}: ${process === "ddpm" ? `DDPM, ${betas} betas` : `flow matching, ${path} path`}, target ${target}`;
  }
  function setup() {
    const { bandwidth, label, scale, width, depth, tScale, lr, batch, mistake, t } = world.state;
    const asked = label === null ? "" : `, class ${textOf("label")}${scale === 1 ? "" : `, w = ${scale}`}`;
    const made = mistake === null ? "" : `; mistake: ${textOf("mistake")}`;
    const when = t === 1 ? "" : `; seen at ${percent(t)} of the way from noise to data`;
    return `${textOf("rule")}, ${calls()}${asked}; bandwidth ${bandwidth}; net ${width} × ${depth}, t_scale ${tScale}, learning rate ${lr}, batch ${batch}${made}${when}`;
  }

  /** Once a frame, after work or a change. */
  function paint() {
    const look = (ui.look ??= looks());
    const { state, cloud, heat, exact: right, net: own } = world;
    const inputs = { // of each picture: it is drawn again where one of them is another
      data: [cloud, heat, ui.focused && String(pen.cursor())],
      exact: [right.walk, right.walk?.known, right.field, heat, state.t, state.show],
      net: [own.walk, own.field, own.map, heat, state.t, state.show],
      loss: [net.losses, net.losses.length, world.floor, world.asked, net.steps, lab.missing()],
      distance: [own.history, own.history.at(-1), right.judged, world.marks, net.steps, lab.missing()],
    }; // prettier-ignore
    for (const [name, view] of Object.entries(views)) {
      Object.assign(view, look);
      const width = view.canvas.clientWidth;
      if (!width) continue;
      const height = view.canvas.classList.contains("pg-chart") ? CHART : width;
      const now = [look, width, devicePixelRatio, world.place, world.refused, ...inputs[name]];
      if (now.every((value, i) => value === painted[name]?.[i])) continue;
      painted[name] = now;
      view.clear(width, height);
      paints[name](view, { x: 0, y: 0, w: width, h: height });
    }
    const texts = captions();
    for (const [name, part] of Object.entries({ data, exact, net: trained })) if (part.caption.textContent !== texts[name]) part.caption.textContent = texts[name];
    describe(texts);
    const sentence = world.refused ?? world.failure ?? net.problem ?? ui.notice ?? (world.cloud.y.length ? world.note : null) ?? "";
    if (trouble.textContent !== sentence) [trouble.textContent, trouble.hidden] = [sentence, !sentence];
    trouble.classList.toggle("pg-note", !world.refused && !world.failure && !net.problem);
    place.toggleAttribute("data-idle", !work.busy() && !net.running && !time.playing());
    if (ui.greets && world.exact.walk?.known === POINTS) {
      ui.greets = false;
      time.sample(); // once, as soon as there is something that moves
    }
    goals.check();
    share.refresh();
  }

  /** The pictures in words. */
  function describe(texts) {
    for (const [name, text] of Object.entries(words.pictures(lab, lab.missing(), texts))) if (views[name].canvas.ariaLabel !== text) views[name].canvas.ariaLabel = text;
  }

  /** What stands beside the buttons, and what those hear who listen. */
  function heard(what) {
    status();
    const now = performance.now();
    if (what === "error") return say(net.problem);
    if (what === "ready" && !bring.hidden) return say(progress.textContent);
    if (what !== "progress" && what !== "sample") return;
    if (net.running && now - ui.spoken < SPOKEN) return;
    if (!net.running && what === "progress") return; // its sample comes next, with the distance
    ui.spoken = now;
    if (net.step && !lab.missing()) say(words.spoken(lab));
  }

  /** How the training goes. */
  function status() {
    train.textContent = net.wanted ? "Pause" : net.step && !lab.missing() ? (net.step >= net.steps ? "Train again" : "Train on") : "Train";
    const off = Boolean(lab.missing());
    for (const node of [train, once, again]) node.disabled = off;
    once.disabled ||= net.step > 0 && net.step >= net.steps;
    time.refresh(off);
    show.refresh(world.state.show, off);
    progress.textContent = words.progress(lab, lab.missing());
    bring.hidden = !undone.holds(wasThere);
    if (!bring.hidden) progress.textContent += ` The net with ${net.kept().step.toLocaleString("en")} steps was trained on what stood here before.`;
  }

  /** What all controls show. */
  function refresh() {
    const { state } = world;
    status();
    kinds.refresh(state.kind);
    tools.refresh(ui.tool);
    data.canvas.style.touchAction = ui.tool ? "none" : "pan-y pinch-zoom";
    classes.refresh(ui.label);
    wording.hidden = state.kind !== "letters";
    bandwidth.refresh(state);
    set.refresh(state);
    work.redraw();
  }

  // --- begin ------------------------------------------------------------------------------------------------------------------------
  trained.node.append(show.node);
  const panels = element("div", { className: "pg-panels" }, data.node, exact.node, trained.node, toolbar, time.node, bar, trouble, loss.node, distance.node);
  place.replaceChildren(
    element("div", { className: "pg-body" }, kinds.node, panels,
      spoken, element("div", { className: "pg-groups" }, ...set.groups), goals.node, share.node),
  ); // prettier-ignore
  spoken.after(keyOf(POINTS));
  place.classList.add("pg-live");
  reread(named.note);
  time.moveTo(world.state.t);
  performance.measure("pg:first", { start: first, end: performance.now() });
  ui.greets = !named.state && !quiet.matches;
  let bare = { state: begun, cloud: world.cloud }; // what stood here before an address of ours was followed
  if (named.state) bare = { state: DEFAULTS, cloud: cloudOf(DEFAULTS) };
  addEventListener("hashchange", ({ oldURL }) => {
    const { state, note } = decode(location.hash);
    const left = decode(new URL(oldURL).hash).state;
    const same = (state) => encode(clean(state)) === encode(clean(world.state)); // the link to this state: the net goes on
    if (state && !left) bare = { state: world.state, cloud: world.cloud };
    if (state && !same(state)) load(state, note);
    if (!state && left && !location.hash && !same(bare.state)) {
      remember();
      if (net.wanted) net.pause();
      restore(bare);
    }
  });
  for (const group of set.groups) group.addEventListener("toggle", () => opened(group));
  new ResizeObserver(() => work.redraw()).observe(place);
  const themed = () => ((ui.look = null), work.redraw());
  new MutationObserver(themed).observe(document.documentElement, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
}

/** Why there is no data of this state, in a sentence, or null. */
function wrongIn(state) {
  try {
    cloudOf(state);
    return null;
  } catch (error) {
    return error.message;
  }
}

/** A state whose data is there: for a word that cannot be drawn stands the default's. */
const safe = (state) => (wrongIn(state) ? { ...state, text: DEFAULTS.text } : state);
