// A set of System V semaphores as an object: sysvipc(7). The set belongs to the machine: to close the object forgets it, to remove
// the set is another thing.
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT } from "../../assembly/abi/ipc.js";
import { GETALL, GETNCNT, GETPID, GETVAL, GETZCNT, SETALL, SETVAL } from "../../assembly/abi/sem.js";
import { int } from "../arguments.js";
import { createOrOpen } from "../create-or-open.js";
import { asyncDispose } from "../dispose.js";
import {
  addToMessage,
  argumentError,
  argumentMistake,
  codeOf,
  explain,
  type SyscallError,
} from "../errors.js";
import type { HandleKind } from "../handle.js";
import type { Linux } from "../linux.js";
import { optionsOf } from "../options.js";
import { releasedAfter } from "../released-after.js";
import { isGone, ofKey, SysvHandle } from "../sysv/handle.js";
import { type FileKey, keyOf } from "../sysv/key.js";
import type { SemaphoreOperation } from "../sysv-semaphore.js";
import type { TimedWaitOptions } from "../timeout.js";
import { explainControl, explainOperations } from "./errors.js";
import { initialise, initialised } from "./initialise.js";
import {
  creationOf,
  operationsOf,
  type PermitOptions,
  permitsOf,
  type SemaphoreSetCreateOptions,
  type SemaphoreSetOpenOptions,
  type SetCreation,
  type SetOperation,
  semaphoreOf,
  semaphoreValue,
  valuesOf,
  waitsForMaker,
} from "./options.js";
import { type SemaphoreSetState, type SemaphoreWaiters, stateOf } from "./state.js";

/** Whose a set is to be, and who may use it. */
export interface SemaphoreSetPermissions {
  readonly uid?: number;
  readonly gid?: number;
  /** Nine bits count. */
  readonly mode?: number;
}

const SET: HandleKind = { noun: "System V semaphores", closed: "this object was closed" };

/**
 * A set of System V semaphores: sysvipc(7). Several operations on its semaphores are done at once, all or none of them; and what a
 * process has taken with `undo` is given back when it ends, however it ends.
 *
 * A call that waits takes a thread of its own on a real kernel: at most 64 at a time, LINUX_IPC_MAX_LANES.
 */
export class SysvSemaphoreSet {
  readonly #linux: Linux;
  readonly #handle: SysvHandle;
  /** Its identifier, for what is not here, and for children: an argument like any other. */
  readonly id: number;
  /** Whether `close` is to remove the set. */
  readonly #isOwner: boolean;
  #removing: Promise<void> | undefined;

  private constructor(linux: Linux, id: number, key: number | undefined, isOwner: boolean) {
    this.#linux = linux;
    this.id = id;
    this.#isOwner = isOwner;
    this.#handle = new SysvHandle(linux, SET, id, key, () => this.#leave());
  }

  /**
   * Makes a set that a key leads to: semget(2). It has its values before others may use it: see `open`.
   * @param key a number that all who use the set know, or a file and a project, of which ftok(3) makes one
   * @throws EEXIST the key has a set · EINVAL more semaphores than semmsl · ENOSPC there are semmni sets or semmns semaphores:
   *   /proc/sys/kernel/sem · EACCES `mode` forbids its owner to give it values · ENOENT, ENOTDIR, ENAMETOOLONG of the file
   */
  static async create(
    linux: Linux,
    key: number | FileKey,
    options: SemaphoreSetCreateOptions,
  ): Promise<SysvSemaphoreSet> {
    const caller = "SysvSemaphoreSet.create";
    const creation = creationOf(caller, options);
    const number = await keyOf(linux, caller, key);
    const id = await ofKey(SET, number, () => make(linux, number, creation));
    return new SysvSemaphoreSet(linux, id, number, creation.removeOnClose);
  }

  /**
   * Finds the set of a key: semget(2). Waits until its maker has given it its values, without end if no `timeout` is given: a maker that
   * died before leaves a set that is never ready, which `remove` (or ipcrm -S) clears away.
   * @throws ENOENT the key has no set; or no such file · EACCES its mode forbids to look at it · AbortError · TimeoutError its maker
   *   has not initialised it · ENOTDIR, ENAMETOOLONG of the file
   */
  static async open(
    linux: Linux,
    key: number | FileKey,
    options?: SemaphoreSetOpenOptions,
  ): Promise<SysvSemaphoreSet> {
    const caller = "SysvSemaphoreSet.open";
    const isToWait = waitsForMaker(caller, options);
    const number = await keyOf(linux, caller, key);
    const id = await ofKey(SET, number, () => find(linux, caller, number, 0, isToWait, options));
    return new SysvSemaphoreSet(linux, id, number, false);
  }

