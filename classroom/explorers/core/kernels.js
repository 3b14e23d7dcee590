// The one product of matrices that nets are made of, quick on a CPU. Mirrors the idea of lib.kernels: the plain line stands beside
// the fast one, and a test holds the two together.
//
//   C[i, j] += sum_l A[i, l] B[l, j],   i < m, j < n, l < k
//
// The rows of B and C lie together; A may have any strides, so that it can be a transpose. Arrays come from `array`, since those of
// the fast kernels live in the memory of a WebAssembly module.
//
//   plain(Float64Array)   plain JavaScript in the precision of that array: double for tests, and where SIMD is refused
//   simd()                the same product in single precision, four numbers at once: see simd.js

import { productModule } from "./simd.js";

/** Plain JavaScript in double or single precision. */
export function plain(Real = Float64Array) {
  const name = `plain JavaScript, ${Real === Float64Array ? "double" : "single"}`;
  return { name, Real, array: (n) => new Real(n), release() {}, multiply };
}

/**
 * C (m x n) += A (m x k) B (k x n). A has the strides ai and al from row to row and from column to column, B and C have bl and ci
 * from row to row. Four rows of two columns at once: every number fetched is used several times and no sum waits for another. Past
 * an end the last row or column is computed again, and written once.
 */
function multiply(m, n, k, A, ai, al, B, bl, C, ci) {
  for (let i = 0; i < m; i += 4) {
    const [r1, r2, r3] = [Math.min(i + 1, m - 1), Math.min(i + 2, m - 1), Math.min(i + 3, m - 1)];
    const [a0, a1, a2, a3] = [i * ai, r1 * ai, r2 * ai, r3 * ai];
    const [c0, c1, c2, c3] = [i * ci, r1 * ci, r2 * ci, r3 * ci];
    for (let j = 0; j < n; j += 2) {
      const q = Math.min(j + 1, n - 1);
      let p0 = C[c0 + j], p1 = C[c1 + j], p2 = C[c2 + j], p3 = C[c3 + j];
      let q0 = C[c0 + q], q1 = C[c1 + q], q2 = C[c2 + q], q3 = C[c3 + q];
      for (let l = 0, a = 0, b = 0; l < k; l++, a += al, b += bl) {
        const u = B[b + j], v = B[b + q];
        const x0 = A[a0 + a], x1 = A[a1 + a], x2 = A[a2 + a], x3 = A[a3 + a];
        p0 += x0 * u;
        p1 += x1 * u;
        p2 += x2 * u;
        p3 += x3 * u;
        q0 += x0 * v;
        q1 += x1 * v;
        q2 += x2 * v;
        q3 += x3 * v;
      }
      C[c0 + j] = p0;
      C[c1 + j] = p1;
      C[c2 + j] = p2;
      C[c3 + j] = p3;
      C[c0 + q] = q0;
      C[c1 + q] = q1;
      C[c2 + q] = q2;
      C[c3 + q] = q3;
    }
  }
}

/** Whether WebAssembly with SIMD runs here. */
export const hasSimd = () => typeof WebAssembly === "object" && WebAssembly.validate(productModule());

/** Single precision in WebAssembly. Its arrays share one memory of so many bytes, which is taken as it is used. */
export function simd(bytes = 2 ** 26) {
  const memory = new WebAssembly.Memory({ initial: bytes / 65536, maximum: bytes / 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(productModule()), { js: { memory } });
  let used = 0;

  function array(n) {
    const start = used;
    used += 16 * Math.ceil(n / 4);
    if (used > bytes)
      throw new Error(
        `A net of this size needs more than the ${bytes / 2 ** 20} MB that there are. Take a smaller one, or a smaller batch.`,
      );
    return new Float32Array(memory.buffer, start, n).fill(0);
  }

  /** Forget all arrays: what comes next takes their place. */
  const release = () => void (used = 0);

  const of = (M) => M.byteOffset;
  return {
    name: "WebAssembly SIMD, single",
    Real: Float32Array,
    array,
    release,
    multiply: (m, n, k, A, ai, al, B, bl, C, ci) => exports.multiply(m, n, k, of(A), 4 * ai, 4 * al, of(B), 4 * bl, of(C), 4 * ci),
  };
}

/** The transpose of a rows x columns matrix. */
export function transpose(from, rows, columns, to) {
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
  return to;
}

/** Every one of the first n rows of `to` set to `row`. */
export function fillRows(to, n, row) {
  for (let i = 0; i < n; i++) to.set(row, i * row.length);
}
