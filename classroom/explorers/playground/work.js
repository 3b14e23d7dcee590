// Work in slices: whatever takes longer than a few milliseconds is a generator, and runs between two frames of the page.

const SLICE = 14; // milliseconds of work between two frames
const FULL = 20; // milliseconds of work in a frame after which the picture waits for the next one
const PATIENCE = 150; // milliseconds of work after which a job gives way to a newer one of its name

/**
 * A worker on the page. ask(name, make): do what the generator make() does; names that stand earlier in `order` come first. A newer
 * job of the same name waits until the present one has ended, so that a picture follows a hand that never rests; one that takes
 * long is dropped. drop(name) forgets it. drawn() is called once a frame after work or after redraw(); failed(error) where a job throws.
 */
export function slices(order, drawn, failed) {
  const jobs = new Map(); // name -> {job, spent, next}
  let frame = 0;
  let pending = false;
  let late = false; // a picture has waited

  function ask(name, make) {
    const present = jobs.get(name);
    if (present && present.spent < PATIENCE && present.spent > 0) present.next = make;
    else jobs.set(name, { job: make(), spent: 0, next: null });
    wake();
  }

  function wake() {
    if (!frame) frame = requestAnimationFrame(tick);
  }

  function redraw() {
    pending = true;
    wake();
  }

  function tick() {
    frame = 0;
    const began = performance.now();
    pending ||= jobs.size > 0;
    if (late) draw();
    while (jobs.size && performance.now() - began < SLICE) advance();
    late = pending && performance.now() - began > FULL;
    if (pending && !late) draw();
    if (jobs.size || late) wake();
  }

  function draw() {
    [pending, late] = [jobs.size > 0, false];
    drawn();
  }

  /** One piece of the job that comes first. */
  function advance() {
    const name = order.find((it) => jobs.has(it));
    const entry = jobs.get(name);
    const began = performance.now();
    let done = true;
    try {
      done = entry.job.next().done;
    } catch (error) {
      failed(error, name);
    }
    entry.spent += performance.now() - began || 0.001;
    if (jobs.get(name) !== entry) return; // it has been replaced, or dropped, by what it did itself
    if (!done && !(entry.next && entry.spent >= PATIENCE)) return;
    jobs.delete(name);
    if (entry.next) ask(name, entry.next);
  }

  return { ask, redraw, drop: (name) => jobs.delete(name), busy: (name) => (name ? jobs.has(name) : jobs.size > 0) };
}
