// The steps of a case, by mechanism.
import fc from "fast-check";
import type { Case, Step } from "../step.js";
import type { UserName } from "../users.js";
import { clockSteps } from "./clock.js";
import { changingSteps, identitySteps } from "./credentials.js";
import { descriptorSteps, duplicating } from "./descriptors.js";
import { fifoSteps } from "./fifo.js";
import { futexSteps, lockSteps, someLocks, someWords } from "./futex.js";
import { interruption } from "./interruption.js";
import { limitSteps } from "./limits.js";
import { makeQueue, messageQueueSteps, passingQueues, toldOfTwo } from "./message-queue.js";
import {
  folderDescriptorSteps,
  makeFifo,
  makeFolder,
  openFifo,
  someFifos,
  someFiles,
  treeSteps,
} from "./paths.js";
import { makePipe, pipeSteps, sharing } from "./pipe.js";
import { pollSteps } from "./poll.js";
import {
  namedSemaphoresOfOne,
  posixSemaphoreSteps,
  semaphoreMappingSteps,
  somePosixSemaphores,
} from "./posix-semaphore.js";
import { askingSteps, endOfChild, processSteps, signallingSteps, startOfChild } from "./process.js";
import { brokenMapping, makeObject, manyObjects, mappingSteps, sharedFileSteps } from "./shared-memory.js";
import { spliceSteps } from "./splice.js";
import { someSysvQueues, statusSteps, sysvSteps } from "./sysv.js";
import { semaphoreSteps, someSemaphores } from "./sysv-semaphore.js";
import { vectorSteps } from "./vectors.js";
import type { WeightedStep } from "./weighted.js";

const scaled = (steps: readonly WeightedStep[], factor: number): WeightedStep[] =>
  steps.map(({ weight, arbitrary }) => ({ weight: Math.ceil(weight * factor), arbitrary }));

/** Mappings are a thread's own, on the real kernel: all of a case are made by one that never waits. */
const neverWaits = ({ arbitrary }: WeightedStep): boolean =>
  !fc
    .sample(arbitrary, { numRuns: 1, seed: 1 })
    .some(({ call }) => ["read", "readv", "write", "writev", "poll"].includes(call));

/** What each mechanism's cases are made of: its own steps, on pipes and paths that are in use. */
const mixtures = {
  pipe: [...pipeSteps, interruption(3)],
  descriptors: [...scaled(descriptorSteps, 3), ...pipeSteps],
  poll: [...scaled(pollSteps, 3), ...pipeSteps, interruption(4)],
  vectors: [...scaled(vectorSteps, 2), ...pipeSteps, interruption(4)],
  splice: [...scaled(spliceSteps, 2), ...pipeSteps, ...scaled(limitSteps, 0.5), interruption(4)],
  limits: [...scaled(limitSteps, 4), ...pipeSteps, ...spliceSteps],
  fifo: fifoSteps,
  tree: [...treeSteps, ...folderDescriptorSteps, ...identitySteps],
  credentials: [
    ...scaled(changingSteps, 2),
    ...identitySteps,
    ...treeSteps,
    ...signallingSteps,
    openFifo(10),
  ],
  sysv: [
    ...scaled([...sysvSteps, ...statusSteps], 8),
    makeFifo(2),
    makeFolder(4),
    ...changingSteps,
    interruption(26),
  ],
  "sysv-process": [...sysvSteps, ...scaled(processSteps, 2)],
  "sysv-semaphore": [...scaled(semaphoreSteps, 8), ...changingSteps, interruption(30)],
  "sysv-semaphore-process": [...semaphoreSteps, ...scaled(processSteps, 2)],
  clock: [...scaled(clockSteps, 10), ...pipeSteps, interruption(12)],
  asking: [...scaled(askingSteps, 10), ...pipeSteps],
  process: [
    ...scaled(processSteps, 2),
    ...pipeSteps,
    ...descriptorSteps,
    ...changingSteps,
    ...identitySteps,
    ...scaled(treeSteps, 0.4),
    openFifo(16),
    interruption(10),
  ],
  mqueue: messageQueueSteps,
  shm: sharedFileSteps,
  "shm-mapping": [...scaled(mappingSteps, 2), ...sharedFileSteps.filter(neverWaits)],
  "shm-process": [...sharedFileSteps, ...scaled(processSteps, 2)],
  semaphore: [...scaled([...posixSemaphoreSteps, ...semaphoreMappingSteps], 4), interruption(30)],
  "semaphore-process": [...posixSemaphoreSteps, ...scaled(processSteps, 2)],
  "mqueue-process": [...messageQueueSteps, ...scaled(processSteps, 2)],
  futex: [...scaled(futexSteps, 4), interruption(30)],
  "futex-process": [...lockSteps, ...processSteps],
  all: [
    ...pipeSteps,
    ...descriptorSteps,
    ...pollSteps,
    ...vectorSteps,
    ...spliceSteps,
    ...limitSteps,
    ...fifoSteps,
    ...treeSteps,
    ...clockSteps,
    ...askingSteps,
    ...identitySteps,
  ],
} satisfies Record<string, readonly WeightedStep[]>;

export type Mechanism = keyof typeof mixtures;

export const mechanisms = Object.keys(mixtures) as Mechanism[];

// So many that one process runs into its limit on descriptors.
const crowd: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof({ ...makePipe, weight: 3 }, { ...duplicating, weight: 1 }), { maxLength: 18, size: "max" })
  .map((steps) => steps.map((step) => ({ ...step, process: 0 })));

// A child and its end: by itself, or its parent's doing, waited for before or after.
const family: fc.Arbitrary<readonly Step[]> = fc
  .shuffledSubarray([...endOfChild])
  .map((end) => [{ ...startOfChild, process: 0 }, ...end]);

