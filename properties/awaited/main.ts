// A process of the `awaited` executor: it makes calls as programs do in production, several at once, and says on request
// which have completed.
import { fstatSync, readdirSync, readlinkSync, unlinkSync } from "node:fs";
import { linux } from "../../backends/linux/index.js";
import type { PollEntry } from "../../src/call.js";
import { EINTR, O_RDONLY, POLLIN, POLLOUT } from "../../src/constants.js";
import type { Linux } from "../../src/linux.js";
import { syscalls } from "../../src/syscalls.js";
import { type Action, isTimed, javascriptArgument } from "../action.js";
import { closeFrom, enter, makeChannel, prepareLibc } from "../libc.js";
import { answer, type Outcome, outcomeOf, resultOf } from "../outcome.js";
import { failedOutcome, takeDescriptor } from "../perform.js";
import { occupyBelow } from "../runtime-descriptors.js";
import { tellingSignals } from "../signals.js";
import { countBlockedLanes } from "../sync/thread-state.js";
import { User } from "../user.js";
import { MOST_LANES, type Order, type Reply } from "./messages.js";

interface Underway {
  readonly action: Action;
  readonly stop: AbortController;
  isAborted: boolean;
}

/** A call that is aborted and goes on for so long is lost. */
const PATIENCE_MS = 5000;

const firstDescriptor = Number(process.argv[2]);
const underway = new Map<number, Underway>();
let completed: [number, Outcome][] = [];
let user: User | undefined;
let hasLanes = false;

prepareLibc();
// Whoever started the tests may have left descriptors to be inherited.
closeFrom(firstDescriptor);

