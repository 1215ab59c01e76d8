// When the programs have done all that they can do without a further call. A step settles a promise; the code behind it
// runs in microtasks, and these make more. The next choice waits for the last of them, so that which call goes next never
// depends on when it was made.
//
// Between two macrotasks all microtasks run, and on node all ticks. So the choices are made in macrotasks, one each, and
// these are asked for many at once: node runs a list of immediates without a look at the event loop in between, which makes
// them cheaper than a tick that each step arms (and a tick armed in a tick runs before the microtasks: interleavings are
// lost without a word).
//
// Node's timers call a function between two immediates that runs all ticks and microtasks, and node gives it away as
// `process._tickCallback`. With it many choices are made in one macrotask: the same in the same order, and a search takes
// a sixth less time. It never was an official API (DEP0134), so it is tried out first, and where it is gone, warns or
// does something else, each choice has its macrotask.
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

type Drain = () => void;

/** What node has under that name: with --pending-deprecation it is another function, which warns. */
const tickCallback = (globalThis as { process?: { _tickCallback?: Drain } }).process?._tickCallback;

/** Runs all microtasks and ticks, if it does: undefined until it was tried out, null if it does not. */
let drain: Drain | null | undefined;

/** For a macrotask: microtasks run none of their kind. */
function tryDrain(): Drain | null {
  if (tickCallback?.name !== "runNextTicks") return null;
  let hops = 0;
  void (async () => {
    for (; hops < 3; hops++) await undefined;
  })();
  tickCallback();
  return hops === 3 ? tickCallback : null;
}

// So many macrotasks are asked for at once.
const LOT = 256;

// So many turns come in one macrotask: the event loop is looked at after a third of a millisecond.
const TURNS = 1024;

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
    if (drain === undefined) drain = tryDrain();
    // Asked for before anything can throw, as a tick may.
    if (this.#due === 0) this.#ask();
    this.#take();
    if (drain === null) return;
    for (let turn = 1; turn < TURNS && this.#isRunning; turn++) {
      drain();
      this.#take();
    }
  }

  #ask(): void {
    const count = drain === null ? LOT : 1;
    for (; this.#due < count; this.#due++) macrotask(this.#onTurn);
  }
}
