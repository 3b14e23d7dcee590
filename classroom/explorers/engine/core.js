// The mathematics of the playground: that of all explorers, and what trains nets and runs transformers. Pages that do not ask for the
// engine do not carry it.

export * from "../core.js";
export * from "../core/kernels.js";
export * from "../core/simd.js";
export * from "../core/training.js";
export * from "../core/transformer.js";
export * from "../core/weights.js";