process.on("message", (order: Order) => {
  obey(order).then(
    (reply) => reply && process.send?.(reply),
    (error: unknown) =>
      process.send?.({ completed, isReady: false, result: -1, failure: String((error as Error).stack) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function obey(order: Order): Promise<Reply | undefined> {
  if ("make" in order) {
    make(order.id, order.make);
    return undefined;
  }
  if ("take" in order) {
    completed.push([order.id, takeDescriptor(order.from, order.take, firstDescriptor)]);
    return undefined;
  }
  if ("abort" in order) {
    abort(order.abort);
    completed.push([order.id, answer(0)]);
    return undefined;
  }
  if ("settle" in order) {
    if (!hasLanes) await startLanes(order.settle);
    hasLanes = true;
    return reply(occupyBelow(firstDescriptor));
  }
  if ("become" in order) {
    user = new User(order.become);
    return reply(0);
  }
  if ("enter" in order) {
    user?.remember();
    enter(order.enter);
    return reply(0);
  }
  if ("closeAll" in order) {
    await closeAll();
    const isSpoiled = order.hasChanged && !user?.restore();
    if (!isSpoiled) enter(order.closeAll);
    return reply(isSpoiled ? 1 : 0);
  }
  // What is ready is found by the event loop, which comes round between two of these.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return reply(0);
}

/**
 * Lets the backend start the threads that its calls wait in when they open a FIFO, as many as it may need: their
 * own descriptors are in place then. @param folder where a FIFO can be made
 */
async function startLanes(folder: string): Promise<void> {
  const path = `${folder}/lanes${process.pid}`;
  makeChannel(path);
  const stop = new AbortController();
  const openings = Array.from({ length: MOST_LANES }, () =>
    linux.open(path, O_RDONLY, 0, { signal: stop.signal }).catch(() => undefined),
  );
  while (countBlockedLanes(process.pid) < MOST_LANES) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stop.abort();
  await Promise.all(openings);
  unlinkSync(path);
}

function reply(result: number): Reply {
  const told = completed;
  completed = [];
  return { completed: told, isReady: [...underway.values()].some(isReady), result };
}

type AnyMethod = (...args: unknown[]) => Promise<unknown>;

function make(id: number, action: Action): void {
  const stop = new AbortController();
  const args = action.args.map(javascriptArgument);
  const { wait, parameters } = syscalls[action.call as keyof typeof syscalls];
  const padded = Array.from({ length: parameters.length }, (_, place) => args[place]);
  if (wait !== "none") padded.push({ signal: stop.signal });
  const complete = (outcome: Outcome): void => {
    underway.delete(id);
    completed.push([id, outcome]);
  };
  underway.set(id, { action, stop, isAborted: false });
  (linux[action.call as keyof Linux] as unknown as AnyMethod)
    .apply(linux, padded)
    .then(
      (value) => complete(outcomeOf(action.call, resultOf(action.call, value), value, args[1])),
      (error: unknown) => complete(failedOutcome(error)),
    )
    .catch((error: unknown) => {
      if ((error as Error).name !== "AbortError") throw error;
      // What a signal is to a blocked thread.
      complete(answer(-EINTR));
    });
}

function abort(id: number): void {
  const call = underway.get(id);
  if (call === undefined) throw new Error(`call ${id} is not under way`);
  call.isAborted = true;
  call.stop.abort();
}

/** Whether a call that is under way could go on: asked of the kernel, not of the code that waits. */
function isReady({ action, isAborted }: Underway): boolean {
  if (isTimed(action) || isAborted) return true;
  const [first, second, third] = action.args as [number, number, number];
  switch (action.call) {
    case "read":
    case "readv":
      return areReady([{ fd: first, events: POLLIN }]);
    case "write":
    case "writev":
      return areReady([{ fd: first, events: POLLOUT }]);
    case "mq_receive":
      return areReady([{ fd: first, events: POLLIN }]);
    case "mq_send":
      return areReady([{ fd: first, events: POLLOUT }]);
    case "vmsplice":
      return areReady([{ fd: first, events: POLLIN | POLLOUT }]);
    case "tee":
      return areReady([{ fd: first, events: POLLIN }]) && areReady([{ fd: second, events: POLLOUT }]);
    case "splice":
      return areReady([{ fd: first, events: POLLIN }]) && areReady([{ fd: third, events: POLLOUT }]);
    case "poll": {
      const [entries] = action.args as [readonly (readonly [number, number])[]];
      return areReady(entries.map(([fd, events]) => ({ fd, events })));
    }
    default:
      // Of an opening only others can tell: looking at threads takes descriptors.
      return false;
  }
}

/** Whether one of some descriptors is ready. */
const areReady = (entries: readonly PollEntry[]): boolean =>
  linux.sync.poll(entries, 0).some((revents) => revents !== 0);

async function closeAll(): Promise<number> {
  for (const { stop } of underway.values()) stop.abort();
  for (const fd of openDescriptors()) {
    await linux.close(fd).catch(() => undefined);
  }
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (underway.size > 0 && Date.now() < giveUpAt) await new Promise(setImmediate);
  await takeSignals();
  completed = [];
  const left = openDescriptors().filter(isOfCase);
  if (underway.size > 0 || left.length > 0) {
    throw new Error(
      `${underway.size} calls and descriptors ${left.join(", ")} are left at the end of a case`,
    );
  }
  return 0;
}

/** Takes the signals that are pending: no queue is left that tells of messages by more. */
async function takeSignals(): Promise<void> {
  for (let isTaken = true; isTaken; ) {
    const stop = new AbortController();
    const waiting = linux.sigwait(tellingSignals, { signal: stop.signal });
    isTaken = false;
    waiting.then(
      () => {
        isTaken = true;
      },
      () => undefined,
    );
    for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
    stop.abort();
    await waiting.catch(() => undefined);
  }
}

/** Whether a descriptor is open on what cases open: a pipe, a FIFO, a directory. */
function isOfCase(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isDirectory();
}

/** The descriptors from the first of the case on: its own, and those that the backend keeps above. */
function openDescriptors(): number[] {
  const numbers = readdirSync("/proc/self/fd").map(Number);
  return numbers.filter((fd) => fd >= firstDescriptor && isStillOpen(fd));
}

function isStillOpen(fd: number): boolean {
  try {
    readlinkSync(`/proc/self/fd/${fd}`);
    return true;
  } catch {
    // The descriptor that the folder was read through.
    return false;
  }
}
