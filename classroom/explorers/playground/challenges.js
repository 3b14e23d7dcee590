// Three things to try that have an end. The page hands over what it has measured, {state, points, step, loss, floor, exact, net}: loss,
// the smoothed loss of the net in training, and floor, the mean of its floor, or null; exact and net, what `judge` says of their
// samples for this state, against its class where one is chosen, or null where there are none.

import { withChoice } from "./choose.js";
import { clean } from "./state.js";

// Off: with these calls and the best rule the exact answer has 2 %; a net of the default's size 20 % after 3,000 steps and 9 % after
// 10,000; the largest net 6 %.
const [CALLS, NEAR, OFF] = [8, 1.5, 0.1];
const BELOW = 0.8; // of its floor: the mean of a hundred steps does not scatter so far
const [STRONG, LOST] = [3, 0.1];

const checkerboard = () => withChoice(clean({ calls: CALLS }), "kind", "checkerboard");

/** Each is {id, title, goal, hint, start, met}: start() is a state to begin with, met(facts) says whether it is done. */
export const CHALLENGES = [
  {
    id: "eight-calls",
    title: "Eight calls",
    goal: `Train a net that draws the checkerboard in ${CALLS} network calls, within ${NEAR} times the distance of a perfect sample, and with at most ${100 * OFF} % of the samples off the data.`,
    hint: "The exact answer with Euler misses it, too, so no training helps. Try other rules and paths with the exact answer first: one of them leaves few samples off as well. Then train, for 10,000 steps or with a wider and deeper net.",
    start: checkerboard,
    met({ state, net }) {
      const { kind, bandwidth } = checkerboard();
      const same = state.kind === kind && state.bandwidth <= bandwidth && state.label === null;
      return same && state.calls <= CALLS && net !== null && net.times !== null && net.times <= NEAR && net.off <= OFF;
    },
  },
  {
    id: "below-the-floor",
    title: "Too good to be true",
    goal: "Make the loss of a net fall well below the floor of what was meant, and look at its samples.",
    hint: "No net can answer better than the exact one. Only a mistake leads well below that floor: two of the four do.",
    start: () => clean({}),
    met: ({ step, loss, floor }) => step >= 200 && loss !== null && floor !== null && loss < BELOW * floor,
  },
  {
    id: "lost-by-guidance",
    title: "What guidance leaves out",
    goal: `Draw data of two classes of which guidance with w = ${STRONG} leaves out a part: a tenth of a class has no exact sample near it.`,
    hint: "Guidance moves away from the other class. Draw class A in two pieces, one of them close to B.",
    start: () => withChoice(withChoice(clean({ kind: "drawn", bandwidth: 0.15, calls: 40 }), "label", 0), "scale", STRONG),
    met: ({ state, exact }) =>
      state.kind === "drawn" && state.label !== null && state.scale === STRONG && state.calls >= 20 && exact !== null && exact.lost >= LOST,
  },
];
