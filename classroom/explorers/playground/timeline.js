// The slider from noise to data, under the exact samples, and what plays it.

import { element, percent } from "../stage.js";

const SECONDS = 1.8; // that samples take from noise to data
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

/** {node, moveTo(t), sample(), halt(), stop(), playing(), refresh(off)} on a lab, whose state's t it moves, 0 noise to 1 data. */
export function timeline(lab) {
  const { world } = lab;
  let since = null; // when it began to play
  const time = element("input", { type: "range", id: "pg-t", min: 0, max: 1, step: 0.01 });
  time.addEventListener("input", () => (halt(), moveTo(Number(time.value))));
  const play = element("button", { type: "button", textContent: "Sample", title: "From noise to data", onclick: () => (since === null ? sample() : halt()) });
  const noise = element("button", { type: "button", textContent: "New noise", onclick: renew });
  const ends = ["noise", "data"].map((text) => element("span", { className: "pg-end", textContent: text }));
  const label = element("label", { htmlFor: "pg-t", className: "kx-said", textContent: "Time, from noise to data" });
  const node = element("div", { className: "pg-time kx-buttons" }, element("div", { className: "pg-slider" }, label, ends[0], time, ends[1]), play, noise);

  function moveTo(t) {
    world.state = { ...world.state, t };
    time.value = t;
    time.setAttribute("aria-valuetext", t === 0 ? "noise" : t === 1 ? "data" : `${percent(t)} of the way from noise to data`);
    lab.timeChanged();
  }

  function renew() {
    fresh();
    if (quiet.matches) moveTo(1);
    else sample();
  }

  function fresh() {
    world.noise = (world.noise + 1) % 1000;
    lab.samplesChanged();
  }

  /** Move from noise to data; with reduced motion, only the end is shown, and where that is seen already, other samples. */
  function sample() {
    if (quiet.matches) {
      if (world.state.t === 1) fresh();
      return moveTo(1);
    }
    since = performance.now();
    play.textContent = "Stop";
    requestAnimationFrame(advance);
  }

  /** Stop where it is. */
  function halt() {
    since = null;
    play.textContent = "Sample";
  }

  /** Something else is to be seen: the end. */
  function stop() {
    if (since === null) return;
    halt();
    moveTo(1);
  }

  function advance(now) {
    if (since === null) return;
    const t = Math.min(1, Math.max(0, (now - since) / 1000 / SECONDS));
    moveTo(Number(t.toFixed(3)));
    if (t < 1) requestAnimationFrame(advance);
    else halt();
  }

  /** off: there is nothing that could be moved. */
  function refresh(off) {
    if (off) halt();
    for (const control of [time, play, noise]) control.disabled = off;
  }

  return { node, moveTo, sample, halt, stop, refresh, playing: () => since !== null };
}
