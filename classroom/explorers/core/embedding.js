// How a net is told the time, or two times. Mirrors the sinusoidal embedding and TwoTimes of lib.nets.embedding.
//
//   embed(t) = [sin(f_i t'), cos(f_i t')],   t' = tScale * t,   f_i = maxPeriod^(-i/half),   i = 0 ... half-1
//
// Times and frequencies are in single precision, as in lib: at t = 999 the digits beyond it turn the angle by up to 1e-4.

/** The embedding of one time, sines and then cosines. */
export function embedding(t, dim, tScale = 1, maxPeriod = 10000) {
  if (!(dim >= 2 && dim % 2 === 0))
    throw new Error(`dim must be even and at least 2 (pairs of sine and cosine), got ${dim}.`);
  const half = dim / 2;
  const time = Math.fround(Math.fround(tScale) * Math.fround(t));
  const embedded = new Float64Array(dim);
  for (let i = 0; i < half; i++) {
    const angle = Math.fround(time * Math.fround(Math.exp((-Math.log(maxPeriod) * i) / half)));
    embedded[i] = Math.sin(angle);
    embedded[half + i] = Math.cos(angle);
  }
  return embedded;
}

/**
 * A function of [s, t]: what the embedding says of s, plus a linear map of what one says of t - s. weight: dim rows of dim numbers, as
 * torch keeps them; gapScale is to the gap what tScale is to a time.
 */
export function twoTimes({ dim, tScale, gapScale, weight, bias }) {
  if (weight.length !== dim ** 2 || bias.length !== dim) throw new Error(`The map of the gap needs ${dim} x ${dim} weights and ${dim} biases.`);
  return ([s, t]) => {
    const gap = embedding(Math.fround(t) - Math.fround(s), dim, gapScale);
    return embedding(s, dim, tScale).map((value, o) => gap.reduce((sum, part, i) => sum + weight[o * dim + i] * part, value + bias[o]));
  };
}
