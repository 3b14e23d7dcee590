// The Diffusion Transformer forwards, with switches on its parts and its attention laid open. Mirrors lib.nets.dit.
//
//   tokens = patchify(x_t) W + positions                (N, width), N = (size / patch)^2
//   c      = MLP(embed(t)) + embed(y)                   (width)
//   block:   shift, scale, gate (twice) = Linear(SiLU(c))
//            tokens += gate * attention(norm(tokens) * (1 + scale) + shift)
//            tokens += gate *       MLP(norm(tokens) * (1 + scale) + shift)
//   output = unpatchify(Linear(norm(tokens) * (1 + scale) + shift))
//
// A batch of images is one array, image after image, channel after channel, row after row. Tensors carry the names that torch gives
// them ("blocks.0.qkv.weight"). Attention is the explicit softmax, explicit_attention of lib.

import { fillRows, transpose } from "./kernels.js";
import { NO_LABEL, checkLabels } from "./labels.js";
import { embedder } from "./training.js";

const FREQUENCIES = 256; // of the time embedding, as published

/** Every part of the net at work. */
export const WHOLE = {
  off: [], // blocks that are passed by
  heads: [], // heads whose answer is 0, as pairs [block, head]
  gates: null, // a number in the place of both gates of every block, or a list with a number or null for each block
  positions: true, // whether tokens are told where they are
  label: true, // whether labels are used
};

