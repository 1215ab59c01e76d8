// Money in shared memory that survives the death of any process at any moment. Tellers transfer it from one account to another. A transfer
// is two stores, and a teller that is killed between them has lost money, or made some. Two things have to be mended by
// those who are left: the lock that the dead one held, and what it has left half done.
//
// Two locks can do that:
//
//   mutex        SharedMutex, in the same memory. It is robust (pthread_mutexattr_setrobust(3)): the kernel unlocks it when its owner dies,
//                and whoever locks it next is told by `ownerDied`.
//   semaphores   two System V semaphores, and to lock is one semop of two operations, which are done together or not at all (semop(2)).
//                FREE is 1 while nobody is in the bank; it is taken with undo (SEM_UNDO), so the kernel gives it back when who has it
//                dies. USES says how many have gone in and not come out; it is raised without undo, and nobody lowers it for the dead. So
//                who goes in and finds more than its own use knows that somebody died inside.
//
// Who learns of a death must look what was left. A transfer begins with a note of what the accounts held before, and whoever finds the
// note still valid puts that back. That may be done any number of times, so who dies of it is mended in the same way. `forgetful`
// tellers do not look, and are found out.
import {
  type HeldMutex,
  type Linux,
  type Program,
  program,
  SharedMemory,
  SharedMutex,
  SysvSemaphoreSet,
  WIFSIGNALED,
} from "linux-ipc";

/** The memory, in words: the balances of the accounts, the note, and who is in the bank. */
export const accountCount = 4;
const note = { isValid: 4, from: 5, fromBalance: 6, to: 7, toBalance: 8 };
const visitor = 9;

/** Where the mutex is: bytes from the start of the memory on. */
const mutexOffset = 64;
const size = mutexOffset + SharedMutex.byteLength;

/** What each account holds in the beginning. */
export const deposit = 100;

/** A lock that tells of an owner's death. */
interface Lock {
  /** @returns whether somebody has died with it */
  lock(): Promise<boolean>;
  /** Whatever was left by the dead has been mended, or never will be. */
  unlock(): Promise<void>;
}

class MutexLock implements Lock {
  #held: HeldMutex | undefined;

  constructor(readonly mutex: SharedMutex) {}

  async lock(): Promise<boolean> {
    this.#held = await this.mutex.lock();
    return this.#held.ownerDied;
  }

  async unlock(): Promise<void> {
    const held = this.#held as HeldMutex;
    if (held.ownerDied) held.recover();
    held.unlock();
  }
}

const [FREE, USES] = [0, 1];

class SemaphoreLock implements Lock {
  constructor(readonly set: SysvSemaphoreSet) {}

  async lock(): Promise<boolean> {
    await this.set.operate([
      { semaphore: FREE, operation: -1, undo: true },
      { semaphore: USES, operation: 1 },
    ]);
    return (await this.set.value(USES)) > 1;
  }

  async unlock(): Promise<void> {
    await this.set.operate([
      { semaphore: USES, operation: -(await this.set.value(USES)) },
      { semaphore: FREE, operation: 1, undo: true },
    ]);
  }
}

/** The bank, as one process has it. */
export interface Bank {
  readonly linux: Linux;
  readonly memory: SharedMemory;
  /** The semaphores; none if the lock is a mutex. */
  readonly set: SysvSemaphoreSet | undefined;
  readonly lock: Lock;
}

async function enter(linux: Linux, memory: SharedMemory, set: SysvSemaphoreSet | undefined): Promise<Bank> {
  const lock =
    set === undefined
      ? new MutexLock(await SharedMutex.at(linux, memory.mapping, mutexOffset))
      : new SemaphoreLock(set);
  return { linux, memory, set, lock };
}

/** Does something while nobody else is in the bank. */
async function visit<Result>(
  bank: Bank,
  mend: (bank: Bank) => Promise<void>,
  work: () => Promise<Result>,
): Promise<Result> {
  if (await bank.lock.lock()) await mend(bank);
  await store(bank, visitor, await bank.linux.getpid());
  const result = await work();
  await store(bank, visitor, 0);
  await bank.lock.unlock();
  return result;
}

const load = ({ linux, memory }: Bank, word: number): Promise<number> =>
  linux.memory_load(memory.mapping.address + 4 * word);

const store = ({ linux, memory }: Bank, word: number, value: number): Promise<void> =>
  linux.memory_store(memory.mapping.address + 4 * word, value);

