// What the playground says of what was measured: under its panels, beside its buttons, and to those who listen.

import { num, percent } from "../stage.js";
import { figure, measured, recent, standing } from "./figures.js";
import { callsOf, netCallsOf } from "./recipe.js";

const tight = (share) => percent(share).replace(" ", "\u00a0");
const counted = (n, what) => `${n} ${n === 1 ? what : `${what}s`}`;
const grouped = (n) => n.toLocaleString("en");

/** A score: how far, what is off, and what is lost; or that it is not known yet, or never will be. */
export const score = (it) => (it ? (it.times === null ? it.note : `${num(it.times, 1)}× perfect, ${tight(it.off)} off, ${tight(it.lost)} lost`) : "measuring …");

/** What the words of a score say, of samples of so many points. */
export const scoreKey = (points) =>
  `“× perfect” is the distance of the samples from the data, in units of what a perfect sample of ${points} points scores: 1 is perfect, give or take chance. ` +
  "“Off” is the share of samples where the density is nearly zero, “lost” the share of the data with no sample near it. A perfect sample has about 1 % of each.";

/** The lines under the panels: {data, exact, net}. missing: lab.missing(). */
export function captions({ world, net }, missing) {
  const { state, exact } = world;
  const n = world.cloud.y.length;
  const texts = { data: n ? counted(n, "point") : "empty" };
  if (missing) return { ...texts, exact: world.mixture ? "not with these settings" : "no data yet", net: world.mixture ? "not with these settings" : "no data yet" };
  const fewer = netCallsOf(state) < callsOf(state) ? `, ${counted(netCallsOf(state), "call")}` : ""; // all that its schedule has
  const trained = net.step > 0 && world.net.walk !== null;
  if (state.show === "samples") {
    texts.exact = exact.walk ? `${counted(callsOf(state), "call")}: ${score(exact.judged)}` : "–";
    texts.net = trained ? `step ${grouped(world.net.walk.step)}${fewer}: ${score(world.net.judged)}` : "not trained yet";
    return texts;
  }
  texts.exact = "Where the exact field leads each point.";
  if (state.show === "field") texts.net = trained ? "Where the net's field leads each point." : "Not trained yet: its field means nothing.";
  else if (world.net.error === null) texts.net = "measuring …";
  else texts.net = trained ? `Orange: its field is off, by ${tight(world.net.error)} on average.` : `Not trained yet: its field is off by ${tight(world.net.error)}.`;
  return texts;
}

/** How the training stands. */
export function progress({ world, net }, missing) {
  if (missing) return missing;
  if (!net.step) return `Step 0 of ${grouped(world.state.steps)}.`;
  const loss = recent(net.losses);
  const { floor, asked } = world;
  const rate = net.running && net.rate ? `, ${Math.round(net.rate)} steps/s` : "";
  const beside = asked ? `floor of what was meant ${measured(floor)}, of what this net is asked ${measured(asked)}` : floor && `exact floor ${measured(floor)}`;
  const below = standing(loss, floor);
  return `Step ${grouped(net.step)} of ${grouped(net.steps)}${rate}. Loss ${figure(loss?.mean, loss?.error)}${beside ? `, ${beside}` : ""}${below && `: ${below}`}.`;
}

/** The same with the distances, for those who listen. */
export function spoken({ world, net }) {
  const loss = recent(net.losses);
  const below = standing(loss, world.floor);
  const floor = world.floor ? `, floor ${measured(world.floor)}${below && `: ${below}`}` : "";
  return `Step ${net.step}: loss ${figure(loss?.mean, loss?.error)}${floor}. Distance of the net: ${score(world.net.judged)}. Exact: ${score(world.exact.judged)}.`;
}

/** The pictures in words: {exact, net, loss, distance}. */
export function pictures({ world, net }, missing, texts) {
  const kind = { samples: "Samples", field: "The field", error: "The error of the field" }[world.state.show];
  if (missing) return Object.fromEntries(["exact", "net", "loss", "distance"].map((name) => [name, `Nothing is shown. ${missing}`]));
  const loss = recent(net.losses);
  const floor = world.floor ? measured(world.floor) : "measuring …";
  return {
    exact: `${world.state.show === "samples" ? "Samples" : "The field"} of the exact answer. ${texts.exact}`,
    net: `${kind} of the net: ${texts.net}`,
    loss: `The loss of every training step${loss ? `, now ${figure(loss.mean, loss.error)}` : ", none yet"}; exact floor ${floor}${world.asked ? `; floor of what this net is asked ${measured(world.asked)}` : ""}.`,
    distance: `Distance to the data. Net: ${score(world.net.judged)}; exact: ${score(world.exact.judged)}; doing nothing: ${num(world.marks?.nothing.times ?? NaN, 1)}×.`,
  };
}
