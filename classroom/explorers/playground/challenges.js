// Three things to try that have an end. `facts` is what the page has measured: {state, running, step, loss, floor: the loss floor's mean,
// exact, net: {times, off} of the samples shown (null before), calls: what they cost, spread: of perfect samples in floors}.

import { clean, withChoice } from "./state.js";

/** Each is {id, title, goal, hint, start, met}: start() a state to begin with, met(facts) whether it is done. */
export const CHALLENGES = [
  {
    id: "checkerboard-in-8",
    title: "Eight calls",
    goal: "Draw the checkerboard with a net and at most 8 network calls, within 1.5 times the distance of a perfect sample.",
    hint: "Ask the exact answer first which rule makes the most of eight calls. Then train until the loss lies on its floor.",
    start: () => withChoice(clean({ calls: 8 }), "kind", "checkerboard"),
    met: () => false,
  },
  {
    id: "blind-to-time",
    title: "A net that cannot tell the time",
    goal: "Find a t_scale at which training fails.",
    hint: "",
    start: () => clean({}),
    met: () => false,
  },
  {
    id: "lost-by-guidance",
    title: "What guidance loses",
    goal: "Draw data of which w = 3 loses a part.",
    hint: "",
    start: () => clean({ kind: "drawn" }),
    met: () => false,
  },
];
