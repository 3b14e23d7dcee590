// A cloud as data: every point a Gaussian, standardised per axis by the mixture's exact mean and variance, as Standardizer of lib.

export const MOST = 600; // components: the exact answer for a panel of samples then takes some milliseconds

/**
 * {data, shift, scale, colours, thinned, note} of a cloud. data: {weights, means, variances, labels} for `core.gaussianMixture` and
 * for a recipe, of the standardised (x - shift) / scale; colours: the drawn class of each class of the mixture, which numbers them
 * from 0 without a gap; thinned: the number of points where there were too many, or null; note: a sentence or null.
 */
export function toMixture(cloud, bandwidth = cloud.bandwidth) {
  if (!(bandwidth > 0 && bandwidth < 1e3)) throw new Error(`The bandwidth must be a positive number, got ${bandwidth}.`);
  const points = kept(cloud);
  const n = points.y.length;
  if (!n && cloud.y.length) throw new Error("None of these points has a place in the plane. Draw them again.");
  if (!n) throw new Error("There is no point yet. Draw some, or choose a shape.");
  const apart = united(points);
  const few = apart.length > MOST ? merged(points, MOST) : apart;
  const shift = [0, 1].map((d) => few.reduce((sum, p) => sum + p.weight * p.at[d], 0));
  const spread = [0, 1].map((d) => few.reduce((sum, p) => sum + p.weight * (p.at[d] - shift[d]) ** 2, 0));
  const scale = spread.map((variance) => Math.sqrt(variance + bandwidth ** 2));
  const colours = [0, 1].filter((label) => few.some((p) => p.label === label));
  const data = {
    weights: Float64Array.from(few, (p) => p.weight),
    means: Float64Array.from(few.flatMap((p) => p.at.map((value, d) => (value - shift[d]) / scale[d]))),
    variances: Float64Array.from(few.flatMap(() => scale.map((s) => (bandwidth / s) ** 2))),
    labels: Int32Array.from(few, (p) => colours.indexOf(p.label)),
  };
  const flat = spread.map((variance) => variance < 1e-12);
  const thinned = few === apart ? null : n;
  return { data, shift, scale, colours, thinned, note: note(n - cloud.y.length, flat, thinned, few.length) };
}

function note(lost, flat, thinned, left) {
  const notes = [];
  if (lost) notes.push(`${-lost} of the points had no place in the plane and ${lost === -1 ? "is" : "are"} left out.`);
  if (flat[0] && flat[1]) notes.push("All points are one: the data is a Gaussian, and noise is a perfect sample of it. Draw another point.");
  else if (flat[0] || flat[1]) notes.push(`All points have one ${flat[0] ? "x" : "y"}: along that axis the bandwidth is all the variance there is.`);
  if (thinned) notes.push(`${thinned} points are too many for a quick exact answer: neighbours were put together into ${left}, with their weight.`);
  return notes.join(" ") || null;
}

/** The points of a cloud that are numbers: {x, y}, y the class of each, 0 or 1. */
function kept({ x, y }) {
  const good = [];
  for (let i = 0; i < y.length; i++) if (Math.abs(x[2 * i]) < 1e6 && Math.abs(x[2 * i + 1]) < 1e6) good.push(i);
  const points = { x: new Float64Array(2 * good.length), y: new Int32Array(good.length) };
  good.forEach((i, k) => {
    points.x.set([x[2 * i], x[2 * i + 1]], 2 * k);
    points.y[k] = y[i] === 1 ? 1 : 0;
  });
  return points;
}

/** Equal points as one with their weight, [{weight, at, label}], in the order in which they came. */
function united({ x, y }) {
  const [firsts, groups] = [new Map(), new Int32Array(y.length)];
  for (let i = 0; i < y.length; i++) {
    const key = x[2 * i] + Math.E * x[2 * i + 1] + 1e7 * y[i]; // two that share it by chance stay apart
    const first = firsts.get(key) ?? i;
    const same = x[2 * i] === x[2 * first] && x[2 * i + 1] === x[2 * first + 1] && y[i] === y[first];
    groups[i] = same ? first : i;
    if (first === i) firsts.set(key, i);
  }
  return together({ x, y }, groups);
}

/** Where there are more than `most`: the points of a cell of a grid as one, at their mean, each class by itself. */
function merged(points, most) {
  const { x, y } = points;
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (let j = 0; j < x.length; j++) {
    if (x[j] < low[j & 1]) low[j & 1] = x[j];
    if (x[j] > high[j & 1]) high[j & 1] = x[j];
  }
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  const groups = new Int32Array(y.length);
  for (let cells = 4 * Math.sqrt(most); ; cells /= 1.15) {
    const row = Math.floor(cells) + 1;
    const firsts = new Int32Array(2 * row * row).fill(-1); // of each cell
    let count = 0;
    for (let i = 0; i < y.length; i++) {
      const column = Math.floor(((x[2 * i] - low[0]) / extent) * cells);
      const cell = 2 * (row * Math.floor(((x[2 * i + 1] - low[1]) / extent) * cells) + column) + y[i];
      if (firsts[cell] < 0) count += 1;
      groups[i] = firsts[cell] = firsts[cell] < 0 ? i : firsts[cell];
    }
    if (count <= most) return together(points, groups);
  }
}

/** The points that have the same number in `groups`, that of the first of them, as one. */
function together({ x, y }, groups) {
  const [count, sums] = [new Int32Array(y.length), new Float64Array(x.length)];
  for (let i = 0; i < y.length; i++) {
    count[groups[i]] += 1;
    sums[2 * groups[i]] += x[2 * i];
    sums[2 * groups[i] + 1] += x[2 * i + 1];
  }
  const firsts = [...groups.keys()].filter((i) => count[i]);
  return firsts.map((i) => ({ weight: count[i] / y.length, at: [sums[2 * i] / count[i], sums[2 * i + 1] / count[i]], label: y[i] }));
}
