// Reads a short formula the way one writes it: 2a for a product, ^ for a power, Greek letters or their names, LaTeX.
//
//   sum     := product (("+" | "-") product)*
//   product := unary (("*" | "/") unary | power)*        two things side by side are multiplied
//   unary   := ("-" | "+") unary | power
//   power   := percent ("^" unary)?                      so -a^2 is -(a^2), and a^b^c is a^(b^c)
//   percent := atom "%"*
//   atom    := number | name | call | "(" sum ")"
//   call    := function ("^" unary)? "(" sum ")" | \frac part part | \sqrt ("[" sum "]")? part
//   part    := "(" sum ")" | number | name               of \frac12 each takes one digit

import { FormulaError, FUNCTIONS, split, stop } from "./tokens.js";

export { FormulaError };

const [SUM, DIVISION, PRODUCT, POWER, ATOM] = [1, 2, 3, 4, 5]; // how tightly a piece holds together, for the brackets
const EARLIER = { abar: "abar_before" }; // what \bar\alpha_{t-1} is called here

/** All that a text may mean in the given names, the likeliest first: [{text, at, note}]. 1,573 is 1.573 or 1573. */
export function readings(typed, names = []) {
  const tokens = split(typed);
  const doubtful = tokens.find((token) => token.other !== undefined);
  const [only] = tokens.filter((token) => token.number !== undefined);
  if (!names.length && tokens.every(({ sign, number }) => number !== undefined || sign === "+" || sign === "-") && only?.dotted) {
    const thousands = tokens.map((token) => ({ ...token, number: token.dotted ?? token.number, text: String(token.dotted ?? token.text) }));
    return [parsed(tokens, names), { ...parsed(thousands, names), note: `I read “${only.text}” as ${only.dotted}. A decimal point would make it ${only.number}.` }];
  }
  if (!doubtful) return [parsed(tokens, names)];
  const [decimal, whole] = [doubtful.number, doubtful.other];
  const thousands = tokens.map((token) => (token.other === undefined ? token : { ...token, number: token.other }));
  return [
    { ...parsed(tokens, names), note: `I read “${doubtful.text}” as ${decimal}, with a decimal comma. If you mean a number above a thousand, write ${whole}.` },
    { ...parsed(thousands, names), note: `I read “${doubtful.text}” as ${whole}. If you mean a decimal comma, write ${decimal}.` },
  ];
}

/** A formula in the given names: {text, at}, how it was understood and its value at a point {name: number}. */
export function parse(typed, names = []) {
  return readings(typed, names)[0];
}

