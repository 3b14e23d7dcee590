// The matrix product of kernels.js as a WebAssembly module, written byte by byte where it is used: no tool, nothing to keep in step.
// Mirrors `A @ B` of torch, as lib.kernels mirrors its plain lines.
//
// The text below is the program. A local is a name; code is a flat list of bytes, made of small functions for the instructions in
// use (WebAssembly 2.0, section 5.4). The product walks over C in tiles of 4 x 8 numbers, 4 x 4 and 4 x 1 at the end of a row, and
// over single rows at the end. A tile keeps its sums in registers while l runs:
//
//   for (; m >= rows; m -= rows)
//     for (n numbers of the row, 8 at once while there are 8, then 4, then 1)
//       sums = C[tile];  for (l < k)  sums += A[rows, l] * B[l, columns];  C[tile] = sums

// ---- instructions ---------------------------------------------------------------------------------------------------------------

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];

/** Whole numbers, seven bits a byte, the lowest first. */
function leb(n, bytes = []) {
  const low = n & 127;
  const rest = n >> 7;
  const last = (rest === 0 && !(low & 64)) || (rest === -1 && low & 64);
  return last ? [...bytes, low] : leb(rest, [...bytes, low | 128]);
}

const sized = (list) => [...unsigned(list.length), ...list];
const unsigned = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >> 7)]);
const text = (word) => sized([...word].map((letter) => letter.charCodeAt(0)));
const section = (id, ...items) => [id, ...sized([...unsigned(items.length), ...items.flat()])];

const get = (local) => [0x20, ...unsigned(local)];
const set = (local, value) => [...value, 0x21, ...unsigned(local)];
const constant = (n) => [0x41, ...leb(n)];
const plus = (a, b) => [...a, ...b, 0x6a];
const minus = (a, b) => [...a, ...b, 0x6b];
const times = (a, b) => [...a, ...b, 0x6c];
const atLeast = (a, b) => [...a, ...b, 0x4e];
const simdOp = (code) => [0xfd, ...unsigned(code)];

/** while (condition) body */
const loop = (condition, ...body) => [0x02, 0x40, 0x03, 0x40, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b];

/** Numbers of one width: how they are loaded, repeated in every lane, multiplied and added up, and stored. Offsets are in bytes. */
const LANES = {
  4: {
    type: V128,
    load: (at, offset) => [...at, ...simdOp(0), 2, ...unsigned(offset)],
    store: (at, value, offset) => [...at, ...value, ...simdOp(11), 2, ...unsigned(offset)],
    repeat: (at) => [...at, ...simdOp(9), 2, 0],
    plusProduct: (sum, a, b) => [...sum, ...a, ...b, ...simdOp(230), ...simdOp(228)],
  },
  1: {
    type: F32,
    load: (at, offset) => [...at, 0x2a, 2, ...unsigned(offset)],
    store: (at, value, offset) => [...at, ...value, 0x38, 2, ...unsigned(offset)],
    repeat: (at) => [...at, 0x2a, 2, 0],
    plusProduct: (sum, a, b) => [...sum, ...a, ...b, 0x94, 0x92],
  },
};

// ---- the product ----------------------------------------------------------------------------------------------------------------

const ARGUMENTS = ["m", "n", "k", "a", "ai", "al", "b", "bl", "c", "ci"]; // as in kernels.js: addresses, and strides in bytes
const WALKS = ["left", "l", "bj", "cj", "pb", "a0", "a1", "a2", "a3", "c0", "c1", "c2", "c3"];
const ROWS = 4;
const PARTS = 2; // of four columns each

/** The bytes of the module: it exports multiply(m, n, k, A, ai, al, B, bl, C, ci), and works in the memory js.memory. */
export function productModule() {
  const types = [];
  const local = Object.fromEntries([...ARGUMENTS, ...WALKS].map((name, index) => [name, index]));
  const more = (name, type) => (local[name] ??= ARGUMENTS.length + WALKS.length + types.push(type) - 1);
  const of = (name) => get(local[name]);
  const put = (name, value) => set(local[name], value);
  const step = (name, by) => put(name, plus(of(name), by));

  /** One tile of C at cj and what belongs to it: `rows` rows of `parts` times `lanes` columns. */
  function tile(rows, parts, lanes) {
    const { type, load, store, repeat, plusProduct } = LANES[lanes];
    const [each, all] = [[...Array(rows).keys()], [...Array(parts).keys()]];
    const sum = (r, p) => more(`sum ${lanes} ${r} ${p}`, type);
    const column = (p) => more(`column ${lanes} ${p}`, type);
    const number = more(`number ${lanes}`, type);
    return [
      ...put("pb", of("bj")),
      ...each.flatMap((r) => [
        ...put(`a${r}`, plus(of("a"), times(of("ai"), constant(r)))),
        ...put(`c${r}`, plus(of("cj"), times(of("ci"), constant(r)))),
        ...all.flatMap((p) => set(sum(r, p), load(of(`c${r}`), 16 * p))),
      ]),
      ...put("l", of("k")),
      ...loop(
        atLeast(of("l"), constant(1)),
        all.flatMap((p) => set(column(p), load(of("pb"), 16 * p))),
        each.flatMap((r) => [
          ...set(number, repeat(of(`a${r}`))),
          ...all.flatMap((p) => set(sum(r, p), plusProduct(get(sum(r, p)), get(number), get(column(p))))),
          ...step(`a${r}`, of("al")),
        ]),
        step("pb", of("bl")),
        put("l", minus(of("l"), constant(1))),
      ),
      ...each.flatMap((r) => all.flatMap((p) => store(of(`c${r}`), get(sum(r, p)), 16 * p))),
      ...["bj", "cj"].flatMap((name) => step(name, constant(4 * parts * lanes))),
      ...put("left", minus(of("left"), constant(parts * lanes))),
    ];
  }

  /** All rows of C, `rows` at once, as long as there are so many left. */
  const strip = (rows) =>
    loop(
      atLeast(of("m"), constant(rows)),
      ["left", "bj", "cj"].flatMap((name, i) => put(name, of(["n", "b", "c"][i]))),
      ...[[PARTS, 4], [1, 4], [1, 1]].map(([parts, lanes]) => loop(atLeast(of("left"), constant(parts * lanes)), tile(rows, parts, lanes))),
      step("a", times(of("ai"), constant(rows))),
      step("c", times(of("ci"), constant(rows))),
      put("m", minus(of("m"), constant(rows))),
    );

  const code = [...strip(ROWS), ...strip(1), 0x0b];
  const locals = [[...unsigned(WALKS.length), I32], ...types.map((type) => [1, type])];
  return new Uint8Array([
    ...[0, ...[..."asm"].map((letter) => letter.charCodeAt(0)), 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [0x60, ...sized(ARGUMENTS.map(() => I32)), 0]),
    ...section(2, [...text("js"), ...text("memory"), 2, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...text("multiply"), 0, 0]),
    ...section(10, sized([...unsigned(locals.length), ...locals.flat(), ...code])),
  ]);
}
