// The exact density of noisy data as a heat map. A component's density is a product, one factor for each axis, so a grid of n x n
// points takes 2n exponentials a component instead of n^2, and a drawing of 600 points is mapped in a few milliseconds.

/**
 * Densities on an n x n grid of the plane, a Float64Array (n * n) for each class, row 0 at the top. c: {alpha, sigma}; place: {shift,
 * scale}, two numbers each, from the mixture's coordinates to the plane; R: the plane is shown from -R to R both ways.
 */
export function* densities({ weights, means, variances, labels, classes }, { alpha, sigma }, place, n, R) {
  const maps = Array.from({ length: classes }, () => new Float64Array(n * n));
  const along = [0, 1].map((d) => Float64Array.from({ length: n }, (_, i) => ((((2 * i + 1) / n - 1) * R * (d ? -1 : 1)) - place.shift[d]) / place.scale[d]));
  const factor = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < weights.length; k++) {
    for (const d of [0, 1]) {
      const tau = alpha ** 2 * variances[2 * k + d] + sigma ** 2;
      const [centre, height] = [alpha * means[2 * k + d], 1 / Math.sqrt(2 * Math.PI * tau)];
      for (let i = 0; i < n; i++) factor[d][i] = height * Math.exp((-0.5 * (along[d][i] - centre) ** 2) / tau);
    }
    const [map, [across, down]] = [maps[labels[k]], factor];
    for (let row = 0; row < n; row++) {
      const share = weights[k] * down[row];
      if (share < 1e-12) continue; // nothing of it is to be seen in this row
      for (let i = 0, at = row * n; i < n; i++, at++) map[at] += share * across[i];
    }
    if (k % 64 === 63) yield;
  }
  return maps;
}

/** One colour a pixel, Uint8ClampedArray (4 * n * n): the classes' colours mixed by their shares, as opaque as the density is high. */
export function coloured(maps, colors) {
  const total = maps[0].map((_, i) => maps.reduce((sum, map) => sum + map[i], 0));
  const most = total.reduce((a, b) => Math.max(a, b), 0) || 1;
  const pixels = new Uint8ClampedArray(4 * total.length);
  total.forEach((sum, i) => {
    if (!(sum > 0)) return;
    for (const part of [0, 1, 2]) pixels[4 * i + part] = maps.reduce((mixed, map, c) => mixed + (map[i] / sum) * colors[c][part], 0);
    pixels[4 * i + 3] = 215 * Math.sqrt(sum / most);
  });
  return pixels;
}
