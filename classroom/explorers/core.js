// The mathematics of the explorers. Each module mirrors the module of lib with its name; a test holds the two together.

export * from "./core/data.js";
export * from "./core/diffusion.js";
export * from "./core/embedding.js";
export * from "./core/flow_map.js";
export * from "./core/flow_matching.js";
export * from "./core/grids.js";
export * from "./core/guidance.js";
export * from "./core/labels.js";
export * from "./core/learned.js";
export * from "./core/memorisation.js";
export * from "./core/metrics.js";
export * from "./core/mixture.js";
export * from "./core/mlp.js";
export * from "./core/oracle.js";
export * from "./core/prediction.js";
export * from "./core/samplers.js";
export * from "./core/seeding.js";