  /**
   * Makes the set of a key, or finds the one that is there, whose values stay as they are.
   * @throws EINVAL the one that is there has fewer semaphores than `values` · as `create` and `open`
   */
  static async createOrOpen(
    linux: Linux,
    key: number | FileKey,
    options: SemaphoreSetCreateOptions & SemaphoreSetOpenOptions,
  ): Promise<SysvSemaphoreSet> {
    const caller = "SysvSemaphoreSet.createOrOpen";
    const creation = creationOf(caller, options);
    const isToWait = waitsForMaker(caller, options);
    const number = await keyOf(linux, caller, key);
    const { opened, isCreated } = await ofKey(SET, number, () =>
      createOrOpen(
        () => make(linux, number, creation),
        () => find(linux, caller, number, creation.values.length, isToWait, options),
      ),
    );
    return new SysvSemaphoreSet(linux, opened, number, isCreated && creation.removeOnClose);
  }

  /**
   * Makes a set that no key leads to: semget(2). Children are passed its `id`.
   * @throws as `create`
   */
  static async createPrivate(linux: Linux, options: SemaphoreSetCreateOptions): Promise<SysvSemaphoreSet> {
    const creation = creationOf("SysvSemaphoreSet.createPrivate", options);
    return new SysvSemaphoreSet(
      linux,
      await make(linux, IPC_PRIVATE, creation),
      undefined,
      creation.removeOnClose,
    );
  }

  /** Makes an object of a set's identifier. No call is made. */
  static from(linux: Linux, id: number): SysvSemaphoreSet {
    return new SysvSemaphoreSet(linux, int("SysvSemaphoreSet.from", "id", id), undefined, false);
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#handle.isClosed;
  }

  /**
   * Does all the operations at once, in their order, or none; waits until that can be: semop(2).
   * @throws EAGAIN one with `noWait` would have to wait; or all of them must wait, and LINUX_IPC_MAX_LANES calls of this thread do ·
   *   EFBIG no such semaphore · ERANGE a semaphore would come above 32767, or what is to be undone out of that range · E2BIG more
   *   operations than semopm: /proc/sys/kernel/sem · EINVAL no operation, or no such set · EIDRM the set was removed meanwhile ·
   *   EACCES · ENOMEM · EBADF closed · AbortError, TimeoutError: nothing was done
   */
  async operate(operations: readonly SetOperation[], options?: TimedWaitOptions): Promise<void> {
    await this.#operate("operate", operationsOf("operate", operations), options);
  }

  /**
   * Takes permits of a semaphore, all that are asked for at once, and waits until there are so many. Who waits is served first come
   * first served, except that one who wants fewer may go before.
   * @throws as `operate`
   */
  async acquire(semaphore: number, options?: PermitOptions & TimedWaitOptions): Promise<void> {
    await this.#operate("acquire", [permitsOf("acquire", -1, semaphore, options, false)], options);
  }

  /**
   * Takes permits of a semaphore if there are so many: IPC_NOWAIT.
   * @returns whether they were taken
   * @throws as `operate`
   */
  async tryAcquire(semaphore: number, options?: PermitOptions): Promise<boolean> {
    try {
      await this.#operate("tryAcquire", [permitsOf("tryAcquire", -1, semaphore, options, true)], undefined);
      return true;
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return false;
      throw error;
    }
  }

  /**
   * Gives permits of a semaphore, which need not have been taken. It never waits. What was taken with `undo` is given back with
   * `undo`, or it is given a second time when the process ends.
   * @throws ERANGE it would come above 32767 · as `operate`
   */
  async release(semaphore: number, options?: PermitOptions): Promise<void> {
    await this.#operate("release", [permitsOf("release", 1, semaphore, options, true)], undefined);
  }

  /**
   * Waits until a semaphore is 0.
   * @throws as `operate`
   */
  async waitForZero(semaphore: number, options?: TimedWaitOptions): Promise<void> {
    const num = semaphoreOf("waitForZero", semaphore);
    await this.#operate("waitForZero", [{ num, op: 0, flg: 0 }], options);
  }

