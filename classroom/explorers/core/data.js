// The data of the book. Mirrors the two moons of lib.data.

import { gaussianMixture } from "./mixture.js";

/** Two moons in closed form, standardised: 100 centres on each moon, noise of standard deviation 0.07, labels 0 and 1. */
export function twoMoonsMixture() {
  const [centres, noise] = [100, 0.07];
  const angles = Array.from({ length: centres }, (_, i) => ((i + 0.5) * Math.PI) / centres);
  const upper = angles.map((a) => [Math.cos(a), Math.sin(a)]);
  const lower = angles.map((a) => [1 - Math.cos(a), 0.5 - Math.sin(a)]);
  const points = [...upper, ...lower];
  const average = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const shift = [0, 1].map((d) => average(points.map((point) => point[d])));
  const scale = [0, 1].map((d) => Math.sqrt(noise ** 2 + average(points.map((point) => (point[d] - shift[d]) ** 2))));
  return gaussianMixture({
    weights: new Float64Array(points.length).fill(1 / points.length),
    means: Float64Array.from(points.flatMap((point) => point.map((value, d) => (value - shift[d]) / scale[d]))),
    variances: Float64Array.from(points.flatMap(() => scale.map((s) => (noise / s) ** 2))),
    labels: Int32Array.from(points, (_, k) => (k < centres ? 0 : 1)),
  });
}
