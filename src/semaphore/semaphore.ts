// A POSIX semaphore as an object: sem_overview(7).
//
// Its words are those of glibc, which C programs share: the value, and beside it how many wait. So what need not wait is done here, by
// Atomics, as sem_trywait(3) and sem_post(3) of glibc do it; a call is made only to wait, and to wake who waits.
//
// Nobody is missed. Who waits counts itself first, in the same 64 bits as the value, and sleeps only on a value of 0, which the kernel looks
// at again (nptl/sem_waitcommon.c). Who gives adds first, and then looks whether anybody is counted: of the two one sees the other.
import { ENOSYS, EOVERFLOW } from "../../assembly/abi/errno.js";
import { O_CREAT, O_EXCL } from "../../assembly/abi/fcntl.js";
import {
  SEM_ALIGNMENT,
  SEM_OF_ALL,
  SEM_SHARING_PLACE,
  SEM_SIZE,
  SEM_VALUE_MAX,
} from "../../assembly/abi/semaphore.js";
import { path, size } from "../arguments.js";
import { createOrOpen } from "../create-or-open.js";
import { asyncDispose } from "../dispose.js";
import { abortError, about, addToMessage, argumentError, codeOf, SyscallError } from "../errors.js";
import type { HandleKind } from "../handle.js";
import type { Linux } from "../linux.js";
import { lookUntil } from "../look-until.js";
import type { Mapping } from "../mapping.js";
import { ObjectName } from "../object-name.js";
import { releasedAfter } from "../released-after.js";
import type { SharedMemory } from "../shared-memory/shared-memory.js";
import { checkWait, type TimedWaitOptions } from "../timeout.js";
import { WaitingHandle } from "../waiting-handle.js";
import { creationOf, type SemaphoreCreateOptions, type SemaphoreInOptions, valueToMake } from "./options.js";

const SEMAPHORE: HandleKind = { noun: "semaphore", closed: "this object was closed" };

/** Words of a semaphore that are looked at here, and where in it they are. */
const WORDS = 3;
const VALUE = 0;
const WAITERS = 1;
const SHARING = SEM_SHARING_PLACE / Int32Array.BYTES_PER_ELEMENT;

class SemaphoreHandle extends WaitingHandle {
  readonly #begin: () => void;
  readonly #end: () => Promise<void> | undefined;

  /**
   * @param begin what is done first when it is closed
   * @param end what is done when nothing waits any more
   */
  constructor(
    linux: Linux,
    address: number,
    label: string | undefined,
    begin: () => void,
    end: () => Promise<void> | undefined,
  ) {
    super(linux, SEMAPHORE, address, label);
    this.#begin = begin;
    this.#end = end;
  }

  protected async release(): Promise<void> {
    this.#begin();
    // What a call waits at cannot be closed.
    await this.endWaits();
    try {
      await this.#end();
    } catch (error) {
      throw this.named(error);
    }
  }
}

/** Where a semaphore lies, and its name if it has one. */
interface Place {
  readonly mapping: Mapping;
  readonly byteOffset: number;
  readonly name: string | undefined;
  readonly label: string | undefined;
  /** Whether `close` is to remove the name. */
  readonly isOwned: boolean;
}

/**
 * A POSIX semaphore: sem_overview(7). A number of permits, which are taken and given back, by whomever; who finds none waits. It has a name
 * which all processes of the machine know, or lies in shared memory.
 *
 * `tryAcquire` and `release`, and an `acquire` that need not wait, make no system call. One that waits takes a thread of its own on a real
 * kernel: at most 64 at a time, LINUX_IPC_MAX_LANES.
 *
 * A process that dies keeps what it has taken: `SysvSemaphoreSet` with `undo`, and `SharedMutex`, give it back.
 */
