// How far apart are two clouds of points in the plane, and how many points lie where there is no data? Mirrors sliced_wasserstein,
// share_off and mean_log_density of lib.metrics.
//
//   SW_2^2 = mean over directions d of  integral_0^1 (F_d^-1(u) - G_d^-1(u))^2 du
//
// with F_d, G_d the distribution functions of the projections: in one dimension optimal transport is sorting. The directions are
// evenly spaced over the half circle.

/** A cloud's sorted projections, one Float64Array a direction. Prepared once, they stand in for the cloud in slicedWasserstein. */
export function quantiles(points, projections = 64) {
  const n = points.length / 2;
  if (!n || !Number.isInteger(n)) throw new Error(`Need points of two numbers each, at least one; got ${points.length} numbers.`);
  if (!points.every(Number.isFinite))
    throw new Error("A sample has NaN or infinite values: the sampler diverged. There is no distance to report.");
  return Array.from({ length: projections }, (_, j) => {
    const angle = ((j + 0.5) * Math.PI) / projections;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const line = new Float64Array(n);
    for (let i = 0; i < n; i++) line[i] = cos * points[2 * i] + sin * points[2 * i + 1];
    return line.sort();
  });
}

/** SW_2 between the points x and y, which need not be equally many; y may be what `quantiles` made of it. */
export function slicedWasserstein(x, y, projections = 64) {
  const there = typeof y[0] === "number" ? quantiles(y, projections) : y;
  const here = quantiles(x, there.length);
  const total = here.reduce((sum, line, j) => sum + transport(line, there[j]), 0);
  return Math.sqrt(total / there.length);
}

/** The integral between two sorted samples. Both are step functions; between two steps of either the difference is constant. */
function transport(a, b) {
  const [n, m] = [a.length, b.length];
  let [i, j, reached, sum] = [0, 0, 0, 0]; // u = reached / (n m), in whole numbers
  while (i < n && j < m) {
    const next = Math.min((i + 1) * m, (j + 1) * n);
    sum += (next - reached) * (a[i] - b[j]) ** 2;
    reached = next;
    if (next === (i + 1) * m) i++;
    if (next === (j + 1) * n) j++;
  }
  return sum / (n * m);
}

/** The share of points where the mixture's log density is below `edge`. lib's share_off finds the edge below which only 1 % of the data's own points lie. */
export const shareOff = (x, mixture, edge) => average(logDensity(x, mixture).map((value) => (value < edge ? 1 : 0)));

/** The mean log density of the points. It sees strays, and not what is missing. */
export const meanLogDensity = (x, mixture) => average(logDensity(x, mixture));

const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function logDensity(x, mixture) {
  if (!x.every(Number.isFinite)) throw new Error("A sample has NaN or infinite values: the sampler diverged. It has no density to report.");
  return mixture.logProb(x);
}
