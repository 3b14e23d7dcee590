// Randomness as an argument, as in lib.seeding: whoever wants noise passes a generator. Equal seeds, equal numbers.
//
//   uniform   Mulberry32: a counter that advances by a fixed odd number, scrambled by shifts and products modulo 2^32
//   normal    Box-Muller: with u, v uniform, sqrt(-2 log u) (cos 2 pi v, sin 2 pi v) are two independent normal numbers

/** Numbers from an integer seed: uniform() in [0, 1), normal() standard normal. */
export function generator(seed) {
  let counter = Math.imul(seed, 0x9e3779b1); // the golden ratio times 2^32: neighbouring seeds start far apart
  let spare = null;

  function uniform() {
    counter = (counter + 0x6d2b79f5) | 0;
    let bits = Math.imul(counter ^ (counter >>> 15), counter | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  function normal() {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u is never 0
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  return { uniform, normal };
}

/** n standard normal numbers from a generator. */
export function normals(n, generator) {
  return Float64Array.from({ length: n }, () => generator.normal());
}