// What a case begins with, so that the steps after it find something.
const few = fc.array(fc.oneof(makePipe, sharing), { minLength: 1, maxLength: 6, size: "max" });
const someObjects = fc.array(makeObject.arbitrary, { minLength: 2, maxLength: 7, size: "max" });
const someQueues = fc.array(makeQueue.arbitrary, { minLength: 1, maxLength: 5, size: "max" });
// Pipes of one process, so that it has where to move bytes from and to.
const pipesOfOne = fc
  .tuple(
    fc.array(makePipe.arbitrary, { minLength: 2, maxLength: 4 }),
    fc.array(sharing.arbitrary, { maxLength: 3 }),
  )
  .map(([made, shared]) => [...made.map((step) => ({ ...step, process: 0 })), ...shared]);
const starts: Partial<Record<Mechanism, fc.Arbitrary<readonly Step[]>>> = {
  descriptors: fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: crowd }),
  process: fc.tuple(few, someFifos, family).map((parts) => parts.flat()),
  splice: pipesOfOne,
  limits: pipesOfOne,
  fifo: someFifos,
  mqueue: fc.oneof(
    { weight: 5, arbitrary: someQueues },
    { weight: 1, arbitrary: fc.tuple(passingQueues, someQueues).map(([first, then]) => [...first, ...then]) },
    { weight: 1, arbitrary: toldOfTwo },
  ),
  "mqueue-process": fc.tuple(someQueues, family).map(([first, then]) => [...first, ...then]),
  shm: fc.oneof({ weight: 7, arbitrary: someObjects }, { weight: 1, arbitrary: manyObjects }),
  "shm-mapping": fc.oneof({ weight: 4, arbitrary: someObjects }, { weight: 1, arbitrary: brokenMapping }),
  "shm-process": fc.tuple(someObjects, family).map(([first, then]) => [...first, ...then]),
  futex: someWords,
  "futex-process": someLocks,
  semaphore: somePosixSemaphores,
  "semaphore-process": fc.tuple(namedSemaphoresOfOne, family).map(([first, then]) => [...first, ...then]),
  tree: someFiles,
  credentials: someFiles,
  sysv: someSysvQueues,
  "sysv-process": fc.tuple(someSysvQueues, family).map(([first, then]) => [...first, ...then]),
  "sysv-semaphore": someSemaphores,
  "sysv-semaphore-process": fc.tuple(someSemaphores, family).map(([first, then]) => [...first, ...then]),
  all: fc.tuple(few, someFiles).map(([first, then]) => [...first, ...then]),
};

const roots: readonly UserName[] = ["root", "root", "root"];
/** Each at most once: it takes long to start a process of another user. */
const three = (...names: readonly UserName[]): fc.Arbitrary<readonly UserName[]> =>
  fc.shuffledSubarray([...names], { minLength: 3, maxLength: 3 });
const mixed = fc.constantFrom<readonly UserName[]>(
  ["root", "alice", "bob"],
  ["alice", "alice", "root"],
  ["bob", "carol", "alice"],
  ["powerless", "root", "carol"],
);
const usersOf: Partial<Record<Mechanism, fc.Arbitrary<readonly UserName[]>>> = {
  fifo: fc.oneof({ weight: 2, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  mqueue: fc.oneof({ weight: 2, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  "shm-mapping": fc.oneof({ weight: 1, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  shm: fc.oneof({ weight: 1, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  semaphore: fc.oneof({ weight: 2, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  tree: three("root", "powerless", "reader", "alice", "bob", "carol"),
  credentials: three("root", "changer", "reader", "alice", "bob"),
  sysv: fc.oneof({ weight: 1, arbitrary: fc.constant(roots) }, { weight: 2, arbitrary: mixed }),
  "sysv-semaphore": fc.oneof({ weight: 1, arbitrary: fc.constant(roots) }, { weight: 2, arbitrary: mixed }),
  all: fc.oneof({ weight: 2, arbitrary: fc.constant(roots) }, { weight: 1, arbitrary: mixed }),
  process: fc.constantFrom<readonly UserName[]>(["root"], ["root"], ["root", "alice"], ["changer", "root"]),
};

/** The users of a mechanism's cases where they do not matter. */
export const usualUsers = (mechanism: Mechanism): readonly UserName[] =>
  isAboutProcesses(mechanism) ? ["root"] : roots;

/** Whether a mechanism's cases start and end processes. */
export const isAboutProcesses = (mechanism: Mechanism): boolean =>
  mechanism === "process" || mechanism.endsWith("-process");

/** Whether the cases of a mechanism ask who owns what: their processes must be root's. */
export const hasFiles = (mechanism: Mechanism): boolean =>
  ["fifo", "tree", "credentials", "process", "all"].includes(mechanism);

/** Whether a mechanism is about users. */
export const isAboutUsers = (mechanism: Mechanism): boolean => mechanism === "credentials";

const changesUser = ({ call }: Step): boolean =>
  call === "setresuid" || call === "setresgid" || call === "setgroups";

/**
 * Cases of a mechanism: files and pipes that are made and shared, then any of its steps.
 * @param maxLength of those
 * @param hasOthers whether processes can become other users than root
 */
export function cases(mechanism: Mechanism, maxLength: number, hasOthers = true): fc.Arbitrary<Case> {
  const usual = fc.constant(usualUsers(mechanism));
  const users = hasOthers ? (usersOf[mechanism] ?? usual) : usual;
  const rest = fc.array(fc.oneof(...mixtures[mechanism]), { maxLength, size: "max" });
  return fc.tuple(users, starts[mechanism] ?? few, rest).map(([who, first, then]) => ({
    users: who,
    steps: [...first, ...then].filter((step) => hasOthers || !changesUser(step)),
  }));
}