export class Semaphore {
  readonly #linux: Linux;
  readonly #handle: SemaphoreHandle;
  readonly #name: ObjectName;
  readonly #mapping: Mapping;
  readonly #byteOffset: number;
  readonly #words: Int32Array;
  /** The words; undefined once it is closed. */
  #open: Int32Array | undefined;
  /** Permits that `withPermit` has taken. */
  #held = 0;

  private constructor(linux: Linux, { mapping, byteOffset, name, label, isOwned }: Place) {
    this.#linux = linux;
    this.#mapping = mapping;
    this.#byteOffset = byteOffset;
    this.#words = wordsOf(mapping, byteOffset);
    this.#open = this.#words;
    this.#name = new ObjectName(name, isOwned, (text) => linux.sem_unlink(text), NAMED);
    this.#handle = new SemaphoreHandle(
      linux,
      mapping.address + byteOffset,
      label,
      () => {
        this.#open = undefined;
      },
      () => (this.#held === 0 ? this.#forget() : undefined),
    );
  }

  /**
   * Makes a semaphore that has a name: sem_open(3). It has its value before others can open it.
   * @param name up to 251 bytes after a slash
   * @throws EEXIST it is there · EINVAL the name is none · EMFILE, ENFILE no descriptor left · ENOSPC, ENOMEM · ENAMETOOLONG · ENOSYS a
   *   libc other than glibc
   */
  static async create(linux: Linux, name: string, options: SemaphoreCreateOptions): Promise<Semaphore> {
    const caller = "Semaphore.create";
    const label = labelFor(caller, name);
    const { value, mode, unlinkOnClose } = creationOf(caller, options);
    const mapping = await about(label, () => linux.sem_open(name, O_CREAT | O_EXCL, mode, value));
    return await Semaphore.#named(linux, mapping, { name, label, isOwned: unlinkOnClose });
  }

  /**
   * Opens a semaphore by its name: sem_open(3).
   * @throws ENOENT no such semaphore · EACCES its mode forbids it · as `create`
   */
  static async open(linux: Linux, name: string): Promise<Semaphore> {
    const label = labelFor("Semaphore.open", name);
    const mapping = await about(label, () => linux.sem_open(name, 0));
    return await Semaphore.#named(linux, mapping, { name, label, isOwned: false });
  }

  /**
   * Makes a semaphore that has a name, or opens the one that is there, which keeps its value.
   * @throws as `create` and `open`
   */
  static async createOrOpen(linux: Linux, name: string, options: SemaphoreCreateOptions): Promise<Semaphore> {
    const caller = "Semaphore.createOrOpen";
    const label = labelFor(caller, name);
    const { value, mode, unlinkOnClose } = creationOf(caller, options);
    const { opened, isCreated } = await about(label, () =>
      createOrOpen(
        () => linux.sem_open(name, O_CREAT | O_EXCL, mode, value),
        () => linux.sem_open(name, 0),
      ),
    );
    return await Semaphore.#named(linux, opened, { name, label, isOwned: isCreated && unlinkOnClose });
  }

