// Where the engine runs: in a worker made from its own text, for from `file://` a page can load no other; or, where workers are
// refused, on the page itself, in slices so short that the page stays quick.

import { session } from "./session.js";

const SLICE = 40; // milliseconds of work in a worker between two looks at its messages
const SHORT = 8; // the same on the page, between two of which it can draw and listen

/** In the worker: take messages and work. `self` is the worker. */
export function serve() {
  const { port1, port2 } = new MessageChannel(); // a timer would wait 4 ms each time
  const engine = session((message, buffers) => self.postMessage(message, buffers ?? []));
  let waiting = false;
  const go = () => {
    if (waiting) return;
    waiting = true;
    port2.postMessage(null);
  };
  port1.onmessage = () => {
    waiting = false;
    if (engine.work(SLICE)) go();
  };
  self.onmessage = ({ data }) => {
    engine.receive(data);
    go();
  };
  self.postMessage({ type: "hello", kernels: engine.kernels });
}

/** On the page: the same, with an answer that is called back. */
function here(onMessage) {
  const engine = session((message) => onMessage(message));
  let timer = null;
  const go = () => (timer ??= setTimeout(() => {
    timer = null;
    if (engine.work(SHORT)) go();
  }));
  setTimeout(() => onMessage({ type: "hello", kernels: engine.kernels }));
  return {
    send(message) {
      setTimeout(() => {
        engine.receive(message); // as from afar: an answer never comes before `send` has returned
        go(); // not before: a message that is sent on an answer may find a slice waiting that comes before it is received
      });
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Start an engine, whose messages session.js lists: onMessage(message) takes its answers. Returns {send(message, buffers), stop(),
 * where()}: where is "worker", or "page" where workers are refused or `worker` is false.
 */
export function start(onMessage, { worker = true, source = globalThis.knobEngine.source } = {}) {
  let [engine, where, greeted, stopped] = [null, "worker", false, false];
  const sent = []; // before the worker has said hello: a page on which it never does takes them over

  function onPage() {
    where = "page";
    engine = here((message) => stopped || onMessage(message));
    for (const message of sent.splice(0)) engine.send(message);
  }

  function inWorker() {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const thread = new Worker(url);
    thread.onmessage = ({ data }) => {
      if (!greeted) URL.revokeObjectURL(url);
      greeted = true;
      sent.length = 0;
      onMessage(data);
    };
    thread.onerror = (event) => {
      event.preventDefault();
      if (greeted) return onMessage({ type: "error", message: `The engine has stopped: ${event.message}. Reload the page.` });
      thread.terminate();
      onPage();
    };
    engine = {
      send(message, buffers = []) {
        if (!greeted) sent.push(message); // copied, for it may be needed again
        thread.postMessage(message, greeted ? buffers : []);
      },
      stop: () => thread.terminate(),
    };
  }

  try {
    if (worker) inWorker();
    else onPage();
  } catch {
    onPage();
  }
  const stop = () => {
    stopped = true;
    engine.stop();
  };
  return { send: (...message) => engine.send(...message), stop, where: () => where };
}
