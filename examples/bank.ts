// Money in shared memory that survives the death of any process at any moment. Tellers transfer it from one account to another. A transfer
// is two stores, and a teller that is killed between them has lost money, or made some. Two things have to be mended by
// those who are left: the lock that the dead one held, and what it has left half done.
//
// The lock is two System V semaphores, and taking it is one semop of two operations, which are done together or not at all (semop(2)):
//
//   FREE   is 1 while nobody is in the bank. It is taken with undo (SEM_UNDO): when who has it dies, the kernel gives it back.
//   USES   says how many have gone in and not come out. It is raised without undo: nobody lowers it for the dead.
//
// So who goes in and finds more than its own use knows that somebody died inside. (That is what a robust mutex tells by EOWNERDEAD,
// pthread_mutexattr_setrobust(3).) It must look what was left: a transfer begins with a note of what the accounts held before,
// and whoever finds the note still valid puts that back. That may be done any number of times, so who dies of it is mended in the
// same way. `forgetful` tellers do not look, and are found out.
import {
  type Linux,
  MAP_SHARED,
  type Mapping,
  PROT_READ,
  PROT_WRITE,
  type Program,
  program,
  SysvSemaphoreSet,
  WIFSIGNALED,
} from "linux-ipc";

const [FREE, USES] = [0, 1];

/** The memory, in words: the balances of the accounts, then the note. */
export const accountCount = 4;
const note = { isValid: 4, from: 5, fromBalance: 6, to: 7, toBalance: 8 };

/** What each account holds in the beginning. */
export const deposit = 100;

/** Bytes of the memory: a page. */
const size = 4096;

/** The bank, as one process has it. */
export interface Bank {
  readonly linux: Linux;
  /** The descriptor of the memory, and where that is mapped. */
  readonly fd: number;
  readonly memory: Mapping;
  readonly semaphores: SysvSemaphoreSet;
}

async function enter(linux: Linux, fd: number, semaphores: SysvSemaphoreSet): Promise<Bank> {
  const memory = await linux.mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  return { linux, fd, memory, semaphores };
}

/** Takes the lock. @returns whether somebody has died with it */
async function lock({ semaphores }: Bank): Promise<boolean> {
  await semaphores.operate([
    { semaphore: FREE, operation: -1, undo: true },
    { semaphore: USES, operation: 1 },
  ]);
  return (await semaphores.value(USES)) > 1;
}

/** Gives the lock back. Whatever was left by the dead has been mended, or never will be. */
async function unlock({ semaphores }: Bank): Promise<void> {
  await semaphores.operate([
    { semaphore: USES, operation: -(await semaphores.value(USES)) },
    { semaphore: FREE, operation: 1, undo: true },
  ]);
}

async function load({ linux, memory }: Bank, word: number): Promise<number> {
  const value = new Int32Array(1);
  await linux.memory_read(memory.address + 4 * word, new Uint8Array(value.buffer));
  return value[0] as number;
}

async function store({ linux, memory }: Bank, word: number, value: number): Promise<void> {
  await linux.memory_write(memory.address + 4 * word, new Uint8Array(Int32Array.of(value).buffer));
}

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

/** Makes transfers. It is given the semaphores, its own number, and how many. */
export type Teller = Program<[number, number, number]>;

export const teller: Teller = program(
  import.meta.url,
  async function teller(linux, id: number, number: number, transfers: number) {
    await work(await enterAgain(linux, id), number, transfers, mend);
  },
);

export const forgetful: Teller = program(
  import.meta.url,
  async function teller(linux, id: number, number: number, transfers: number) {
    await work(await enterAgain(linux, id), number, transfers, async () => {});
  },
);

/** The bank, as a process has it that was passed the memory. */
const enterAgain = (linux: Linux, id: number): Promise<Bank> =>
  enter(linux, linux.fds.memory as number, SysvSemaphoreSet.from(linux, id));

/** @param mend is called when somebody has died */
async function work(
  bank: Bank,
  number: number,
  transfers: number,
  mend: (bank: Bank) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < transfers; done++) {
    if (await lock(bank)) await mend(bank);
    const from = (number + done) % accountCount;
    await transfer(bank, from, (from + 1) % accountCount, 1 + number);
    await unlock(bank);
  }
}

/** Opens a bank. */
export async function open(linux: Linux): Promise<Bank> {
  const fd = await linux.memfd_create("bank");
  await linux.ftruncate(fd, size);
  // FREE, USES
  const semaphores = await SysvSemaphoreSet.createPrivate(linux, { values: [1, 0], removeOnClose: true });
  const bank = await enter(linux, fd, semaphores);
  bank.memory.array(Int32Array).fill(deposit, 0, accountCount);
  return bank;
}

/** Starts a teller. @returns its pid */
export async function hire(
  { linux, fd, semaphores }: Bank,
  teller: Teller,
  number: number,
  transfers: number,
): Promise<number> {
  return await linux.spawn(teller, { args: [semaphores.id, number, transfers], fds: { memory: fd } });
}

/** The process that is in the bank, if any is. */
export async function visitorOf({ semaphores }: Bank): Promise<number | undefined> {
  return (await semaphores.value(USES)) === 0 ? undefined : await semaphores.lastPid(USES);
}

/** Goes in, and looks what the dead have left, as all do. @returns what all accounts hold together */
export async function audit(bank: Bank): Promise<number> {
  if (await lock(bank)) await mend(bank);
  let total = 0;
  for (let account = 0; account < accountCount; account++) total += await load(bank, account);
  await unlock(bank);
  return total;
}

/** Closes a bank. */
export async function close({ linux, fd, memory, semaphores }: Bank): Promise<void> {
  await semaphores.close();
  await linux.munmap(memory.address, memory.length);
  await linux.close(fd);
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
  teller: Teller,
  tellerCount: number,
  transfers: number,
): Promise<Day> {
  const bank = await open(linux);
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
