// When the programs have done all that they can do without a further call. A step settles a promise; the code behind it
// runs in microtasks, and these make more. The next choice waits for the last of them, so that which call goes next never
// depends on when it was made.
//
// Between two macrotasks all microtasks run, and on node all ticks. So the choices are made in macrotasks, one each, and
// these are asked for many at once: node runs a list of immediates without a look at the event loop in between, which makes
// them cheaper than a tick that each step arms (and a tick armed in a tick runs before the microtasks: interleavings are
// lost without a word).
//
// The functions are taken when this module is loaded: a test that fakes them must not stop the simulator.

/** Calls back in a macrotask of its own. */
const macrotask: (callback: () => void) => unknown =
  (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate ?? messageTasks();

/** For browsers: without the 4 ms that setTimeout takes when it is nested. */
function messageTasks(): (callback: () => void) => void {
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

// So many are asked for at once: the event loop is looked at after each lot.
const LOT = 256;

/** Turns to make a choice in, one after the other, each after all microtasks of the one before it. */
export class Turns {
  readonly #take: () => void;
  readonly #onTurn = (): void => this.#turn();
  #isRunning = false;
  /** Macrotasks that were asked for and have not come. */
  #due = 0;

  /** @param take is called in each turn */
  constructor(take: () => void) {
    this.#take = take;
  }

  /** Begins: the first turn comes after all microtasks that there are now. */
  start(): void {
    this.#isRunning = true;
    if (this.#due === 0) this.#ask();
  }

  /** Ends: turns that come yet do nothing. */
  stop(): void {
    this.#isRunning = false;
  }

  /** Leaves out turns until the event loop has gone round: timers, I/O and streams had their chance. */
  skipToNextLoop(): void {
    this.#isRunning = false;
    macrotask(() => {
      this.start();
      this.#take();
    });
  }

  #turn(): void {
    this.#due--;
    if (!this.#isRunning) return;
    if (this.#due === 0) this.#ask();
    this.#take();
  }

  #ask(): void {
    for (; this.#due < LOT; this.#due++) macrotask(this.#onTurn);
  }
}
