// The same in Python: the lines of lib that do what is on the screen.

/** The lines, as one text, of a state. */
export function python(state) {
  return `from lib import two_moons_mixture\n\nmixture = two_moons_mixture()\n`;
}
