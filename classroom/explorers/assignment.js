// Pairs of points with the smallest total square distance: the assignment problem, by shortest augmenting paths.

/** For points x and y (n * 2 each): the partners of x, a permutation of 0 ... n - 1 with the smallest sum of |x[i] - y[partner[i]]|^2. */
export function assignment(x, y) {
  const n = x.length / 2;
  const cost = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) cost[n * i + j] = (x[2 * i] - y[2 * j]) ** 2 + (x[2 * i + 1] - y[2 * j + 1]) ** 2;

  // A price for each row and column: cost - row - column is 0 for the pairs that stand, and below 0 for none.
  const [row, column] = [new Float64Array(n), new Float64Array(n)];
  const [partner, owner] = [new Int32Array(n).fill(-1), new Int32Array(n).fill(-1)]; // of a row, and of a column
  for (let j = 0; j < n; j++) {
    let least = Infinity;
    for (let i = 0; i < n; i++) least = Math.min(least, cost[n * i + j]);
    column[j] = least;
  }
  // Who finds a free partner at the lowest price takes it.
  for (let i = 0; i < n; i++) {
    let [least, at] = [Infinity, -1];
    for (let j = 0; j < n; j++) {
      const left = cost[n * i + j] - column[j];
      if (left < least || (left === least && owner[at] !== -1)) {
        least = left;
        at = j;
      }
    }
    row[i] = least;
    if (owner[at] !== -1) continue;
    partner[i] = at;
    owner[at] = i;
  }
  // The others take one that is not free, whose owner takes another, and so on: along the cheapest path to a free one.
  const slack = new Float64Array(n); // what the cheapest path so far to a column costs
  const before = new Int32Array(n); // the row from which it comes there
  const open = new Int32Array(n); // the columns, those that the search has reached at the front
  for (let start = 0; start < n; start++) {
    if (partner[start] !== -1) continue;
    let [i, reached, reach, at] = [start, 0, 0, -1];
    for (let j = 0; j < n; j++) {
      slack[j] = Infinity;
      open[j] = j;
    }
    do {
      let [least, where] = [Infinity, -1];
      const base = reach - row[i];
      for (let k = reached; k < n; k++) {
        const j = open[k];
        const through = base + cost[n * i + j] - column[j];
        if (through < slack[j]) {
          slack[j] = through;
          before[j] = i;
        }
        if (slack[j] < least || (slack[j] === least && owner[j] === -1)) {
          least = slack[j];
          where = k;
        }
      }
      reach = least;
      at = open[where];
      open[where] = open[reached];
      open[reached++] = at;
      i = owner[at];
    } while (i !== -1);
    // Prices that keep every pair of the path at 0.
    row[start] += reach;
    for (let k = 0; k < reached - 1; k++) {
      const j = open[k];
      row[owner[j]] += reach - slack[j];
      column[j] -= reach - slack[j];
    }
    // Turn the path round.
    for (;;) {
      const i = before[at];
      const next = partner[i];
      owner[at] = i;
      partner[i] = at;
      if (i === start) break;
      at = next;
    }
  }
  return partner;
}
