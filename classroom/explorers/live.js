// A shipped transformer, live: the engine and the weights are scripts beside the pages, in the folder `live` of the site, and nothing
// of either is loaded before a reader asks for something that they compute.
//
//   live/engine.js       sets knobEngine, the bundle of engine/
//   live/NAME.js         sets knobWeights.NAME, as classroom/explorers/shipped.py writes it

const MEGABYTES = 1.5; // of weights, which is said before they are loaded
const nets = new Map(); // those that are loaded or being loaded, by their address

/** The address of the folder `live`, or null on a page that is no page of the site: a notebook's output. */
export function folder() {
  const { content_root: root } = document.documentElement.dataset; // every page of the site has it, also one opened from a file
  return root === undefined ? null : new URL(`${root}live/`, document.baseURI).href;
}

/** What a reader should know before the first move that loads. */
export const COST = `${MEGABYTES} MB`;

/**
 * The net `name` in an engine of its own, which all figures of a page share. Returns {state: "loading", "ready" or "failed", why,
 * draw(message) -> a walk, drop(walk), leave()}; a net that has failed is tried anew by whoever asks again.
 */
export function transformer(from, name) {
  const address = from + name;
  if (!nets.has(address)) nets.set(address, load(from, name, () => nets.delete(address)));
  const net = nets.get(address);
  net.users += 1;
  return net;
}

function load(from, name, forget) {
  const walks = new Map(); // under way, by id
  let [engine, number] = [null, 0];

  const net = {
    state: "loading",
    why: "",
    users: 0,

    /** The images of a message "draw" of engine/session.js: {frames, maps, done, why}, which fills as they come. */
    draw(message) {
      const walk = { id: `walk ${(number += 1)}`, frames: [], maps: [], done: false, why: "" };
      walks.set(walk.id, walk);
      engine.send({ ...message, type: "draw", id: walk.id, frames: true });
      return walk;
    },

    /** Nobody waits for this walk any more. */
    drop({ id }) {
      if (walks.delete(id)) engine.send({ type: "cancel", id });
    },

    leave() {
      net.users -= 1;
      if (net.users > 0) return;
      engine?.stop();
      forget();
    },
  };

  function fail(why) {
    Object.assign(net, { state: "failed", why });
    for (const walk of walks.values()) Object.assign(walk, { why, done: true });
    engine?.stop();
    forget();
  }

  function hear({ type, id, message, x, maps, done }) {
    const walk = walks.get(id);
    if (type === "loaded") net.state = "ready";
    else if (type === "error" && walk) Object.assign(walk, { why: message, done: true });
    else if (type === "error" && id === undefined) fail(net.state === "loading" ? `${damaged(`${name}.js`)} (${message})` : message);
    else if (type === "image" && walk) {
      walk.frames.push(x);
      if (maps) walk.maps.push(maps);
      walk.done = done;
    }
    if (walk?.done) walks.delete(id);
  }

  const weights = () => globalThis.knobWeights && Object.hasOwn(globalThis.knobWeights, name) && globalThis.knobWeights[name];
  script(`${from}engine.js`, () => globalThis.knobEngine)
    .then(() => script(`${from}${name}.js`, weights))
    .then((packed) => {
      if (net.users < 1) return;
      engine = globalThis.knobEngine.start(hear);
      engine.send({ type: "load", name, packed });
    })
    .catch((error) => fail(error.message));
  return net;
}

/** What a script sets, found(), once it has been loaded. */
async function script(src, found) {
  if (found()) return found();
  const file = src.split("/").at(-1);
  await new Promise((resolve, reject) => {
    const missing = new Error(`The file live/${file} could not be loaded; it belongs beside the pages of the book. Copy their whole folder.`);
    const tag = Object.assign(document.createElement("script"), { src, onload: resolve, onerror: () => reject(missing) });
    document.head.append(tag);
  });
  if (!found()) throw new Error(damaged(file));
  return found();
}

const damaged = (file) => `The file live/${file} is damaged. Copy or download it again.`;
