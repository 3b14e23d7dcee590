// Trained nets as a page loads them: one byte a number. Mirrors lib.trained.weights; classroom/explorers/shipped.py packs.
//
// A matrix is kept as whole numbers from -127 to 127 and one factor for each row, weight = factor * whole number; what has one
// dimension is kept in single precision. `tensors` lists {name, shape}; the bytes hold, one after the other, a matrix's factors and
// its whole numbers, or the numbers of what is no matrix, little-endian.

/** {tensors, data: base64} -> {name: Float32Array}. */
export function unpackWeights({ tensors, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const sizes = tensors.map(({ shape }) => (shape.length > 1 ? shape[0] * (4 + shape.slice(1).reduce((a, b) => a * b)) : 4 * shape[0]));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (bytes.length !== total) throw new Error(`The weights are damaged: ${bytes.length} bytes instead of ${total}.`);
  let at = 0;
  const singles = (n) => Float32Array.from({ length: n }, () => view.getFloat32((at += 4) - 4, true));
  return Object.fromEntries(
    tensors.map(({ name, shape: [rows, ...rest] }) => {
      const factors = singles(rows);
      if (!rest.length) return [name, factors];
      const columns = rest.reduce((a, b) => a * b);
      return [name, Float32Array.from({ length: rows * columns }, (_, i) => factors[Math.floor(i / columns)] * view.getInt8(at++))];
    }),
  );
}