/** Moves money, while the lock is held. */
async function transfer(bank: Bank, from: number, to: number, amount: number): Promise<void> {
  const [fromBalance, toBalance] = [await load(bank, from), await load(bank, to)];
  await store(bank, note.from, from);
  await store(bank, note.fromBalance, fromBalance);
  await store(bank, note.to, to);
  await store(bank, note.toBalance, toBalance);
  await store(bank, note.isValid, 1);
  await store(bank, from, fromBalance - amount);
  await store(bank, to, toBalance + amount);
  await store(bank, note.isValid, 0);
}

/** Puts back what a transfer that was not ended has changed. */
async function mend(bank: Bank): Promise<void> {
  if ((await load(bank, note.isValid)) === 0) return;
  await store(bank, await load(bank, note.from), await load(bank, note.fromBalance));
  await store(bank, await load(bank, note.to), await load(bank, note.toBalance));
  await store(bank, note.isValid, 0);
}

/** Makes transfers. It is given the identifier of the semaphores, or null; its own number; and how many. */
export type Teller = Program<[number | null, number, number]>;

export const teller: Teller = program(
  import.meta.url,
  async function teller(linux, id: number | null, number: number, transfers: number) {
    await work(await enterAgain(linux, id), number, transfers, mend);
  },
);

export const forgetful: Teller = program(
  import.meta.url,
  async function teller(linux, id: number | null, number: number, transfers: number) {
    await work(await enterAgain(linux, id), number, transfers, async () => {});
  },
);

/** The bank, as a process has it that was passed the memory. */
const enterAgain = async (linux: Linux, id: number | null): Promise<Bank> =>
  await enter(
    linux,
    await SharedMemory.from(linux, "memory"),
    id === null ? undefined : SysvSemaphoreSet.from(linux, id),
  );

async function work(
  bank: Bank,
  number: number,
  transfers: number,
  mend: (bank: Bank) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < transfers; done++) {
    const from = (number + done) % accountCount;
    await visit(bank, mend, () => transfer(bank, from, (from + 1) % accountCount, 1 + number));
  }
}

/** By what tellers are alone. */
export type LockKind = "mutex" | "semaphores";

/** Opens a bank. */
export async function open(linux: Linux, lockKind: LockKind): Promise<Bank> {
  const memory = await SharedMemory.anonymous(linux, size);
  memory.array(Int32Array).fill(deposit, 0, accountCount);
  // FREE, USES
  const options = { values: [1, 0], removeOnClose: true };
  const set = lockKind === "mutex" ? undefined : await SysvSemaphoreSet.createPrivate(linux, options);
  return await enter(linux, memory, set);
}

/** Starts a teller. @returns its pid */
export async function hire(
  { linux, memory, set }: Bank,
  teller: Teller,
  number: number,
  transfers: number,
): Promise<number> {
  const args = [set?.id ?? null, number, transfers] as const;
  return await linux.spawn(teller, { args: [...args], fds: { memory: memory.fd } });
}

/** The process that is in the bank; 0 if none is. */
export const visitorOf = (bank: Bank): Promise<number> => load(bank, visitor);

/** Goes in, and looks what the dead have left, as all do. @returns what all accounts hold together */
export async function audit(bank: Bank): Promise<number> {
  return await visit(bank, mend, async () => {
    let total = 0;
    for (let account = 0; account < accountCount; account++) total += await load(bank, account);
    return total;
  });
}

/** Closes a bank. */
export async function close({ memory, set }: Bank): Promise<void> {
  await set?.close();
  await memory.close();
}

/** What came of a day. */
export interface Day {
  /** What all accounts hold together. */
  readonly total: number;
  /** Tellers who were killed. */
  readonly deaths: number;
}

/** Opens a bank, has tellers work, and closes it. @param transfers of each */
export async function spendDay(
  linux: Linux,
  lockKind: LockKind,
  teller: Teller,
  tellerCount: number,
  transfers: number,
): Promise<Day> {
  const bank = await open(linux, lockKind);
  try {
    const pids: number[] = [];
    while (pids.length < tellerCount) pids.push(await hire(bank, teller, pids.length, transfers));
    let deaths = 0;
    for (const pid of pids) if (WIFSIGNALED((await linux.waitpid(pid)).status)) deaths++;
    return { total: await audit(bank), deaths };
  } finally {
    await close(bank);
  }
}
