// The mathematics and the engine, from the engine's bundle: a page loads it before the playground's, which does not carry it again.

export const { core, start } = globalThis.knobEngine;
