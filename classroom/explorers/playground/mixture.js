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
  const n = points.length;
  if (!n)
    throw new Error(cloud.y.length ? "None of these points has a place in the plane. Draw them again." : "There is no point yet. Draw some, or choose a shape.");
  const few = merged(points, MOST);
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
  const thinned = n > few.length && few.length > 1 && distinct(points) > MOST ? n : null;
  return { data, shift, scale, colours, thinned, note: note(n - cloud.y.length, flat, thinned, few.length) };
}

function note(lost, flat, thinned, left) {
  const notes = [];
  if (lost) notes.push(`${-lost} of the points had no place in the plane and ${lost === -1 ? "is" : "are"} left out.`);
  if (flat[0] && flat[1]) notes.push("All points are one: the data is a Gaussian, and noise that is standardised with it is a perfect sample. Draw another point.");
  else if (flat[0] || flat[1]) notes.push(`All points have one ${flat[0] ? "x" : "y"}: along that axis the bandwidth is all the variance there is.`);
  if (thinned) notes.push(`${thinned} points are more than the exact answer takes quickly: neighbours were put together into ${left}, with their weight.`);
  return notes.join(" ") || null;
}

/** The points of a cloud that are numbers, with their class. */
function kept({ x, y }) {
  const points = [];
  for (let i = 0; i < y.length; i++)
    if (Math.abs(x[2 * i]) < 1e6 && Math.abs(x[2 * i + 1]) < 1e6) points.push({ at: [x[2 * i], x[2 * i + 1]], label: y[i] === 1 ? 1 : 0 });
  return points;
}

const distinct = (points) => new Set(points.map(({ at, label }) => `${at},${label}`)).size;

/** Equal points as one with their weight; where more than `most` are left, the points of a cell of a grid as one, at their mean. */
function merged(points, most) {
  let groups = grouped(points, ({ at, label }) => `${at},${label}`);
  const low = [0, 1].map((d) => points.reduce((least, { at }) => Math.min(least, at[d]), Infinity));
  const extent = Math.max(...[0, 1].map((d) => points.reduce((most, { at }) => Math.max(most, at[d] - low[d]), 0)));
  for (let cells = 4 * Math.sqrt(most); groups.length > most; cells /= 1.15) {
    const cell = ({ at, label }) => 2 * (4096 * Math.floor(((at[0] - low[0]) / extent) * cells) + Math.floor(((at[1] - low[1]) / extent) * cells)) + label;
    groups = grouped(points, cell);
  }
  return groups.map(({ count, sums, label }) => ({ weight: count / points.length, at: sums.map((sum) => sum / count), label }));
}

function grouped(points, keyOf) {
  const groups = new Map();
  for (const point of points) {
    const key = keyOf(point);
    const group = groups.get(key);
    if (!group) groups.set(key, { count: 1, sums: [...point.at], label: point.label });
    else {
      group.count += 1;
      for (const d of [0, 1]) group.sums[d] += point.at[d];
    }
  }
  return [...groups.values()];
}
