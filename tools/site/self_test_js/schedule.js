// Which questions each way of practice asks, and in which order. No page is needed for it.

import { day, isDue } from "./memory.js";

/** The questions that were answered and never yet right. */
export const wrong = (records) => records.filter(([, record]) => record && record.right === false && !record.solved).map(([id]) => id);

/** The questions that return today, longest overdue first. */
export function due(records, now) {
  return records
    .filter(([, record]) => isDue(record, now))
    .sort(([, a], [, b]) => (a.due < b.due ? -1 : a.due > b.due ? 1 : 0))
    .map(([id]) => id);
}

/** When the next questions return after today, and how many: {day, count}, or nothing. */
export function next(records, now) {
  const days = records.filter(([, record]) => record?.due && !isDue(record, now)).map(([, record]) => record.due);
  const first = days.sort()[0];
  return first && { day: first, count: days.filter((it) => it === first).length };
}

/** All questions in an order that hangs on the seed alone (and on which questions there are). */
export function mixed(ids, seed) {
  let state = seed | 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0; // mulberry32
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
  const order = [...ids];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