  /**
   * Takes permits of a semaphore, does work, and gives them back however that ends. A process that dies at it gives them back too:
   * `undo` is true if it is left out.
   * @returns what the work gives
   * @throws as the work · as `acquire`: then the work was not begun
   */
  async withPermit<Value>(
    semaphore: number,
    work: () => Value | PromiseLike<Value>,
    options?: PermitOptions & TimedWaitOptions,
  ): Promise<Value> {
    if (typeof work !== "function") throw argumentError("withPermit", "work", "a function", work);
    const { undo = true, ...given } = optionsOf<PermitOptions & TimedWaitOptions>("withPermit", options);
    const taken = permitsOf("withPermit", -1, semaphore, { ...given, undo }, false);
    const returned = permitsOf("withPermit", 1, semaphore, { ...given, undo }, true);
    await this.#operate("withPermit", [taken], given);
    return await releasedAfter(work, () => this.#giveBack(returned));
  }

  /** Gives back what was taken, also when the object was closed meanwhile. */
  async #giveBack(operation: SemaphoreOperation): Promise<void> {
    try {
      await this.#linux.semop(this.id, [operation]);
    } catch (error) {
      await explainOperations(this.#linux, this.id, error, 1);
      throw this.#handle.named(error);
    }
  }

  async #operate(
    name: string,
    operations: readonly SemaphoreOperation[],
    options: TimedWaitOptions | undefined,
  ): Promise<void> {
    await this.#handle.callUntilClosed(name, options, async (id, signal) => {
      try {
        await this.#linux.semop(id, operations, { signal });
      } catch (error) {
        await explainOperations(this.#linux, id, error, operations.length);
        throw error;
      }
    });
  }

  /**
   * Tells the values of all semaphores, as they are at one moment: GETALL of semctl(2).
   * @throws EINVAL no such set · EIDRM · EACCES its mode forbids to read · EBADF closed
   */
  async values(): Promise<readonly number[]> {
    return await this.#control("values", (id) => this.#linux.semctl(id, 0, GETALL));
  }

  /**
   * Tells the value of one semaphore: GETVAL of semctl(2).
   * @throws EINVAL no such semaphore · as `values`
   */
  async value(semaphore: number): Promise<number> {
    return await this.#ask("value", semaphore, GETVAL);
  }

  /**
   * Tells who has changed a semaphore last: GETPID of semctl(2). Linux notes the one who did the operations of a call that waited too.
   * @returns undefined if nobody has
   * @throws as `value`
   */
  async lastPid(semaphore: number): Promise<number | undefined> {
    return (await this.#ask("lastPid", semaphore, GETPID)) || undefined;
  }

  /**
   * Tells how many calls wait at a semaphore: GETNCNT and GETZCNT of semctl(2), one after the other.
   * @throws as `value`
   */
  async waiters(semaphore: number): Promise<SemaphoreWaiters> {
    const forIncrease = await this.#ask("waiters", semaphore, GETNCNT);
    return { forIncrease, forZero: await this.#ask("waiters", semaphore, GETZCNT) };
  }

  /**
   * Sets a semaphore, and forgets what was to be undone of it in every process: SETVAL of semctl(2). Who waits for what is there now
   * goes on.
   * @param value 0 to 32767
   * @throws EACCES its mode forbids to alter it · as `value`
   */
  async set(semaphore: number, value: number): Promise<void> {
    const num = semaphoreOf("set", semaphore);
    semaphoreValue("set", "value", value);
    await this.#control("set", (id) => this.#linux.semctl(id, num, SETVAL, value), true);
  }

  /**
   * Sets all semaphores at one moment, and forgets what was to be undone of them: SETALL of semctl(2).
   * @param values one for each, 0 to 32767
   * @throws TypeError not so many as the set has · EACCES its mode forbids to read or to alter it · as `values`
   */
  async setAll(values: readonly number[]): Promise<void> {
    const copied = valuesOf("setAll", "values", values);
    await this.#control("setAll", async (id) => {
      // The kernel takes what it needs, and looks at no more.
      const { nsems } = await this.#linux.semctl(id, 0, IPC_STAT);
      if (copied.length !== nsems) {
        throw argumentMistake("setAll", "values", `one for each of ${nsems} semaphores`, `${copied.length}`);
      }
      await this.#linux.semctl(id, 0, SETALL, copied);
    });
  }

  /**
   * Tells whose the set is, and what has become of it: IPC_STAT of semctl(2).
   * @throws as `values`
   */
  async status(): Promise<SemaphoreSetState> {
    return stateOf(await this.#control("status", (id) => this.#linux.semctl(id, 0, IPC_STAT)));
  }

  /**
   * Changes whose the set is, and who may use it: IPC_SET of semctl(2). What is left out stays as it is; that is read before, so that a
   * change by somebody else at the same time may be undone.
   * @throws EPERM another's set · EINVAL no such set, or an ID that no user can have · EACCES its mode forbids to read · EBADF closed
   */
  async setPermissions(permissions: SemaphoreSetPermissions): Promise<void> {
    const given = permissionsOf(permissions);
    await this.#control("setPermissions", async (id) => {
      const { perm } = await this.#linux.semctl(id, 0, IPC_STAT);
      const { uid = perm.uid | 0, gid = perm.gid | 0, mode = perm.mode } = given;
      await this.#linux.semctl(id, 0, IPC_SET, { uid, gid, mode });
    });
  }

  async #ask(
    name: string,
    semaphore: number,
    command: typeof GETVAL | typeof GETPID | typeof GETNCNT | typeof GETZCNT,
  ): Promise<number> {
    const num = semaphoreOf(name, semaphore);
    return await this.#control(name, (id) => this.#linux.semctl(id, num, command), true);
  }

  async #control<Value>(
    name: string,
    operation: (id: number) => Promise<Value>,
    isOfOne = false,
  ): Promise<Value> {
    return await this.#handle.call(name, undefined, async (id) => {
      try {
        return await operation(id);
      } catch (error) {
        await explainControl(this.#linux, id, error, isOfOne);
        throw error;
      }
    });
  }

  /**
   * Removes the set: IPC_RMID of semctl(2). Who waits in it gets EIDRM, in every process. A second call does nothing.
   * @throws EINVAL somebody else has removed it · EPERM another's set · EBADF closed
   */
  remove(): Promise<void> {
    this.#removing ??= this.#remove();
    return this.#removing;
  }

  async #remove(): Promise<void> {
    try {
      await this.#control("remove", (id) => this.#linux.semctl(id, 0, IPC_RMID));
    } catch (error) {
      // It may go better another time.
      this.#removing = undefined;
      throw error;
    }
  }

  /**
   * Forgets the set, and removes it if that was asked for. What waits by this object fails with EBADF; what was taken stays taken. A
   * second call does nothing, and gives the same promise.
   * @throws as `remove`, for `removeOnClose`
   */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(): Promise<void> {
    if (!this.#isOwner) return;
    await this.#linux.semctl(this.id, 0, IPC_RMID).catch((error: unknown) => {
      // That is what was asked for.
      if (!isGone(error)) throw error;
    });
  }
}

