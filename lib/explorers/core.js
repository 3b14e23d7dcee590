export const NO_LABEL = -1;
export function generator(seed) {
  let a = (seed * 2654435761) >>> 0; let spare = null;
  const uniform = () => { a = (a + 0x6d2b79f5) >>> 0; let t = Math.imul(a ^ (a >>> 15), 1 | a); t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t; return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
  const normal = () => { if (spare !== null) { const s = spare; spare = null; return s; } const r = Math.sqrt(-2 * Math.log(1 - uniform())), p = 2 * Math.PI * uniform(); spare = r * Math.sin(p); return r * Math.cos(p); };
  return { uniform, normal };
}
export const normals = (n, g) => Float64Array.from({ length: n }, () => g.normal());
const flow = (name, curves) => ({ name, tNoise: 0, tData: 1, coeffs: curves, grid: (k) => Array.from({ length: k + 1 }, (_, i) => i / k), logSnr(t) { const c = curves(t); return 2 * Math.log(c.alpha / c.sigma); } });
export const linearPath = () => flow("linear", (t) => ({ alpha: t, sigma: 1 - t, dAlpha: 1, dSigma: -1 }));
export const cosinePath = () => flow("cosine", (t) => { const r = Math.PI / 2, a = Math.sin(r * t), s = Math.sin(r * (1 - t)); return { alpha: a, sigma: s, dAlpha: r * s, dSigma: -r * a }; });
export const vpPath = (b0 = 0.1, b1 = 20) => flow("vp", (t) => { const s = 1 - t, la = (-s * s * (b1 - b0)) / 4 - (s * b0) / 2, h = (b0 + s * (b1 - b0)) / 2, a = Math.exp(la), sg = Math.sqrt(-Math.expm1(2 * la)); return { alpha: a, sigma: sg, dAlpha: h * a, dSigma: sg ? (-h * a * a) / sg : -Infinity }; });
const lin = (a, b, n) => Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1));
export const linearBetas = (T, { start = 1e-4, end = 0.02, rescale = true } = {}) => lin(start * (rescale ? 1000 / T : 1), end * (rescale ? 1000 / T : 1), T);
export const scaledLinearBetas = (T) => lin(Math.sqrt(0.00085), Math.sqrt(0.012), T).map((b) => b * b);
export const cosineBetas = (T, { s = 0.008, maxBeta = 0.999 } = {}) => { const f = (i) => Math.cos(((i / T + s) / (1 + s)) * Math.PI / 2) ** 2; return Array.from({ length: T }, (_, i) => Math.min(1 - f(i + 1) / f(i), maxBeta)); };
export function discreteSchedule(betas, name = "discrete") {
  const T = betas.length, bars = [1]; for (const b of betas) bars.push(bars.at(-1) * (1 - b));
  const coeffs = (t) => ({ alpha: Math.sqrt(bars[t + 1]), sigma: Math.sqrt(1 - bars[t + 1]), dAlpha: null, dSigma: null });
  return { name, tNoise: T - 1, tData: -1, T, coeffs, grid: (k) => trailingGrid(T, k), logSnr: (t) => { const c = coeffs(t); return 2 * Math.log(c.alpha / c.sigma); } };
}
export const trailingGrid = (T, k) => [...Array.from({ length: k }, (_, i) => Math.round(((k - i) * T) / k) - 1), -1];
export const leadingGrid = (T, k) => [...Array.from({ length: k }, (_, i) => (k - 1 - i) * Math.floor(T / k)), -1];
export const quadraticGrid = (T, k) => [...Array.from({ length: k }, (_, i) => Math.max(Math.floor((Math.sqrt(0.8 * T) * (k > 1 ? 1 - i / (k - 1) : 1)) ** 2), k - 1 - i)), -1];
export function targetRow(t, c) { return { eps: [0, 1], x0: [1, 0], v: [-c.sigma, c.alpha], u: [c.dAlpha, c.dSigma] }[t]; }
const comb = (a, x, b, y) => x.map((v, i) => a * v + b * y[i]);
export function solve(target, out, x, c) { const [a, b] = targetRow(target, c), d = c.alpha * b - c.sigma * a; return { x0: comb(b / d, x, -c.sigma / d, out), eps: comb(c.alpha / d, out, -a / d, x) }; }
export const velocity = (e, c) => comb(c.dAlpha, e.x0, c.dSigma, e.eps);
export function mixture({ weights, means, variances, labels }) {
  const M = weights.length;
  const share = [0, 1].map((y) => weights.reduce((s, w, k) => s + (labels[k] === y ? w : 0), 0));
  const run = (x, c, y, use) => { const lg = new Float64Array(M); const n = x.length / 2;
    for (let i = 0; i < n; i++) { let mx = -Infinity; const yi = y ? y[i] : -1;
      for (let k = 0; k < M; k++) { if (yi >= 0 && labels[k] !== yi) { lg[k] = -Infinity; continue; } let l = Math.log(weights[k]); for (let d = 0; d < 2; d++) { const tau = c.alpha ** 2 * variances[2 * k + d] + c.sigma ** 2, r = x[2 * i + d] - c.alpha * means[2 * k + d]; l -= 0.5 * (r * r / tau + Math.log(2 * Math.PI * tau)); } lg[k] = l; if (l > mx) mx = l; }
      use(i, lg, mx, yi); } };
  return { dim: 2, classes: 2,
    sample(n, g) { const x = new Float64Array(2 * n), y = new Int32Array(n); for (let i = 0; i < n; i++) { const k = Math.floor(g.uniform() * M); y[i] = labels[k]; for (let d = 0; d < 2; d++) x[2 * i + d] = means[2 * k + d] + Math.sqrt(variances[2 * k + d]) * g.normal(); } return { x, y }; },
    logProb(x, c, y) { const o = new Float64Array(x.length / 2); run(x, c, y, (i, lg, mx, yi) => { let s = 0; for (const l of lg) s += Math.exp(l - mx); o[i] = mx + Math.log(s) - (yi >= 0 ? Math.log(share[yi]) : 0); }); return o; },
    estimate(x, c, y) { const x0 = new Float64Array(x.length), eps = new Float64Array(x.length); run(x, c, y, (i, lg, mx) => { let s = 0; for (let k = 0; k < M; k++) { const p = Math.exp(lg[k] - mx); if (p < 1e-12) continue; s += p; for (let d = 0; d < 2; d++) { const v = variances[2 * k + d], m = means[2 * k + d], tau = c.alpha ** 2 * v + c.sigma ** 2, r = x[2 * i + d] - c.alpha * m; x0[2 * i + d] += p * (m + (c.alpha * v / tau) * r); eps[2 * i + d] += p * (c.sigma / tau) * r; } } for (let d = 0; d < 2; d++) { x0[2 * i + d] /= s; eps[2 * i + d] /= s; } }); return { x0, eps }; } };
}
export const oracle = (m, path) => ({ path, dim: 2, estimate: (x, t, y) => m.estimate(x, path.coeffs(t), y) });
export function embedding(t, dim, s = 1, mp = 10000) { const h = dim / 2, o = new Float64Array(dim); for (let i = 0; i < h; i++) { const a = s * t * Math.exp((-Math.log(mp) * i) / h); o[i] = Math.sin(a); o[h + i] = Math.cos(a); } return o; }
export const mlp = () => ({}); export const learned = () => ({});
export const guided = (model, scale, interval = null) => ({ path: model.path, estimate(x, t, y) { const c = model.path.coeffs(t), r = c.sigma / c.alpha; const e = model.estimate(x, t, y); if (interval && !(r >= interval[0] && r <= interval[1])) return e; const u = model.estimate(x, t, null); return { x0: comb(1 - scale, u.x0, scale, e.x0), eps: comb(1 - scale, u.eps, scale, e.eps) }; } });
const R = (f, calls, velocity = false) => Object.assign(f, { calls, velocity });
export const euler = R((p) => comb(1, p.x, p.h, velocity(p.estimate, p.cT)), 1, true);
const slope = (p, x, t) => velocity(p.model.estimate(x, t, p.y), p.model.path.coeffs(t));
export const heun = R((p) => { const k1 = velocity(p.estimate, p.cT), k2 = slope(p, comb(1, p.x, p.h, k1), p.s); return p.x.map((v, i) => v + (p.h / 2) * (k1[i] + k2[i])); }, 2, true);
export const rk4 = R((p) => { const m = (p.t + p.s) / 2, h = p.h, k1 = velocity(p.estimate, p.cT), k2 = slope(p, comb(1, p.x, h / 2, k1), m), k3 = slope(p, comb(1, p.x, h / 2, k2), m), k4 = slope(p, comb(1, p.x, h, k3), p.s); return p.x.map((v, i) => v + (h / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i])); }, 4, true);
const tv = (a, b) => Math.max(a.sigma ** 2 - ((a.alpha / b.alpha) * b.sigma) ** 2, 0), pv = (a, b) => tv(a, b) * (b.sigma / a.sigma) ** 2;
export const ddim = (eta = 0) => R((p) => { const s = eta * Math.sqrt(pv(p.cT, p.cS)), k = Math.sqrt(Math.max(p.cS.sigma ** 2 - s * s, 0)); const x = comb(p.cS.alpha, p.estimate.x0, k, p.estimate.eps); return s ? x.map((v) => v + s * p.generator.normal()) : x; }, 1);
export const ancestral = (variance = "beta_tilde") => R((p) => { if (variance === "beta_tilde" || p.cS.sigma === 0) return ddim(1)(p); const k = Math.sqrt(Math.max(p.cS.sigma ** 2 - pv(p.cT, p.cS), 0)), s = Math.sqrt(tv(p.cT, p.cS)); return comb(p.cS.alpha, p.estimate.x0, k, p.estimate.eps).map((v) => v + s * p.generator.normal()); }, 1);
const hl = (c) => Math.log(c.alpha / c.sigma);
export const dpmpp2m = R((p) => { let x0 = p.estimate.x0; if (p.before) { const h = hl(p.cS) - hl(p.cT), hb = hl(p.cT) - hl(p.before[0]); if (isFinite(h) && isFinite(hb)) x0 = comb(1 + h / (2 * hb), x0, -h / (2 * hb), p.before[1].x0); } const r = p.cS.sigma / p.cT.sigma; return comb(r, p.x, p.cS.alpha - r * p.cT.alpha, x0); }, 1);
export function* walk(model, x, grid, rule, { y = null, generator = null } = {}) { let before = null; for (let i = 0; i + 1 < grid.length; i++) { const [t, s] = [grid[i], grid[i + 1]], estimate = model.estimate(x, t, y), cT = model.path.coeffs(t), cS = model.path.coeffs(s); yield { t, x, estimate }; x = rule({ model, y, t, s, h: s - t, cT, cS, x, estimate, before, generator }); before = [cT, estimate]; } yield { t: grid.at(-1), x, estimate: null }; }
const proj = (x, P) => Array.from({ length: P }, (_, j) => { const a = ((j + 0.5) * Math.PI) / P, c = Math.cos(a), s = Math.sin(a); return Float64Array.from({ length: x.length / 2 }, (_, i) => c * x[2 * i] + s * x[2 * i + 1]).sort(); });
export const quantiles = (y, P = 64) => proj(y, P);
export function slicedWasserstein(x, q, P = 64) { const a = proj(x, P), b = Array.isArray(q) ? q : proj(q, P), n = a[0].length, m = b[0].length; let tot = 0; for (let j = 0; j < P; j++) { let i = 0, k = 0, u = 0; while (i < n && k < m) { const e = Math.min((i + 1) / n, (k + 1) / m); tot += (e - u) * (a[j][i] - b[j][k]) ** 2; u = e; if (e >= (i + 1) / n - 1e-12) i++; if (e >= (k + 1) / m - 1e-12) k++; } } return Math.sqrt(tot / P); }