/** The net of lib.nets.dit.DiT with these sizes and tensors, {name: Float32Array}, and with room for `images` images at once. */
export function dit({ size, channels = 1, patch = 2, width = 128, depth = 6, heads = 4, tScale = 1, classes = null }, tensors, kernels, images = 10) {
  const [side, inner, reach] = [size / patch, channels * patch ** 2, width / heads];
  if (![side, reach, width / 4].every(Number.isInteger))
    throw new Error(`A DiT of size ${size}, patch ${patch}, width ${width} and ${heads} heads does not fit together.`);
  const [N, dim] = [side ** 2, channels * size ** 2];
  const array = (rows, columns) => kernels.array(rows * columns);
  const linear = (name, from, out) => {
    const [weight, bias] = [tensor(tensors, `${name}.weight`, out * from), tensor(tensors, `${name}.bias`, out)];
    return { in: from, out, bias, weight: transpose(weight, out, from, array(from, out)) };
  };
  const embed = linear("embed", inner, width);
  const timeMlp = [linear("time_mlp.0", FREQUENCIES, width), linear("time_mlp.2", width, width)];
  const table = classes === null ? null : tensor(tensors, "label.table.weight", (classes + 1) * width);
  const blocks = Array.from({ length: depth }, (_, i) => ({
    modulation: linear(`blocks.${i}.modulation.1`, width, 6 * width),
    qkv: linear(`blocks.${i}.qkv`, width, 3 * width),
    project: linear(`blocks.${i}.project`, width, width),
    mlp: [linear(`blocks.${i}.mlp.0`, width, 4 * width), linear(`blocks.${i}.mlp.2`, 4 * width, width)],
  }));
  const last = { modulation: linear("modulation.1", width, 2 * width), head: linear("head", width, inner) };
  const place = positions(side, width);
  const tellTime = embedder(FREQUENCIES, tScale, Float32Array);

  const all = images * N; // tokens of a full batch; the arrays below are used by every block in turn
  const [patches, x, normed, mixed, answer, qkv, hidden] = [inner, width, width, width, width, 3 * width, 4 * width].map((n) => array(all, n));
  const [frequency, early] = [array(1, FREQUENCIES), array(1, width)];
  const [c, active, modulation] = [width, width, 6 * width].map((n) => array(images, n));
  const [scores, keys] = [array(N, N), array(reach, N)];

  /** to = from times the layer's weight, plus its bias, for n rows. */
  function apply(layer, from, n, to) {
    fillRows(to, n, layer.bias);
    kernels.multiply(n, layer.out, layer.in, from, layer.in, 1, layer.weight, layer.out, to, layer.out);
  }

  /** c, one row an image: the time and the label. The first lines of DiT.forward. */
  function condition(n, t, y) {
    tellTime(t, frequency);
    apply(timeMlp[0], frequency, 1, early);
    for (let j = 0; j < width; j++) early[j] /= 1 + Math.exp(-early[j]);
    apply(timeMlp[1], early, 1, c);
    for (let i = n - 1; i >= 0; i--)
      for (let j = 0; j < width; j++) c[i * width + j] = c[j] + (table ? table[(y[i] === NO_LABEL ? classes : y[i]) * width + j] : 0);
    for (let j = 0; j < n * width; j++) active[j] = c[j] / (1 + Math.exp(-c[j])); // SiLU(c), which every block begins with
  }

  /** modulate: normed = norm(x) * (1 + scale) + shift; an image's shift and scale begin at these columns of `modulation`. */
  function modulate(n, columns, shift, scale) {
    for (let row = 0, at = 0; row < n * N; row++, at += width) {
      const of = Math.floor(row / N) * columns;
      let [mean, square] = [0, 0];
      for (let j = at; j < at + width; j++) mean += x[j];
      mean /= width;
      for (let j = at; j < at + width; j++) square += (x[j] - mean) ** 2;
      const factor = 1 / Math.sqrt(square / width + 1e-6);
      for (let j = 0; j < width; j++) normed[at + j] = (x[at + j] - mean) * factor * (1 + modulation[of + scale + j]) + modulation[of + shift + j];
    }
  }

  /** x += gate * answer; the gate is one number, or a row of `modulation` that begins at this column. */
  function add(n, gate, column) {
    for (let row = 0, at = 0; row < n * N; row++, at += width) {
      const of = Math.floor(row / N) * 6 * width + column;
      for (let j = 0; j < width; j++) x[at + j] += (gate ?? modulation[of + j]) * answer[at + j];
    }
  }

  /** DiTBlock.attend: answer = self-attention of normed, in the heads that are on. Its weights go to maps (n, heads, N, N), where given. */
  function attend(block, n, on, maps) {
    apply(block.qkv, normed, n * N, qkv);
    mixed.fill(0, 0, n * N * width);
    for (let image = 0; image < n; image++)
      for (let h = 0; h < heads; h++) {
        if (!on(h)) continue;
        const from = image * N * 3 * width + h * reach; // of the queries; keys and values follow
        for (let i = 0; i < N; i++) for (let d = 0; d < reach; d++) keys[d * N + i] = qkv[from + width + i * 3 * width + d] / Math.sqrt(reach);
        scores.fill(0);
        kernels.multiply(N, N, reach, qkv.subarray(from), 3 * width, 1, keys, N, scores, N);
        softmax(scores, N);
        maps?.set(scores, (image * heads + h) * N * N);
        kernels.multiply(N, reach, N, scores, N, 1, qkv.subarray(from + 2 * width), 3 * width, mixed.subarray(image * N * width + h * reach), width);
      }
    apply(block.project, mixed, n * N, answer);
  }

  /** DiTBlock.forward, for block i. */
  function work(i, n, { heads: silent, gates }, maps) {
    const block = blocks[i];
    const gate = Array.isArray(gates) ? gates[i] : gates;
    apply(block.modulation, active, n, modulation);
    modulate(n, 6 * width, 0, width);
    attend(block, n, (h) => !silent.some(([b, head]) => b === i && head === h), maps);
    add(n, gate, 2 * width);
    modulate(n, 6 * width, 3 * width, 4 * width);
    apply(block.mlp[0], normed, n * N, hidden);
    gelu(hidden, n * N * 4 * width);
    apply(block.mlp[1], hidden, n * N, answer);
    add(n, gate, 5 * width);
  }

  /** patchify, or unpatchify where `back`: n images at `start` of `pixels`, and patches, each flattened as (channel, row, column). */
  function cut(pixels, start, n, back) {
    for (let row = 0, at = 0; row < n * N; row++) {
      const [image, token] = [Math.floor(row / N), row % N];
      const corner = start + image * dim + Math.floor(token / side) * patch * size + (token % side) * patch;
      for (let channel = 0; channel < channels; channel++)
        for (let i = 0; i < patch; i++)
          for (let j = 0; j < patch; j++, at++) {
            const pixel = corner + channel * size ** 2 + i * size + j;
            if (back) pixels[pixel] = patches[at];
            else patches[at] = pixels[pixel];
          }
    }
  }

  /** The net with some parts switched off, as `learned` of learned.js takes it. `whole` says what there is to switch. */
  function withParts(changed = {}) {
    const parts = { ...WHOLE, ...changed };

    /** The answer to images x at one time t. maps, n * depth * heads * N * N numbers, takes the attention: see mapOf. */
    function forward(pixels, t, y = null, maps = null) {
      const [count, output] = [pixels.length / dim, new Float64Array(pixels.length)];
      if (!Number.isInteger(count)) throw new Error(`This net takes images of ${dim} numbers each, got ${pixels.length} numbers.`);
      if (y && classes === null) throw new Error("This net was built without classes and cannot use labels. Build it with classes=... or drop y.");
      if (y) checkLabels(y, count, classes);
      const labels = y && parts.label ? y : new Int32Array(count).fill(NO_LABEL);
      for (let start = 0; start < count; start += images) {
        const n = Math.min(images, count - start);
        condition(n, t, labels.slice(start, start + n));
        cut(pixels, start * dim, n, false);
        apply(embed, patches, n * N, x);
        if (parts.positions) for (let j = 0; j < n * N * width; j++) x[j] += place[j % place.length];
        for (let i = 0; i < depth; i++) {
          const each = count * heads * N * N; // numbers of attention in a block
          if (!parts.off.includes(i)) work(i, n, parts, maps?.subarray(i * each + start * heads * N * N));
        }
        apply(last.modulation, active, n, modulation);
        modulate(n, 2 * width, 0, width);
        apply(last.head, normed, n * N, patches);
        cut(output, start * dim, n, true);
      }
      return output;
    }

    /** Where a token of an image looks, in one head of one block: N shares that sum to 1 (0 where the part is off). */
    const mapOf = (maps, block, image, head, token) => {
      const count = maps.length / (depth * heads * N * N);
      const from = (((block * count + image) * heads + head) * N + token) * N;
      return maps.subarray(from, from + N);
    };

    return { shape: [channels, size, size], dim, classes, tScale, tokens: N, depth, heads, forward, mapOf, withParts };
  }

  return withParts();
}

