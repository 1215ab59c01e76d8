// A process of the `awaited` executor: it makes calls as programs do in production, several at once, and says on request
// which have completed.
import { readdirSync, readlinkSync } from "node:fs";
import { linux } from "../../backends/linux/index.js";
import { POLLIN, POLLOUT } from "../../src/constants.js";
import type { Linux } from "../../src/linux.js";
import { syscalls } from "../../src/syscalls.js";
import { type Action, isTimed, javascriptArgument } from "../action.js";
import { closeFrom, prepareLibc } from "../libc.js";
import { type Outcome, outcomeOf } from "../outcome.js";
import { failedOutcome, takeDescriptor } from "../perform.js";
import { RuntimeDescriptors } from "../runtime-descriptors.js";
import type { Order, Reply } from "./messages.js";

interface Underway {
  readonly action: Action;
  readonly stop: AbortController;
}

const firstDescriptor = Number(process.argv[2]);
const descriptors = new RuntimeDescriptors(firstDescriptor);
const underway = new Map<number, Underway>();
let completed: [number, Outcome][] = [];

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
    completed.push([order.id, takeDescriptor(order.pidfd, order.take)]);
    return undefined;
  }
  if ("settle" in order) return reply(descriptors.settle());
  if ("meet" in order) return reply(descriptors.meet(order.meet));
  if ("closeAll" in order) return reply(await closeAll());
  // What is ready is found by the event loop, which comes round between two of these.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return reply(0);
}

function reply(result: number): Reply {
  const told = completed;
  completed = [];
  return { completed: told, isReady: [...underway.values()].some(({ action }) => isReady(action)), result };
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
  underway.set(id, { action, stop });
  (linux[action.call as keyof Linux] as unknown as AnyMethod)
    .apply(linux, padded)
    .then(
      (value) => complete(outcomeOf(action.call, typeof value === "number" ? value : 0, value, args[1])),
      (error: unknown) => complete(failedOutcome(error)),
    )
    .catch((error: unknown) => {
      if ((error as Error).name === "AbortError") underway.delete(id);
      else throw error;
    });
}

/** Whether a call that is under way could go on: asked of the kernel, not of the code that waits. */
function isReady(action: Action): boolean {
  if (isTimed(action)) return true;
  const [first] = action.args;
  const entries = {
    read: [{ fd: first as number, events: POLLIN }],
    write: [{ fd: first as number, events: POLLOUT }],
    poll: Array.isArray(first) ? first.map(([fd, events]) => ({ fd, events })) : [],
  }[action.call as string];
  return entries !== undefined && linux.sync.poll(entries, 0).some((revents) => revents !== 0);
}

async function closeAll(): Promise<number> {
  for (const { stop } of underway.values()) stop.abort();
  for (const fd of openDescriptors()) {
    await linux.close(fd).catch(() => undefined);
  }
  for (let turn = 0; underway.size > 0 && turn < 100; turn++) await new Promise(setImmediate);
  completed = [];
  const left = openDescriptors().filter((fd) => readlinkSync(`/proc/self/fd/${fd}`).startsWith("pipe:"));
  if (underway.size > 0 || left.length > 0) {
    throw new Error(
      `${underway.size} calls and descriptors ${left.join(", ")} are left at the end of a case`,
    );
  }
  return 0;
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