function parsed(given, names) {
  const tokens = given.flatMap(apart);
  let next = 0;
  if (!tokens.length) throw new FormulaError("Nothing is written here yet.");
  const whole = sum();
  const after = tokens[next];
  if (after) stop(after.sign === ")" || after.sign === "]" ? "There is one closing bracket too many" : `I cannot read on at “${after.text}”`, after.at, "Take it away, or write what is missing before it.");
  return whole;

  function taken(...signs) {
    const sign = tokens[next]?.sign;
    return sign && signs.includes(sign) ? tokens[next++] : undefined;
  }

  function sum() {
    let left = product();
    for (let sign; (sign = taken("+", "-")); ) {
      const [a, b] = [left, product()];
      left = sign.sign === "+" ? piece(SUM, `${a.text} + ${inside(b, DIVISION)}`, (p) => a.at(p) + b.at(p)) : piece(SUM, `${a.text} − ${inside(b, DIVISION)}`, (p) => a.at(p) - b.at(p));
    }
    return left;
  }

  function product() {
    let left = unary();
    for (;;) {
      const sign = taken("*", "/")?.sign;
      const beside = !sign && begins(tokens[next]);
      if (!sign && !beside) return left;
      const [before, token] = [tokens[next - 1], tokens[next]];
      if (beside && before.number !== undefined && token.number !== undefined) stop(`Two numbers stand side by side, “${before.text} ${token.text}”`, token.at, "Put * between them, or write them as one.");
      const [a, b] = [left, sign ? unary() : power()];
      left = sign === "/" ? piece(DIVISION, `${inside(a, PRODUCT)} / ${inside(b, POWER)}`, (p) => a.at(p) / b.at(p)) : piece(PRODUCT, `${inside(a, PRODUCT)} · ${inside(b, POWER)}`, (p) => a.at(p) * b.at(p));
    }
  }

  function unary() {
    if (taken("+")) return unary();
    if (!taken("-")) return power();
    const a = unary();
    return piece(PRODUCT, `−${inside(a, POWER)}`, (p) => -a.at(p));
  }

  function power() {
    const base = percent();
    return taken("^") ? raised(base, unary()) : base;
  }

  function percent() {
    let whole = atom();
    while (taken("%")) {
      const a = whole;
      whole = piece(ATOM, `${inside(a, ATOM)}%`, (p) => a.at(p) / 100);
    }
    return whole;
  }

  function atom() {
    const open = taken("(", "[");
    if (open) return bracket(open);
    const token = tokens[next];
    const before = tokens[next - 1];
    if (!token) stop(`Something is missing after “${before.text}”`, before.at, "Write a number, a name or a bracket there.");
    if (token.sign) stop(next ? `Something is missing between “${before.text}” and “${token.text}”` : `A formula cannot begin with “${token.text}”`, token.at, "Write a number, a name or a bracket there.");
    next++;
    if (token.number !== undefined) return numeral(token);
    if (token.call === "frac") return fraction();
    return token.call ? call(token) : named(token);
  }

  function bracket(open) {
    const a = sum();
    if (!taken(")", "]")) stop("A bracket is not closed: the one", open.at, "Write “)” where it ends.");
    return a;
  }

  function fraction() {
    const [a, b] = [part("\\frac"), part("\\frac")];
    return piece(DIVISION, `${inside(a, PRODUCT)} / ${inside(b, POWER)}`, (p) => a.at(p) / b.at(p));
  }

  /** What a command is taken of: a bracket, a name, a number; of \frac12 one digit. */
  function part(of) {
    const mixed = of === "\\frac" && /^([a-z])(\d+)$/i.exec(tokens[next]?.text ?? "");
    if (mixed && names.includes(mixed[1]) && !resolved(tokens[next])) {
      const { at } = tokens[next]; // \frac x2
      tokens.splice(next, 1, { name: mixed[1], text: mixed[1], at }, { number: Number(mixed[2]), text: mixed[2], at: at + 1 });
    }
    const token = tokens[next];
    if (token?.number !== undefined && of !== "√" && /^\d\d+$/.test(token.text)) {
      tokens[next] = { ...token, number: Number(token.text.slice(1)), text: token.text.slice(1), at: token.at + 1 };
      return piece(ATOM, token.text[0], () => Number(token.text[0]));
    }
    if (!token || (token.sign && token.sign !== "(")) stop(`Something is missing after “${of}”`, tokens[next - 1].at, of === "\\frac" ? "Write \\frac{above}{below}, or above/below." : "Write sqrt(…) or \\sqrt{…}.");
    return atom();
  }

  function call({ call: name, tex, text, at }) {
    let exponent;
    if (name === "sqrt" && tex) {
      const open = text.startsWith("\\") && taken("[");
      const root = open ? bracket(open) : undefined;
      const a = part(text);
      return root ? raised(a, piece(DIVISION, `1 / ${inside(root, POWER)}`, (p) => 1 / root.at(p))) : piece(ATOM, `sqrt(${a.text})`, (p) => Math.sqrt(a.at(p)));
    }
    if (taken("^")) exponent = unary(); // cos²(x) is (cos x)²
    if (exponent?.text.startsWith("−")) stop(`I do not read “${text}” with a negative power`, at, `Write 1/${name}(…).`);
    const open = taken("(", "[");
    const alone = !open && tex && (tokens[next]?.name || tokens[next]?.number !== undefined) && !begins(tokens[next + 1]) && tokens[next + 1]?.sign !== "^";
    if (!open && !alone) stop(`Write ${name}(…), with brackets around what it is taken of; they are missing`, at);
    const a = open ? bracket(open) : atom();
    const value = piece(ATOM, `${name}(${a.text})`, (p) => FUNCTIONS[name](a.at(p)));
    return exponent ? raised(value, exponent) : value;
  }

  function named(token) {
    const name = resolved(token);
    if (name) return piece(ATOM, name, (p) => p[name]);
    const own = token.sub === undefined ? token.name : `${token.name}_${token.sub}`;
    if (own === "pi") return piece(ATOM, "π", () => Math.PI);
    if (own === "e") return piece(ATOM, "e", () => Math.E);
    return stop(`I do not know “${token.text}”`, token.at, names.length ? `The names here are ${names.join(", ")}; put a space or * between two of them.` : "A number is asked for, such as 0.25, 0,25, 1/4, 25% or 2.5e-1.");
  }

  /** Nd is N d where these are names and the two together are none. */
  function apart(token) {
    const letters = token.name && token.sub === undefined && !resolved(token) ? [...token.name] : [];
    const several = letters.length > 1 && letters.every((it) => names.includes(it));
    return several ? letters.map((name, i) => ({ name, text: name, at: token.at + i })) : [token];
  }

  /** The name that is meant: alpha_t may be written for alpha, and \bar\alpha_{t-1} for abar_before. */
  function resolved({ name, sub }) {
    const earlier = ["t-1", "s", "prev"].includes(sub) && EARLIER[name];
    const whole = sub === undefined ? name : `${name}_${sub}`;
    const meant = [whole, earlier, ["t", "theta"].includes(sub) && name, sub?.length > 1 && name === "eps" && sub];
    return meant.find((it) => it && names.includes(it));
  }
}

const begins = (token) => token && (!token.sign || token.sign === "(" || token.sign === "[");
const numeral = ({ number, text, comma, other }) => piece(ATOM, comma || other !== undefined || /[^\d.e+-]/i.test(text) ? String(number) : text, () => number);
const piece = (level, text, at) => ({ level, text, at });
const raised = (base, exponent) => piece(POWER, `${inside(base, ATOM)}^${inside(exponent, ATOM)}`, (p) => base.at(p) ** exponent.at(p));
const inside = (a, level) => (a.level < level ? `(${a.text})` : a.text);
