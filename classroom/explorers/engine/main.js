// The entry of the engine's bundle, a plain script that sets `knobEngine`: {start, core, source}.

export { start, serve } from "./start.js";
export * as core from "./core.js";
