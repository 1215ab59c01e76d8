// When the programs have done all that they can do without a further call. A step resolves a promise; the code behind it
// runs in microtasks, and these make more. The next choice waits for the last of them, so that which call goes next never
// depends on when it was made.
//
// On node a tick comes after all microtasks, but only if it was armed by one: a tick that a tick arms runs before them, and
// interleavings are lost without a word. Elsewhere a macrotask does.
//
// The functions are taken when this module is loaded: a test that fakes them must not stop the simulator.

interface NodeProcess {
  readonly nextTick?: (callback: () => void) => void;
}

const process = (globalThis as { process?: NodeProcess }).process;
const nextTick = typeof process?.nextTick === "function" ? process.nextTick : undefined;
const { setImmediate: immediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
const settled = Promise.resolve();

/**
 * Makes the function that calls `next` once all microtasks have run.
 * @param next what comes then; it may be armed from a tick, a microtask or a macrotask
 */
export function afterMicrotasks(next: () => void): () => void {
  // A macrotask comes after all microtasks wherever it was armed.
  if (nextTick === undefined) return () => afterMacrotask(next);
  const arm = (): void => nextTick(next);
  // `then` of a settled promise costs half as much as queueMicrotask, which keeps async_hooks informed.
  return () => void settled.then(arm);
}

/** Calls back after a turn of the event loop: timers and streams had their chance. */
export const afterMacrotask: (callback: () => void) => void = immediate ?? messageChannelTask();

/** A macrotask for browsers, without the 4 ms that setTimeout takes when it is nested. */
function messageChannelTask(): (callback: () => void) => void {
  const waiting: (() => void)[] = [];
  let port: MessagePort | undefined;
  return (callback) => {
    if (port === undefined) {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
      port = channel.port2;
    }
    waiting.push(callback);
    port.postMessage(undefined);
  };
}
