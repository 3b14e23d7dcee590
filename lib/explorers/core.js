// The mathematics of the explorers. Each module mirrors the module of lib that it names; a test holds the two together.

export * from "./core/guidance.js";
export * from "./core/metrics.js";
export * from "./core/mixture.js";
export * from "./core/mlp.js";
export * from "./core/paths.js";
export * from "./core/prediction.js";
export * from "./core/samplers.js";
export * from "./core/seeding.js";
