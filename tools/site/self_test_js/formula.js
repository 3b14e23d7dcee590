// Reads a short formula the way one writes it: 2a for a product, ^ for a power, Greek letters or their names.
//
//   sum     := product (("+" | "-") product)*
//   product := unary (("*" | "/") unary | power)*        two things side by side are multiplied
//   unary   := ("-" | "+") unary | power
//   power   := percent ("^" unary)?                      so -a^2 is -(a^2), and a^b^c is a^(b^c)
//   percent := atom "%"*
//   atom    := number | name | function "(" sum ")" | "(" sum ")"

const FUNCTIONS = { sqrt: Math.sqrt, exp: Math.exp, log: Math.log, ln: Math.log, sin: Math.sin, cos: Math.cos, abs: Math.abs };
const GREEK = { α: "alpha", ᾱ: "abar", β: "beta", γ: "gamma", ε: "eps", ϵ: "eps", θ: "theta", λ: "lambda", π: "pi", ρ: "rho", σ: "sigma", τ: "tau" };
const SIGNS = { "·": "*", "×": "*", "⋅": "*", "−": "-", "–": "-", "÷": "/", "²": "^2", "³": "^3", "√": " sqrt ", "**": "^", "[": "(", "]": ")" };
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z_]\w*)|([-+*/^()%])|(\S))/giy;
const [SUM, DIVISION, PRODUCT, POWER, ATOM] = [1, 2, 3, 4, 5]; // how tightly a piece holds together, for the brackets

/** What is wrong with what was typed, in a sentence for whoever typed it. */
export class FormulaError extends Error {}

/** A formula in the given names: {text, at}, how it was understood and its value at a point {name: number}. */
export function parse(typed, names = []) {
  const tokens = split(spelled(typed));
  let next = 0;
  if (!tokens.length) throw new FormulaError("Nothing is written here yet.");
  const whole = sum();
  if (next < tokens.length) throw new FormulaError(tokens[next].sign === ")" ? "There is one closing bracket too many." : `I cannot read on at “${show(tokens[next])}”.`);
  return whole;

  function taken(...signs) {
    const sign = tokens[next]?.sign;
    return sign && signs.includes(sign) ? tokens[next++].sign : undefined;
  }

  function sum() {
    let left = product();
    for (let sign; (sign = taken("+", "-")); ) {
      const [a, b] = [left, product()];
      left = sign === "+" ? piece(SUM, `${a.text} + ${inside(b, DIVISION)}`, (p) => a.at(p) + b.at(p)) : piece(SUM, `${a.text} − ${inside(b, DIVISION)}`, (p) => a.at(p) - b.at(p));
    }
    return left;
  }

  function product() {
    let left = unary();
    for (;;) {
      const sign = taken("*", "/");
      const beside = !sign && next < tokens.length && (!tokens[next].sign || tokens[next].sign === "(");
      if (!sign && !beside) return left;
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
    if (!taken("^")) return base;
    const exponent = unary();
    return piece(POWER, `${inside(base, ATOM)}^${inside(exponent, ATOM)}`, (p) => base.at(p) ** exponent.at(p));
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
    if (taken("(")) return bracket();
    const token = tokens[next];
    if (!token) throw new FormulaError(`Something is missing after “${show(tokens[next - 1])}”.`);
    if (token.sign) throw new FormulaError(next ? `Something is missing between “${show(tokens[next - 1])}” and “${token.sign}”.` : `A formula cannot begin with “${token.sign}”.`);
    next++;
    if (token.number !== undefined) return piece(ATOM, token.number, () => Number(token.number));
    const { name } = token;
    if (names.includes(name)) return piece(ATOM, name, (p) => p[name]);
    if (name === "pi") return piece(ATOM, "π", () => Math.PI);
    if (Object.hasOwn(FUNCTIONS, name)) {
      if (!taken("(")) throw new FormulaError(`Write ${name}(…), with brackets around what it is taken of.`);
      const a = bracket();
      return piece(ATOM, `${name}(${a.text})`, (p) => FUNCTIONS[name](a.at(p)));
    }
    throw new FormulaError(`I do not know “${name}”. ${names.length ? `The names here are ${names.join(", ")}; put a space or * between two of them.` : "A number is asked for, such as 0.25, 1/4, 25% or 2.5e-1."}`);
  }

  function bracket() {
    const a = sum();
    if (!taken(")")) throw new FormulaError("A bracket is not closed.");
    return a;
  }
}

const piece = (level, text, at) => ({ level, text, at });
const inside = (a, level) => (a.level < level ? `(${a.text})` : a.text);
const show = (token) => token.sign ?? token.name ?? token.number;

/** The text in plain letters and signs. */
function spelled(typed) {
  const greek = (letter, at, all) => (all[at + letter.length] === "_" ? ` ${GREEK[letter]}` : ` ${GREEK[letter]} `);
  return typed
    .normalize("NFC")
    .replace(new RegExp(Object.keys(GREEK).join("|"), "g"), greek)
    .replace(/\*\*|[·×⋅−–÷²³√[\]]/g, (sign) => SIGNS[sign]);
}

/** Tokens: {number}, {name} or {sign}. */
function split(text) {
  const tokens = [];
  for (const [, number, name, sign, other] of text.trimEnd().matchAll(TOKEN)) {
    if (other === "=") throw new FormulaError("Write one side only, without “=”.");
    if (other === ",") throw new FormulaError("Write decimals with a point: 0.5.");
    if (other) throw new FormulaError(`I cannot read “${other}”.`);
    tokens.push({ number, name, sign });
  }
  return tokens;
}
