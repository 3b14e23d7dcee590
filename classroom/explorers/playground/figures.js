// Numbers that were measured, with the digits that their standard error bears, and how a loss stands to its floor.

const MOST = 4; // significant digits
const SURE = 3; // standard errors, beyond which a difference is no chance
const HUNDRED = 100; // steps whose losses are averaged

/** Digits after the point that show a number to `count` significant ones. */
const placesOf = (value, count) => (value ? Math.max(0, count - 1 - Math.floor(Math.log10(Math.abs(value)))) : 0);

/** Digits after the point: as many as the error bears, one significant digit at least, MOST at most. */
function places(value, error) {
  const borne = error > 0 ? Math.max(0, Math.floor(-Math.log10(error))) : Infinity;
  return Math.min(Math.max(borne, placesOf(value, 1)), placesOf(value, MOST), 9);
}

/** A number as text; without an error, or with none that is known, with three significant digits. A dash for what is no number. */
export function figure(value, error = null) {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(error === null ? Math.min(placesOf(value, 3), 9) : places(value, error)).replace("-", "−");
}

/** A {mean, error} as text, with two standard errors: "1.39 ± 0.01". */
export function measured({ mean, error }) {
  if (!(error > 0)) return figure(mean, error);
  const digits = places(mean, error);
  const twice = Math.max(Math.ceil(2 * error * 10 ** digits - 1e-9), 1) / 10 ** digits;
  return `${mean.toFixed(digits)} ± ${twice.toFixed(digits)}`;
}

/** The mean of the last hundred losses and its standard error, null for a single one: {mean, error}; null before the first step. */
export function recent(losses) {
  const last = losses.slice(-HUNDRED);
  if (!last.length) return null;
  const mean = last.reduce((sum, loss) => sum + loss, 0) / last.length;
  const square = last.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
  return { mean, error: last.length > 1 ? Math.sqrt(square / (last.length - 1) / last.length) : null };
}

/** How a loss that is below its floor stands to it, in words; empty where it is not below. Both are {mean, error}. */
export function standing(loss, floor) {
  if (!loss || !floor || !(loss.mean < floor.mean)) return "";
  const chance = SURE * Math.hypot(loss.error ?? loss.mean, floor.error);
  return floor.mean - loss.mean <= chance ? "below the floor within its error" : "below the floor, where only a mistake leads";
}