function tensor(tensors, name, length) {
  if (tensors[name]?.length !== length) throw new Error(`The net needs ${length} numbers for ${name}, got ${tensors[name]?.length ?? "none"}.`);
  return tensors[name];
}

/** positions: fixed 2-D sine-cosine positions (side^2, width). Half of the width tells the column, the other half the row. */
function positions(side, width) {
  const [table, tell, half] = [new Float32Array(side ** 2 * width), embedder(width / 2, 1, Float32Array), width / 2];
  for (let token = 0; token < side ** 2; token++) {
    tell(token % side, table.subarray(token * width, token * width + half));
    tell(Math.floor(token / side), table.subarray(token * width + half, (token + 1) * width));
  }
  return table;
}

/** Each of the N rows becomes shares that sum to 1. */
function softmax(scores, N) {
  for (let at = 0; at < N * N; at += N) {
    let [highest, sum] = [-Infinity, 0];
    for (let j = at; j < at + N; j++) highest = Math.max(highest, scores[j]);
    for (let j = at; j < at + N; j++) sum += scores[j] = Math.exp(scores[j] - highest);
    for (let j = at; j < at + N; j++) scores[j] /= sum;
  }
}

/** gelu of lib.kernels: GELU with tanh, x sigmoid(u). */
function gelu(x, length) {
  const [A, B] = [Math.sqrt(8 / Math.PI), Math.sqrt(8 / Math.PI) * 0.044715];
  for (let i = 0; i < length; i++) x[i] /= 1 + Math.exp(-x[i] * (A + B * x[i] * x[i]));
}
