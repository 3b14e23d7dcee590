// Cuts what was typed into tokens: plain text, Unicode (·, √, σ², ᾱₜ) and LaTeX (\frac{a}{b}, \bar\alpha_t) alike.
//
// A token knows its place, `at`, and is one of
//   {sign}         + - * / ^ % ( ) and [ ]; braces are brackets
//   {number}       0.5 and 0,5, 1e-3, 1,000,000; `other` is the second reading of 1,573: 1573 beside 1.573; `dotted` that of 1.573
//   {name, sub}    alpha, x_t, \bar\alpha_{t-1}; `tex` where a command began it
//   {call, tex}    sqrt, exp, ...; frac, which takes two

export const FUNCTIONS = { sqrt: Math.sqrt, exp: Math.exp, log: Math.log, ln: Math.log, sin: Math.sin, cos: Math.cos, abs: Math.abs };
const table = (entries) => Object.assign(Object.create(null), entries); // so that "constructor" is no entry
const GREEK = table({ α: "alpha", ᾱ: "abar", ā: "abar", β: "beta", γ: "gamma", ε: "eps", ϵ: "eps", η: "eta", θ: "theta", λ: "lambda", μ: "mu", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", ϕ: "phi" });
const SIGNS = table({ "·": "*", "×": "*", "⋅": "*", "∙": "*", "∗": "*", "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "÷": "/", "∕": "/", "⁄": "/", "**": "^", "{": "(", "}": ")" });
const COMMANDS = table({ cdot: "*", times: "*", ast: "*", div: "/", lbrace: "(", rbrace: ")", lbrack: "[", rbrack: "]" });
const NAMES = table({ epsilon: "eps", varepsilon: "eps", varphi: "phi", vartheta: "theta", eps: "eps" });
const LAYOUT = new Set(["left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl", "biggr", "quad", "qquad", "displaystyle", "textstyle", "limits", "nolimits"]);
const LETTERS = new Set(["mathrm", "mathbf", "mathit", "mathsf", "text", "textrm", "textit", "operatorname", "boldsymbol", "bm", "vec"]);
const HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
const LOW = "₀₁₂₃₄₅₆₇₈₉₊₋ₜₛ";
const PLAIN = "0123456789+-ts";
const FRACTIONS = table({ "½": 0.5, "⅓": 1 / 3, "⅔": 2 / 3, "¼": 0.25, "¾": 0.75, "⅕": 0.2, "⅛": 0.125 });
const GROUPS = /^\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d.,])/; // 1 000 000
const NUMBER = /^(?:\d+(?:[.,]\d+)*\.?|[.,]\d+)(?:e[+-]?\d+)?/i;
const LONGEST = 400;

/** What is wrong with what was typed, in a sentence for whoever typed it. */
export class FormulaError extends Error {}

/** Stops at a place of the text: what is wrong there, and what to write in its stead. */
export function stop(what, at, instead = "") {
  throw new FormulaError(`${what}${at === undefined ? "" : ` (place ${at + 1})`}.${instead && ` ${instead}`}`);
}

/** The tokens of a text. */
export function split(typed) {
  if (typed.length > LONGEST) stop(`That is longer than ${LONGEST} characters`, undefined, "Write the formula alone.");
  const text = bare(typed);
  const tokens = [];
  let at = 0;
  for (let rest; (rest = text.slice(at)); ) at += one(rest);
  return tokens;

  /** Reads one token at the beginning of `rest`, and says how long it is. */
  function one(rest) {
    let found;
    const before = tokens.at(-1);
    const add = (token, length) => (tokens.push({ at, text: rest.slice(0, length).trim(), ...token }), length);
    if ((found = /^(?:\s|\\[,;:!> ]|~|\\\\|&)+/.exec(rest))) return found[0].length;
    if ((found = GROUPS.exec(rest))) return add({ number: Number(found[0].replace(/\D/g, "")) }, found[0].length);
    if ((found = NUMBER.exec(rest)) && (/^\d/.test(rest) || !before || (before.sign && before.sign !== ")"))) return add(numeral(found[0], at), found[0].length);
    if (FRACTIONS[rest[0]]) return add({ number: FRACTIONS[rest[0]] }, 1);
    if (rest.startsWith("\\")) return command(rest, add);
    if (rest[0] === "√") return add({ call: "sqrt", tex: true }, 1);
    if ((found = new RegExp(`^[${HIGH}]+`).exec(rest))) return power(found[0]);
    if (GREEK[rest[0]]) return name(rest, { name: GREEK[rest[0]], tex: true }, 1, add);
    if ((found = /^(?:alpha_?bar|bar_?alpha)(?![a-z0-9])/.exec(rest))) return name(rest, { name: "abar" }, found[0].length, add);
    if ((found = /^[a-z][a-z0-9]*/i.exec(rest))) return word(rest, found[0], add);
    const sign = rest.startsWith("**") ? "**" : rest[0];
    if (SIGNS[sign] ?? ("+-*/^%()[]".includes(sign) && sign)) return add({ sign: SIGNS[sign] ?? sign }, sign.length);
    if ("=≈".includes(sign)) stop("Write one side only, without “=”", at);
    if (sign === ",") stop("I cannot read “,” here", at, "Write decimals as 0.5 or 0,5, and nothing else with a comma.");
    return stop(`I cannot read “${String.fromCodePoint(rest.codePointAt(0))}”`, at, "Write names, numbers, + − * / ^ and brackets, or LaTeX.");
  }

  /** σ² and 10⁻³: a power written high. */
  function power(high) {
    const exponent = [...high].map((it) => "0123456789+-"[HIGH.indexOf(it)]).join("");
    if (!/^[+-]?\d+$/.test(exponent)) stop(`I cannot read “${high}”`, at, "Write a power as ^2.");
    const minus = exponent.startsWith("-") ? [{ sign: "-" }] : [];
    for (const token of [{ sign: "^" }, ...minus, { number: Math.abs(Number(exponent)) }]) tokens.push({ at, text: high, ...token });
    return high.length;
  }

  /** A command of LaTeX. */
  function command(rest, add) {
    const found = /^\\([a-z]+|.)?/i.exec(rest);
    const [whole, word] = found;
    if (LAYOUT.has(word)) return whole.length + (/^\s*\./.exec(rest.slice(whole.length))?.[0].length ?? 0); // \left.
    if ("{}[]()%".includes(word ?? " ")) return add({ sign: SIGNS[word] ?? word }, whole.length);
    if (COMMANDS[word]) return add({ sign: COMMANDS[word] }, whole.length);
    if (/^[dtc]?frac$/.test(word)) return add({ call: "frac", tex: true }, whole.length);
    if (Object.hasOwn(FUNCTIONS, word)) return add({ call: word, tex: true }, whole.length);
    if (word === "bar" || word === "overline") {
      const over = /^\s*(?:\\alpha(?![a-z])|α|\{\s*(?:\\alpha|α)\s*\})/i.exec(rest.slice(whole.length));
      const with_sub = /^\s*\{\s*(?:\\alpha|α)(_(?:\{[^{}]*\}|\w))\s*\}/.exec(rest.slice(whole.length)); // \bar{\alpha_t}
      if (with_sub) return add({ name: "abar", sub: subscript(with_sub[1]).sub, tex: true }, whole.length + with_sub[0].length);
      if (!over) stop(`I know ${whole} over \\alpha alone`, at, "Write \\bar\\alpha, ᾱ or abar.");
      return name(rest, { name: "abar", tex: true }, whole.length + over[0].length, add);
    }
    if (LETTERS.has(word)) {
      const inside = /^\s*\{([^{}]*)\}/.exec(rest.slice(whole.length));
      const plain = inside?.[1].replaceAll("\\_", "_").replace(/^\\/, "").trim();
      if (!plain || !/^[a-z]\w*$/i.test(plain)) stop(`I cannot read what stands in ${whole}`, at, "Write its letters without the command.");
      const length = whole.length + inside[0].length;
      if (Object.hasOwn(FUNCTIONS, plain)) return add({ call: plain, tex: true }, length);
      return name(rest, { name: NAMES[plain] ?? plain, tex: true }, length, add);
    }
    const greek = NAMES[word] ?? (Object.values(GREEK).includes(word) && word !== "abar" ? word : undefined);
    if (!greek) stop(`I cannot read “${whole}”`, at, "Of LaTeX I know \\frac, \\sqrt, \\cdot, \\left and \\right, functions such as \\log, and Greek letters; write the rest in plain signs.");
    return name(rest, { name: greek, tex: true }, whole.length, add);
  }

  /** Letters: a function, or a name with what hangs below it. */
  function word(rest, letters, add) {
    const below = /^_\w+/.exec(rest.slice(letters.length));
    if (Object.hasOwn(FUNCTIONS, letters) && !below) return add({ call: letters }, letters.length);
    return name(rest, { name: NAMES[letters] ?? letters }, letters.length, add);
  }

  /** A name whose first `length` characters are read, and its subscript. */
  function name(rest, token, length, add) {
    const below = subscript(rest.slice(length), token.tex);
    return add({ ...token, sub: below.sub }, length + below.length);
  }
}

/** The subscript at the beginning of a text: {sub, length}. In LaTeX x_tz is x_t z; in plain text it is one name. */
function subscript(text, tex = false) {
  const low = new RegExp(`^_?([${LOW}]+)`).exec(text);
  if (low) return { sub: [...low[1]].map((it) => PLAIN[LOW.indexOf(it)]).join(""), length: low[0].length };
  const braces = /^\s*_\s*\{([^{}]*(?:\{[^{}]*\})?)\}/.exec(text);
  if (braces) return { sub: cleaned(braces[1]), length: braces[0].length };
  const sub = /^_(\\[a-z]+|θ)/i.exec(text) ?? (tex ? /^\s*_\s*([a-z]+(?=\W|$)|\w)/i : /^_(\w+)/).exec(text);
  return sub ? { sub: cleaned(sub[1]), length: sub[0].length } : { length: 0 };
}

const cleaned = (sub) => sub.replace(/\\(?:text|mathrm|operatorname)\{([^{}]*)\}/, "$1").replaceAll("−", "-").replace(/[\s\\]/g, "").replace("θ", "theta");

/** A number in digits: {number}, and the `other` reading where a comma may part the thousands. */
function numeral(written, at) {
  const [, digits, exponent] = /^(.*?)(e[+-]?\d+)?$/i.exec(written);
  const value = (text) => Number(text + (exponent ?? ""));
  const marks = digits.replace(/\d/g, "");
  const [first, last] = [marks[0], marks.at(-1)];
  if (marks === "." && /^[1-9]\d{0,2}\.\d{3}$/.test(written)) return { number: value(digits), dotted: value(digits.replace(".", "")) };
  if (marks === "" || marks === ".") return { number: value(digits) };
  if (marks === ",") {
    const decimal = { number: value(digits.replace(",", ".")), comma: true };
    return /^[1-9]\d{0,2},\d{3}$/.test(digits) ? { ...decimal, other: value(digits.replace(",", "")) } : decimal;
  }
  const decimals = marks.indexOf(last) === marks.length - 1 ? digits.lastIndexOf(last) : digits.length; // one mark that is no other's
  const whole = digits.slice(0, decimals);
  if (!/^\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*$/.test(whole)) stop(`I cannot tell the decimals of “${written}”`, at, "Write 1234.5 or 1234,5.");
  return { number: value(whole.replaceAll(first, "") + digits.slice(decimals).replace(last, ".")), comma: true };
}

/** One alphabet for all, and no $ ... $ around it. */
function bare(typed) {
  const text = typed
    .normalize("NFC")
    .replace(/[\u{1d400}-\u{1d7ff}\uff01-\uff5e\ufe63]/gu, (letter) => letter.normalize("NFKC")) // letters of mathematics: 𝜎, 𝑥; full width: （１）
    .replace(/(?<!\\[a-z]*\s*)\{\s*(\\(?:bar|overline)\s*(?:\\alpha|\{\s*\\alpha\s*\})|\\[a-z]+)\s*\}(?=\s*_)/gi, "$1") // {\bar\alpha}_t
    .replace(/(?<![\\.,;])[.,;]\s*$/, (end, at, all) => (/\\(?:left|right|[bB]igg?[lr]?)\s*$/.test(all.slice(0, at)) ? end : "")) // the end of a sentence
    .replaceAll("α\u0305", "ᾱ") // a line above, for a macron
    .replaceAll("{,}", ",")
    .replace(/(?<=\d)\\,(?=\d{3})/g, "\u2009"); // 1\,000
  const inside = /^\s*(?:\$\$?([^$]*)\$\$?|\\\(([^]*)\\\)|\\\[([^]*)\\\])\s*$/.exec(text);
  return inside ? (inside[1] ?? inside[2] ?? inside[3]) : text;
}