  static async #named(
    linux: Linux,
    mapping: Mapping,
    place: Omit<Place, "mapping" | "byteOffset">,
  ): Promise<Semaphore> {
    const semaphore = new Semaphore(linux, { mapping, byteOffset: 0, ...place });
    if (semaphore.#isOfGlibc) return semaphore;
    await semaphore.close();
    throw foreign();
  }

  /**
   * Makes an object of a semaphore in shared memory, and the semaphore too if it is given a value: sem_init(3). Without one it waits until
   * another has made it, in memory that was zero before. The memory must stay as it is until the object is closed: closing that is EBUSY
   * while somebody waits, and makes this object useless.
   * @param memory of a shared mapping, for reading and writing
   * @param byteOffset where in it, 32 bytes: a multiple of 8
   * @throws RangeError beyond the memory · EFAULT it cannot be read and written · EINVAL an odd place · AbortError, TimeoutError nobody
   *   has made it · ENOSYS a libc other than glibc
   */
  static async in(
    linux: Linux,
    memory: SharedMemory | Mapping,
    byteOffset: number,
    options?: SemaphoreInOptions,
  ): Promise<Semaphore> {
    const caller = "Semaphore.in";
    const mapping = mappingOf(caller, memory);
    const value = valueToMake(caller, options);
    const end = size(caller, "byteOffset", byteOffset) + SEM_SIZE;
    if (byteOffset % SEM_ALIGNMENT !== 0) {
      throw argumentError(caller, "byteOffset", `a multiple of ${SEM_ALIGNMENT}`, byteOffset);
    }
    if (end > mapping.length) {
      throw new RangeError(`${caller}: bytes ${byteOffset} to ${end} of ${mapping.length}`);
    }
    if (value !== undefined) await linux.sem_init(mapping.address + byteOffset, 1, value);
    else await made(linux, caller, wordsOf(mapping, byteOffset), options);
    const semaphore = new Semaphore(linux, {
      mapping,
      byteOffset,
      name: undefined,
      label: undefined,
      isOwned: false,
    });
    if (semaphore.#isOfGlibc) return semaphore;
    throw foreign();
  }

  /**
   * Removes the name of a semaphore: sem_unlink(3). Who has it open keeps it.
   * @throws ENOENT · EACCES another's, without CAP_FOWNER · ENAMETOOLONG
   */
  static async unlink(linux: Linux, name: string): Promise<void> {
    await linux.sem_unlink(name);
  }

  /** Its name; undefined if it lies in memory of the caller's. */
  get name(): string | undefined {
    return this.#name.text;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#handle.isClosed;
  }

  /** Permits that there are at this moment. @throws EBADF closed */
  get value(): number {
    return Atomics.load(this.#open ?? this.#closed("value"), VALUE);
  }

  /** How many wait at this moment, in all processes. @throws EBADF closed */
  get waiters(): number {
    return Atomics.load(this.#open ?? this.#closed("waiters"), WAITERS);
  }

  get #isOfGlibc(): boolean {
    return this.#words[SHARING] === SEM_OF_ALL;
  }

  /**
   * Takes a permit, and waits while there is none: sem_wait(3). Who comes when one is given may take it before those who wait.
   * @throws AbortError, TimeoutError: nothing was taken · EAGAIN it must wait, and LINUX_IPC_MAX_LANES calls of this thread do · EFAULT
   *   the memory it lies in was unmapped · EBADF closed
   */
  async acquire(options?: TimedWaitOptions): Promise<void> {
    if (options !== undefined) {
      const signal = checkWait("acquire", options);
      if (signal?.aborted) throw this.#handle.named(abortError("acquire", signal.reason));
    }
    if (!this.tryAcquire()) await this.#wait(options);
  }

  async #wait(options: TimedWaitOptions | undefined): Promise<void> {
    await this.#handle.callUntilClosed("acquire", options, (address, signal) =>
      this.#linux.sem_wait(address, { signal }),
    );
  }

  /**
   * Takes a permit if there is one. It makes no system call.
   * @returns whether it was taken
   * @throws EBADF closed
   */
  tryAcquire(): boolean {
    const words = this.#open ?? this.#closed("tryAcquire");
    let value = Atomics.load(words, VALUE);
    while (value > 0) {
      const seen = Atomics.compareExchange(words, VALUE, value, value - 1);
      if (seen === value) return true;
      value = seen;
    }
    return false;
  }

  /**
   * Gives a permit, which need not have been taken, and wakes one who waits. It makes a system call only if somebody does.
   * @throws EOVERFLOW there are 2147483647 · EBADF closed
   */
  release(): void {
    this.#give(this.#open ?? this.#closed("release"));
  }

  #give(words: Int32Array): void {
    let value = Atomics.load(words, VALUE);
    for (;;) {
      if (value === SEM_VALUE_MAX) throw this.#handle.named(new SyscallError(EOVERFLOW, "release"));
      const seen = Atomics.compareExchange(words, VALUE, value, value + 1);
      if (seen === value) break;
      value = seen;
    }
    if (Atomics.load(words, WAITERS) !== 0) this.#mapping.wake(this.#byteOffset, 1);
  }

  /**
   * Takes a permit, does work, and gives it back however that ends, also if the object was closed meanwhile. If the process dies at it the
   * permit is lost.
   * @returns what the work gives
   * @throws as the work · as `acquire`: then the work was not begun
   */
  async withPermit<Value>(
    work: () => Value | PromiseLike<Value>,
    options?: TimedWaitOptions,
  ): Promise<Value> {
    if (typeof work !== "function") throw argumentError("withPermit", "work", "a function", work);
    await this.acquire(options);
    this.#held++;
    return await releasedAfter(work, () => this.#giveBack());
  }

  /** Gives back what `withPermit` took, and closes the semaphore if that was asked for meanwhile. */
  async #giveBack(): Promise<void> {
    try {
      this.#give(this.#words);
    } finally {
      this.#held--;
      if (this.isClosed && this.#held === 0) await this.#forget();
    }
  }

  #closed(name: string): never {
    throw this.#handle.named(this.#handle.closedError(name));
  }

  /**
   * Removes the semaphore's name; who has it open keeps it. A second call does nothing.
   * @throws ENOENT somebody else has removed it · EACCES another's, without CAP_FOWNER · TypeError it has none
   */
  unlink(): Promise<void> {
    return this.#name.unlink();
  }

  /**
   * Forgets the semaphore, and closes it if it has a name: sem_close(3). What waits by this object fails with EBADF. What was taken stays
   * taken; but `withPermit` gives back what it took, and the semaphore is closed after that. A second call does nothing, and gives the
   * same promise.
   * @throws as `unlink`, for `unlinkOnClose`. The object is closed in any case
   */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #forget(): Promise<void> {
    if (this.name === undefined) return;
    const { address } = this.#mapping;
    try {
      if (this.#name.isOwned) await this.#name.unlinkOwn(() => this.#hasName(address));
    } finally {
      await this.#linux.sem_close(address);
    }
  }

  /** Whether the name is still that of this semaphore: one that is opened twice has one address. */
  async #hasName(address: number): Promise<boolean> {
    try {
      const again = await this.#linux.sem_open(this.name as string, 0);
      await this.#linux.sem_close(again.address);
      return again.address === address;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }
}

