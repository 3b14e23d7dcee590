// A state as the fragment of an address, and back: `play&kind=spiral&target=v`, only what differs from DEFAULTS. What is drawn is a
// list of places on the grid, in rising order, as the differences of neighbours in base64url. A fragment is data of a stranger:
// whatever it holds, the outcome is a valid state.

import { MOST } from "./mixture.js";
import { level, place } from "./plane.js";
import { CHOICES, DEFAULTS, allowed, clean } from "./state.js";

const HEAD = "play";
const LONGEST = 12_000; // characters: three times what MOST points take

/** The fragment of a state, without #. */
export function encode(state) {
  const parts = [HEAD];
  for (const key of Object.keys(CHOICES)) if (state[key] !== DEFAULTS[key]) parts.push(`${key}=${encodeURIComponent(String(state[key]))}`);
  if (state.text !== DEFAULTS.text) parts.push(`text=${encodeURIComponent(state.text)}`);
  if (state.kind === "drawn" && state.cloud) parts.push(`points=${packed(state.cloud)}`);
  return parts.join("&");
}

/**
 * {state, note} of a fragment, with or without #. state is null for a fragment of something else, as a heading's; note is a sentence
 * where a part of ours could not be read, whose default then stands.
 */
export function decode(text) {
  const [head, ...parts] = String(text).replace(/^#/, "").slice(0, LONGEST + 1).split("&");
  if (head !== HEAD) return { state: null, note: null };
  if (String(text).length > LONGEST)
    return { state: clean({}), note: "This address is too long to be one of the playground's. It begins with the two moons." };
  const [given, lost] = [{}, new Set()];
  for (const part of parts) {
    const at = part.indexOf("=");
    const key = at < 0 ? part : part.slice(0, at);
    const value = read(key, part.slice(at + 1));
    if (value === undefined) lost.add(nameOf(key));
    else given[key === "points" ? "cloud" : key] = value;
  }
  const note = `Part of this address could not be read (${[...lost].join(", ")}); the usual values stand in for it.`;
  return { state: clean(given), note: lost.size ? note : null };
}

/** What a reader calls a part; nothing that the address says itself. */
function nameOf(key) {
  if (Object.hasOwn(CHOICES, key)) return CHOICES[key].label;
  return key === "points" || key === "text" ? key : "an unknown name";
}

/** The value that a part of the fragment says, or undefined. */
function read(key, said) {
  const text = unescaped(said);
  if (text === undefined) return undefined;
  if (key === "text") return text;
  if (key === "points") return unpacked(text) ?? undefined;
  if (!Object.hasOwn(CHOICES, key)) return undefined;
  const option = CHOICES[key].options?.find(({ value }) => String(value) === text);
  if (option) return option.value;
  return CHOICES[key].options || text === "" ? undefined : allowed(key, Number(text));
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The points of each class: how many, and the differences of their places. A byte holds 7 bits, and whether more follow. */
function packed({ x, y }) {
  const bytes = [];
  const put = (number) => {
    for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
    bytes.push(number);
  };
  for (const label of [0, 1]) {
    const codes = [...y].flatMap((own, i) => (own === label ? [1024 * level(x[2 * i + 1]) + level(x[2 * i])] : [])).sort((a, b) => a - b);
    put(codes.length);
    codes.forEach((code, i) => put(code - (codes[i - 1] ?? 0)));
  }
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** {x, y}, or null of what `packed` never made. */
function unpacked(text) {
  const bytes = bytesOf(text);
  if (!bytes) return null;
  let at = 0;
  const take = () => {
    for (let number = 0, bits = 0; at < bytes.length && bits < 28; bits += 7) {
      const byte = bytes[at++];
      number |= (byte & 127) << bits;
      if (byte < 128) return number;
    }
    return NaN;
  };
  const [x, y] = [[], []];
  for (const label of [0, 1]) {
    const count = take();
    if (!(count + y.length <= MOST)) return null;
    for (let i = 0, code = 0; i < count; i++) {
      code += take();
      if (!(code < 1024 * 1024)) return null;
      x.push(place(code % 1024), place(Math.floor(code / 1024)));
      y.push(label);
    }
  }
  return at === bytes.length && y.length ? { x: Float64Array.from(x), y: Int32Array.from(y) } : null;
}

function bytesOf(text) {
  if (!/^[\w-]+$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}
