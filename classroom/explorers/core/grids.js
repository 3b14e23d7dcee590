// The times that a sampler visits: K steps have K + 1 points, the last of which is clean data. Mirrors lib.grids.

export function linspace(start, end, n) {
  return Array.from({ length: n }, (_, i) => start + (end - start) * (i / (n - 1)));
}

/** steps + 1 evenly spaced times from 0 to 1. */
export function evenGrid(steps) {
  if (steps < 1) throw new Error(`A grid needs at least one step, got ${steps}.`);
  return linspace(0, 1, steps + 1);
}

/** T-1 and then evenly down: 999, 749, 499, 249, -1 for 4 steps of T = 1000. */
export function trailingGrid(T, steps) {
  checkSteps(T, steps);
  return [...countdown(steps).map((i) => roundHalfToEven(((i + 1) * T) / steps) - 1), -1];
}

/** Multiples of T // steps, ending on 0: 750, 500, 250, 0, -1. */
export function leadingGrid(T, steps) {
  checkSteps(T, steps);
  return [...countdown(steps).map((i) => i * Math.floor(T / steps)), -1];
}

/** Squares of evenly spaced numbers up to 0.8 T; where they would repeat near 0, consecutive times. */
export function quadraticGrid(T, steps) {
  checkSteps(T, steps);
  // In whole numbers: i/(steps - 1) of sqrt(0.8 T), squared, is often one itself, and a root rounded off would fall below it.
  const square = (i) => (steps > 1 ? Math.floor((4 * T * i ** 2) / (5 * (steps - 1) ** 2)) : Math.floor((4 * T) / 5));
  return [...countdown(steps).map((i) => Math.max(square(i), i)), -1];
}

const countdown = (n) => Array.from({ length: n }, (_, i) => n - 1 - i);

/** As torch rounds: 2.5 to 2 and 3.5 to 4. */
export function roundHalfToEven(number) {
  const up = Math.round(number);
  return up - number === 0.5 && up % 2 ? up - 1 : up;
}

function checkSteps(T, steps) {
  if (!(1 <= steps && steps <= T))
    throw new Error(`A schedule of T = ${T} steps can be walked in 1 to ${T} steps, got ${steps}.`);
}
