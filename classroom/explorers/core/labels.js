// Class labels: integers from 0, and one number for a label that is not given. Mirrors lib.labels.

export const NO_LABEL = -1; // the label of a sample whose class is not given

/** Refuse labels that are not one of -1, 0, ..., classes - 1 for each of n samples, as lib.labels does. */
export function checkLabels(y, n, classes) {
  if (y.length !== n) throw new Error(`Labels must be integers of shape (${n},), one a sample; got shape (${y.length},).`);
  let [low, high] = [Infinity, -Infinity];
  for (const label of y) [low, high] = [Math.min(low, label), Math.max(high, label)];
  if (n && !(low >= NO_LABEL && high < classes))
    throw new Error(
      `Unknown label: labels run from 0 to ${classes - 1} (or ${NO_LABEL} for no label), got values from ${low} to ${high}.`,
    );
}

/** Replace each label by NO_LABEL with the given probability, independently for every sample, in place. */
export function dropLabels(y, probability, generator) {
  for (let i = 0; i < y.length; i++) if (generator.uniform() < probability) y[i] = NO_LABEL;
  return y;
}
