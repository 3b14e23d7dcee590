// What this browser keeps of the self-test: one object, on every page the same.
//
//   {version: 2, mode, mixed: {seed, at, since}, questions: {"q-id:edition": record}}
//   record: {given, right, when, solved, box, due}
//     given, right, when   the answer that was checked last, its verdict, and the time of it
//     solved               the day of the first right answer; nothing takes it away
//     box, due             how often the question has returned with success, and the day when it returns next
//
// Before there were versions it was {"q-id:edition": answer}; such a memory is read, too.

export const VERSION = 2;
export const DAYS = [1, 3, 7, 21]; // a question returns after these, one after the other (Leitner's boxes)
const KEY = "self-test";
const QUESTION = /^q-[\w-]+:[0-9a-f]{8}$/;

/** What is wrong with a saved text, in a sentence for whoever wants it read. */
export class MemoryError extends Error {}

export const empty = () => ({ version: VERSION, mode: "chapters", questions: {} });

/** A day of the reader's calendar, so many days after a moment: 2026-11-30. */
export function day(now, after = 0) {
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + after);
  return [String(date.getFullYear()).padStart(4, "0"), ...[date.getMonth() + 1, date.getDate()].map((it) => String(it).padStart(2, "0"))].join("-");
}

/** Whether a question returns today. A day further away than the last box comes from a clock that was ahead. */
export const isDue = (record, now) => Boolean(record?.due) && (record.due <= day(now) || record.due > day(now, DAYS.at(-1) + 1));

/** The record after one more answer. A right one that is due goes on to the next box, a wrong one back to the first; an answer
 * to a question that is not due leaves its day as it is. */
export function learnt(record, given, right, now) {
  const first = !record?.due;
  const moves = first || isDue(record, now);
  const box = first ? 0 : !moves ? record.box : right ? Math.min(record.box + 1, DAYS.length - 1) : 0;
  const solved = record?.solved ?? (right ? day(now) : undefined);
  return { given, right, when: now.toISOString(), ...(solved && { solved }), box, due: moves ? day(now, DAYS[box]) : record.due };
}

/** A saved text as a memory. What does not fit is a MemoryError, or, with `lenient`, left out. */
export function read(text, lenient = false) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new MemoryError(text.trim() ? "This is not what “Save as a file” or “Show as text” gives, or a part of it is missing." : "There is no text to read yet.");
  }
  if (found?.constructor !== Object) throw new MemoryError("This is not what “Save as a file” or “Show as text” gives: it should begin with “{”.");
  if (found.version > VERSION) throw new MemoryError(`This was saved by a newer edition of this page (version ${found.version}; this one knows ${VERSION}).`);
  const old = found.version === undefined; // answers without a record
  const questions = {};
  const entries = old ? Object.entries(found).map(([id, given]) => [id, { given }]) : Object.entries(Object(found.questions));
  if (!lenient && (old ? !entries.length : found.questions?.constructor !== Object)) throw new MemoryError("No answers stand in this text.");
  for (const [id, record] of entries) {
    const wrong = !QUESTION.test(id) ? "is no question" : fault(record);
    if (!wrong) questions[id] = record;
    else if (!lenient) throw new MemoryError(`The entry “${id.slice(0, 40)}” ${wrong}.`);
  }
  const memory = { ...empty(), questions };
  if (typeof found.mode === "string" && !old) memory.mode = found.mode;
  const { seed, at, since } = Object(old ? {} : found.mixed);
  if (Number.isInteger(seed) && Number.isInteger(at) && at >= 0 && isTime(since)) memory.mixed = { seed, at, since };
  return memory;
}

const isTime = (text) => typeof text === "string" && !Number.isNaN(Date.parse(text));
const isDay = (text) => typeof text === "string" && /^\d{4}-\d\d-\d\d$/.test(text) && isTime(text);

/** What is wrong with a record; undefined where nothing is. */
function fault(record) {
  if (record?.constructor !== Object) return "is no record of an answer";
  const { given, right, when, solved, box, due } = record;
  const whole = (it) => Number.isInteger(it) && it >= 0;
  if (!(typeof given === "string" || whole(given) || (Array.isArray(given) && given.every(whole)))) return "has no answer";
  if (right === undefined && when === undefined && due === undefined) return undefined; // of an old memory
  if (typeof right !== "boolean" || !isTime(when)) return "does not say whether and when it was answered";
  if (!isDay(due) || !whole(box) || box >= DAYS.length || (solved !== undefined && !isDay(solved))) return "has no proper date";
  return undefined;
}

/** Two memories as one: of each question the later answer, and the day of the first right one of both. */
export function merged(mine, theirs) {
  const questions = { ...mine.questions };
  for (const [id, record] of Object.entries(theirs.questions)) {
    const own = questions[id];
    const [older, newer] = own && (own.when ?? "") > (record.when ?? "") ? [record, own] : [own, record];
    const solved = [older?.solved, newer.solved].filter(Boolean).sort()[0];
    const judged = newer.right === undefined && older ? older : newer;
    questions[id] = { ...judged, ...(solved && { solved }) };
  }
  return { ...mine, questions };
}

/** The memory of this browser: {state, keeps, why, update, forget, reload}. `keeps` is false where nothing can be kept. */
export function open(storage) {
  const memory = { state: empty(), keeps: true, why: "", update, forget, reload };
  reload();
  return memory;

  function reload() {
    if (!memory.keeps) return;
    try {
      const text = storage().getItem(KEY);
      memory.state = text === null ? empty() : read(text, true);
    } catch (error) {
      memory.state = empty();
      if (!(error instanceof MemoryError)) refuse("This browser keeps nothing for this page: your answers last until you leave it.");
      else if (error.message.includes("newer")) refuse("This browser holds answers of a newer edition of this page, and they are left as they are. What you answer here lasts until you leave the page.");
    }
  }

  /** Changes the state; what another tab has kept meanwhile stays. */
  function update(change) {
    reload();
    change(memory.state);
    try {
      if (memory.keeps) storage().setItem(KEY, JSON.stringify(memory.state));
    } catch {
      refuse("This browser keeps nothing more for this page: your answers last until you leave it. Save them as a file.");
    }
  }

  function forget() {
    memory.state = empty();
    try {
      if (memory.keeps) storage().removeItem(KEY);
    } catch {
      refuse("This browser keeps nothing for this page: your answers last until you leave it.");
    }
  }

  function refuse(why) {
    Object.assign(memory, { keeps: false, why });
  }
}
