// Ask the self-test's memory and schedule: node memory.mjs < [[name, ...arguments], ...]   ->   [result or {error}, ...]
// An argument {date} is a moment. "story" plays answers to one question: [[moment, right], ...] -> the record after each.

import { readFileSync } from "node:fs";
import * as memory from "../../tools/site/self_test_js/memory.js";
import * as schedule from "../../tools/site/self_test_js/schedule.js";

const story = (answers) => {
  let record;
  return answers.map(([when, right]) => (record = memory.learnt(record, "x", right, new Date(when))));
};

/** Two tabs with one storage; the first writes again after the second has written. */
const tabs = (text) => {
  const kept = new Map(text ? [["self-test", text]] : []);
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const [one, two] = [memory.open(() => storage), memory.open(() => storage)];
  two.update((state) => (state.questions["q-two:00000000"] = { given: "2" }));
  one.update((state) => (state.questions["q-one:00000000"] = { given: "1" }));
  return { kept: kept.get("self-test"), keeps: one.keeps, why: one.why, state: one.state };
};

/** A storage that takes `room` characters, or refuses itself. */
const refused = (room) => {
  let kept = null;
  const setItem = (_, value) => {
    if (value.length > room) throw new Error("full");
    kept = value;
  };
  const storage = { getItem: () => kept, setItem, removeItem: () => {} };
  const it = memory.open(() => { if (room < 0) throw new Error("no"); return storage; });
  it.update((state) => (state.questions["q-one:00000000"] = { given: "1" }));
  it.update((state) => (state.questions["q-two:00000000"] = { given: "2" }));
  return { keeps: it.keeps, why: it.why, questions: Object.keys(it.state.questions) };
};

const results = JSON.parse(readFileSync(0, "utf8")).map(([name, ...given]) => {
  const values = given.map((it) => (it?.date ? new Date(it.date) : it));
  try {
    return ({ story, tabs, refused, ...memory, ...schedule }[name](...values)) ?? null;
  } catch (error) {
    if (error instanceof memory.MemoryError) return { error: error.message };
    throw error;
  }
});
console.log(JSON.stringify(results));