const NAMED = 'Semaphore.open(…, "/jobs")';

/** Not by class: there may be two copies of a module. @throws TypeError it is no memory · EBADF it is closed */
function mappingOf(caller: string, memory: SharedMemory | Mapping): Mapping {
  const isObject = typeof memory === "object" && memory !== null;
  const mapping = isObject && "mapping" in memory ? memory.mapping : (memory as Mapping);
  if (isObject && typeof mapping?.wake === "function") return mapping;
  throw argumentError(caller, "memory", "a SharedMemory or a Mapping", memory);
}

const wordsOf = (mapping: Mapping, byteOffset: number): Int32Array =>
  mapping.array(Int32Array, byteOffset, WORDS);

const labelFor = (caller: string, name: string): string =>
  `${SEMAPHORE.noun} ${JSON.stringify(path(caller, "name", name))}`;

const foreign = (): SyscallError =>
  new SyscallError(ENOSYS, "sem_open", {
    hint: "a semaphore of this process alone, or of a libc other than glibc: the calls of linux work on it",
  });

/** Waits until a semaphore is made: sem_init(3) writes whose it is, where zero was. */
async function made(
  linux: Linux,
  caller: string,
  words: Int32Array,
  options: TimedWaitOptions | undefined,
): Promise<void> {
  try {
    await lookUntil(linux, caller, options, async () => Atomics.load(words, SHARING) !== 0 || undefined);
  } catch (error) {
    if (codeOf(error) === "TIMEOUT_ERR") addToMessage(error as Error, "for its maker to give it a value");
    throw error;
  }
}
