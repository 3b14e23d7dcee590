// What an answer is: right, one of the mistakes that the question knows, or something else. No page is needed for it.
//
// A question (from book/questions, by way of the page) and an answer of its kind:
//   choice   {right: [index]}                           index
//   several  {right: [index, ...], count}               [index, ...]
//   number   {answer, tolerance, wrong: [number, ...]}  text
//   formula  {names, answer, wrong: [formula, ...]}     text
//   order    {count, wrong: [[index, ...], ...]}        [index, ...], where 0, 1, 2, ... is right
// A verdict is {right, cases, said}: which feedback to show ("right", "else", the index of an option or of a known mistake),
// and sentences that only this answer gets.

import { parse, readings } from "./formula.js";

const POINTS = 20;

export function judge(question, given) {
  return { choice, several, number, formula, order }[question.kind](question, given);
}

const verdict = (right, cases, ...said) => ({ right, cases, said });

function choice({ right }, index) {
  return verdict(right.includes(index), [index]);
}

function several({ right, count }, ticked) {
  const wrong = ticked.filter((i) => !right.includes(i));
  const missing = right.filter((i) => !ticked.includes(i));
  if (!wrong.length && !missing.length) return verdict(true, ["right"]);
  const good = count - wrong.length - missing.length;
  return verdict(false, wrong, `${good} of ${count} boxes are as they should be.`, ...(wrong.length ? [] : ["All you ticked is right, and something is missing."]));
}

function number({ answer, tolerance, wrong }, text) {
  return best(readings(text), (read) => {
    const value = read.at({});
    const near = (target) => Math.abs(value - target) <= tolerance * Math.max(Math.abs(target), 1e-9); // a zero is a zero
    const said = read.note ? [read.note] : Number.isFinite(Number(text)) ? [] : [`Read as ${Number(value.toPrecision(6))}.`];
    if (!Number.isFinite(value)) return verdict(false, ["else"], ...said, "That is no finite number.");
    if (near(answer)) return verdict(true, ["right"], ...said);
    const known = wrong.findIndex(near);
    return verdict(false, [known < 0 ? "else" : known], ...said);
  });
}

function formula({ names, answer, wrong }, text) {
  const known = Object.keys(names);
  const points = sample(names);
  const values = (written) => points.map(parse(written, known).at);
  return best(readings(text, known), (read) => {
    const mine = points.map(read.at);
    const said = [`Read as ${read.text}.`, ...(read.note ? [read.note] : [])];
    const bad = mine.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) return verdict(false, ["else"], ...said, `It has no value at ${where(points[bad])}.`);
    const truth = values(answer);
    const same = (theirs) => mine.every((value, i) => Math.abs(value - theirs[i]) <= 1e-6 * (1 + Math.abs(theirs[i])));
    if (same(truth)) return verdict(true, ["right"], ...said);
    const mistake = wrong.findIndex((written) => same(values(written)));
    if (mistake >= 0) return verdict(false, [mistake], ...said);
    const factor = mine[0] / truth[0];
    if (factor && same(truth.map((value) => factor * value))) {
      return verdict(false, ["else"], ...said, Math.abs(factor + 1) < 1e-6 ? "All that is wrong is the sign." : `All that is wrong is a factor: yours is ${Number(factor.toPrecision(4))} times the answer.`);
    }
    const far = mine.findIndex((value, i) => Math.abs(value - truth[i]) > 0.01 * (1 + Math.abs(truth[i])));
    const at = far < 0 ? 0 : far;
    return verdict(false, ["else"], ...said, `At ${where(points[at])} yours is ${short(mine[at])}, and the answer is ${short(truth[at])}.`);
  });
}

/** The verdict on the reading that is right, or else a known mistake, or else the likeliest. */
function best(all, judged) {
  const verdicts = all.map(judged);
  return verdicts.find((it) => it.right) ?? verdicts.find((it) => it.cases[0] !== "else") ?? verdicts[0];
}

function order({ count, wrong }, given) {
  if (given.every((item, place) => item === place)) return verdict(true, ["right"]);
  const known = wrong.findIndex((mistake) => mistake.every((item, place) => item === given[place]));
  const first = given.findIndex((item, place) => item !== place);
  const said = first ? `From the top, ${first} of ${count} ${first === 1 ? "is" : "are"} in place.` : "The first one is not in its place yet.";
  return verdict(false, [known < 0 ? "else" : known], said);
}

/** The same points for everybody: names {name: [low, high]}, or {name: formula in the names before it}. */
function sample(names) {
  let state = 1;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0; // mulberry32
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({ length: POINTS }, () => {
    const point = {};
    for (const [name, range] of Object.entries(names)) {
      point[name] = Array.isArray(range) ? range[0] + (range[1] - range[0]) * uniform() : parse(range, Object.keys(point)).at(point);
    }
    return point;
  });
}

const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
const where = (point) => Object.entries(point).map(([name, value]) => `${name} = ${short(value)}`).join(", ");