/** @returns the identifier of a new set, which has its values */
async function make(linux: Linux, key: number, { values, permissions }: SetCreation): Promise<number> {
  const id = await linux
    .semget(key, values.length, IPC_CREAT | IPC_EXCL | permissions)
    .catch((error: unknown) => {
      if (codeOf(error) === "EINVAL") {
        const limit = "the first number of /proc/sys/kernel/sem (semmsl)";
        explain(error as SyscallError, `${values.length} semaphores, and the most of a set are ${limit}`);
      }
      throw error;
    });
  try {
    await initialise(linux, id, values);
  } catch (error) {
    // Nobody may find it as it is.
    await linux.semctl(id, 0, IPC_RMID).catch(() => undefined);
    throw error;
  }
  return id;
}

/** @param least how many semaphores it is to have at least */
async function find(
  linux: Linux,
  caller: string,
  key: number,
  least: number,
  isToWait: boolean,
  options: TimedWaitOptions | undefined,
): Promise<number> {
  const id = await linux.semget(key, least, 0).catch((error: unknown) => {
    if (codeOf(error) === "EINVAL")
      explain(error as SyscallError, `the set has fewer than ${least} semaphores`);
    throw error;
  });
  if (isToWait)
    await initialised(linux, caller, id, options).catch((error: unknown) => {
      if (codeOf(error) === "TIMEOUT_ERR") {
        addToMessage(error as Error, "for the maker of the set to initialise it");
      }
      throw error;
    });
  return id;
}

/** @throws TypeError naming the setting */
function permissionsOf(permissions: SemaphoreSetPermissions): SemaphoreSetPermissions {
  if (typeof permissions !== "object" || permissions === null) {
    throw argumentError("setPermissions", "permissions", "an object", permissions);
  }
  const { uid, gid, mode } = permissions;
  for (const [name, value] of Object.entries({ uid, gid, mode })) {
    if (value !== undefined) int("setPermissions", `permissions.${name}`, value);
  }
  return permissions;
}
