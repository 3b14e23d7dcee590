// The grid of the plane on which drawn points lie, so that an address can keep them: 1024 places along each axis.

const [LOW, LEVELS] = [-3.2, 1024];
export const STEP = 0.00625;
export const EDGE = { low: LOW, high: LOW + STEP * (LEVELS - 1) };

/** The number of a coordinate's place, 0 to 1023, and back. */
export const level = (value) => Math.min(LEVELS - 1, Math.max(0, Math.round((value - LOW) / STEP)));
export const place = (level) => Number((LOW + STEP * level).toFixed(5));
/** A coordinate as the address keeps it. */
export const snap = (value) => place(level(value));
