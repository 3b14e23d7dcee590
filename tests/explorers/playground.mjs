// Run what a test asks of the pure part of the playground: a piece of JavaScript, with every function of its modules at hand.
//
//   node playground.mjs explorers/ case.json   {source, given}   ->   what the source returns, as JSON

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [folder, file] = process.argv.slice(2);
globalThis.matchMedia = () => ({ matches: false }); // stage.js, whose words some modules use, asks for it
vm.runInThisContext(readFileSync(`${folder}/engine/bundle.js`, "utf8")); // a page loads it before the playground's
const NAMES = ["address", "challenges", "choose", "floor", "letters", "mixture", "plane", "python", "raster", "recipe", "shapes", "state", "variance", "figures", "charts", "words"];
const modules = await Promise.all(NAMES.map((name) => import(pathToFileURL(`${folder}/playground/${name}.js`))));
const { View } = await import(pathToFileURL(`${folder}/view.js`));
const { core, start } = globalThis.knobEngine;

/** What makes a state of choices, [key, value] each, and of settings that nothing follows. */
const stateOf = (choices = [], more = {}) => {
  const { withChoice, clean } = Object.assign({}, ...modules);
  return clean({ ...choices.reduce((state, [key, value]) => withChoice(state, key, value), clean({})), ...more });
};

/** Train the net of a state, on the page's thread: {losses, x: the samples of each message, in the exact model's units}. */
function train(state, messages) {
  const { cloudOf, netCallsOf, optionsOf, recipeOf, toMixture, unitOf } = Object.assign({}, ...modules);
  const { data } = toMixture(cloudOf(state));
  const [losses, x] = [[], []];
  return new Promise((resolve, reject) => {
    const end = (act, value) => (engine.stop(), act(value));
    const engine = start(
      (it) => {
        if (it.type === "error") end(reject, new Error(it.message));
        if (it.type === "ready") engine.send({ type: "start" });
        if (it.type === "progress") losses.push(...it.losses);
        if (it.type === "progress" && !it.running)
          for (const [id, message] of messages.entries())
            engine.send({ type: "sample", id, calls: netCallsOf(state), rule: state.rule, options: optionsOf(state), scale: state.scale, label: state.label, ...message });
        if (it.type === "sample") x[it.id] = it.x.map((value) => value / unitOf(state));
        if (x.filter(Boolean).length === messages.length) end(resolve, { losses, x });
      },
      { worker: false },
    );
    engine.send({ type: "reset", recipe: recipeOf(state, data) });
  });
}

/** A canvas that keeps what is drawn: {canvas, texts: [{text, x, y, w, h}], fills, strokes: [{points, width, alpha}]}. */
function paper() {
  const [texts, fills, strokes] = [[], [], []];
  let points = [];
  const size = () => Number(c.font.match(/([\d.]+)px/)[1]);
  const width = (text) => 0.56 * size() * text.length;
  const known = {
    measureText: (text) => ({ width: width(text) }),
    beginPath: () => (points = []),
    moveTo: (x, y) => points.push([x, y]),
    lineTo: (x, y) => points.push([x, y]),
    fill: () => fills.push({ points, alpha: c.globalAlpha }),
    stroke: () => strokes.push({ points, width: c.lineWidth, alpha: c.globalAlpha, dash: c.dash }),
    setLineDash: (dash) => (c.dash = dash),
    fillText(text, x, y) {
      const w = width(text);
      const left = { left: x, center: x - w / 2, right: x - w }[c.textAlign];
      texts.push({ text, x: left, y: c.textBaseline === "middle" ? y - size() / 2 : y - 0.8 * size(), w, h: size() });
    },
  };
  const c = new Proxy({ font: "10px x", globalAlpha: 1, ...known }, { get: (it, name) => (name in it ? it[name] : () => {}) });
  return { canvas: { getContext: () => c, style: {} }, texts, fills, strokes };
}

const plain = (_, value) => {
  if (ArrayBuffer.isView(value)) return [...value];
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value; // numbers that JSON does not have
};
const { source, given } = JSON.parse(readFileSync(file, "utf8"));
const tools = { core, startEngine: start, View, paper, stateOf, train, ...Object.assign({}, ...modules) };
const run = new (Object.getPrototypeOf(async () => {}).constructor)("given", ...Object.keys(tools), source);
console.log(JSON.stringify((await run(given, ...Object.values(tools))) ?? null, plain));
