// Draw digits in Node, from given noise, with float weights or with one byte a number: for tools/bench/engine.py.
//
//   node engine.mjs engine/core.js case.json

import { readFileSync, writeFileSync } from "node:fs";

const core = await import(process.argv[2]);
const { sizes, packed, file, names, start, labels, out } = JSON.parse(readFileSync(process.argv[3], "utf8"));

function floats() {
  const bytes = readFileSync(file);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  let at = 0;
  return Object.fromEntries(names.map(([name, length]) => [name, all.subarray(at, (at += length))]));
}

const net = core.dit(sizes, packed ? core.unpackWeights(packed) : floats(), core.simd(), 50);
const model = core.learned(net, core.linearPath(), "u");
const x = core.sample(model, Float64Array.from(start), core.evenGrid(20), core.euler, { y: Int32Array.from(labels) });
writeFileSync(out, Float32Array.from(x));
