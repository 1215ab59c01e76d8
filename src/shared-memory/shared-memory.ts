// Memory that processes share, as an object: shm_overview(7), memfd_create(2). It owns its descriptor and its mapping.
import { EINVAL, ENOENT } from "../../assembly/abi/errno.js";
import { F_GETFL, O_CREAT, O_EXCL, O_RDWR } from "../../assembly/abi/fcntl.js";
import {
  F_ADD_SEALS,
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
} from "../../assembly/abi/memfd.js";
import { MAP_SHARED, MS_SYNC, PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { bytes as checkedBytes, path, size as sizeArgument } from "../arguments.js";
import { byteLengthOf, honestView } from "../byte-length.js";
import { createOrOpen } from "../create-or-open.js";
import { bytesOf } from "../data.js";
import { Descriptor } from "../descriptor.js";
import { asyncDispose } from "../dispose.js";
import { addToMessage, codeOf, isOfACall, SyscallError } from "../errors.js";
import { type HandleKind, labelOf } from "../handle.js";
import type { Linux } from "../linux.js";
import { lookUntil } from "../look-until.js";
import type { ArrayType, Mapping } from "../mapping.js";
import { ObjectName } from "../object-name.js";
import { flag, optionsOf, positive } from "../options.js";
import type { TimedWaitOptions } from "../timeout.js";
import { Turns } from "../turns.js";
import { explained, outOfRange } from "./errors.js";
import {
  type AnonymousMemoryOptions,
  accessOf,
  allowsWriting,
  creationOf,
  isForWriting,
  type MemoryCreation,
  type MemorySeals,
  openFlag,
  type SharedMemoryAttachOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryFromOptions,
  sealMask,
  sealsOf,
} from "./options.js";

/** What was opened and mapped. */
interface Opened {
  readonly fd: number;
  readonly mapping: Mapping;
}

/** What is known of it. */
interface Described {
  readonly name: string | undefined;
  /** What errors call it. */
  readonly label: string | undefined;
  readonly isWritable: boolean;
  /** Whether `close` is to remove the name. */
  readonly isOwned: boolean;
}

const MEMORY: HandleKind = { noun: "shared memory", closed: "this object was closed" };

/** How an object is made of a descriptor that knows the name. */
const NAMED = 'SharedMemory.from(…, { name: "/board" })';

/**
 * Memory that processes share: an object of POSIX shared memory, which has a name, or a file in memory, which is handed on by its
 * descriptor. Its arrays are the memory itself; see `Mapping` for what they cannot guard. In short: memory that another process can cut
 * off must not be touched by arrays if that process is not to be trusted with ending this one. Memory made by `anonymous` cannot be
 * cut off; of any other `read` and `write` are safe.
 *
 * Nothing orders what processes read and write: that is for semaphores, mutexes and Atomics.
 */
export class SharedMemory {
  readonly #linux: Linux;
  readonly #descriptor: Descriptor;
  readonly #name: ObjectName;
  /** Whether it was attached for writing. */
  readonly isWritable: boolean;
  #mapping: Mapping;
  readonly #changes = new Turns();

  private constructor(
    linux: Linux,
    { fd, mapping }: Opened,
    { name, label, isWritable, isOwned }: Described,
  ) {
    this.#linux = linux;
    this.#name = new ObjectName(linux, name, isOwned, (text) => linux.shm_unlink(text), NAMED);
    this.isWritable = isWritable;
    this.#mapping = mapping;
    this.#descriptor = new Descriptor(linux, MEMORY, fd, label, () => this.#leave(fd));
  }

  /**
   * Makes memory that has a name: shm_open(3). It is zero, all of it.
   * @param name up to 255 bytes after a slash
   * @throws EEXIST it is there · EINVAL the name is none · ENAMETOOLONG · EFBIG, ENOMEM `size`: an object of the model has
   *   machine.sharedObjectMax bytes at most, a mapping 4 GiB · EMFILE, ENFILE no descriptor left · ENOSPC
   */
  static async create(linux: Linux, name: string, options: SharedMemoryCreateOptions): Promise<SharedMemory> {
    const caller = "SharedMemory.create";
    const label = labelOf(MEMORY, caller, path(caller, "name", name)) as string;
    const creation = creationOf(caller, options);
    const opened = await about(label, () => make(linux, name, creation));
    return new SharedMemory(linux, opened, {
      name,
      label,
      isWritable: true,
      isOwned: creation.unlinkOnClose,
    });
  }

  /**
   * Attaches memory by its name: shm_open(3). It has its size before that: who comes after it was made and before it was given one waits,
   * without end if no `timeout` is given. A maker that died in between leaves memory that never has one: `SharedMemory.unlink` clears
   * it away. What is *in* the memory may still be zero: whether its maker has filled it is for the two to arrange.
   * @throws ENOENT no such memory, or it was removed before it had a size · EACCES its mode forbids it · EINVAL the name is none ·
   *   AbortError, TimeoutError it had no size in time · ENAMETOOLONG, EMFILE, ENFILE, ENOMEM
   */
  static async attach(
    linux: Linux,
    name: string,
    options?: SharedMemoryAttachOptions,
  ): Promise<SharedMemory> {
    const caller = "SharedMemory.attach";
    const label = labelOf(MEMORY, caller, path(caller, "name", name)) as string;
    const isWritable = isForWriting(caller, options);
    const opened = await about(label, () => open(linux, caller, name, isWritable, options));
    return new SharedMemory(linux, opened, { name, label, isWritable, isOwned: false });
  }

  /**
   * Makes memory that has a name, or attaches the one that is there, which keeps its size.
   * @throws as `create` and `attach`
   */
  static async createOrAttach(
    linux: Linux,
    name: string,
    options: SharedMemoryCreateOptions & TimedWaitOptions,
  ): Promise<SharedMemory> {
    const caller = "SharedMemory.createOrAttach";
    const label = labelOf(MEMORY, caller, path(caller, "name", name)) as string;
    const creation = creationOf(caller, options);
    isForWriting(caller, options);
    const { opened, isCreated } = await about(label, () =>
      createOrOpen(
        () => make(linux, name, creation),
        () => open(linux, caller, name, true, options),
      ),
    );
    const isOwned = isCreated && creation.unlinkOnClose;
    return new SharedMemory(linux, opened, { name, label, isWritable: true, isOwned });
  }

  /**
   * Makes memory without a name, to be handed on: memfd_create(2). Children are passed its `fd`. It is sealed against being resized if
   * nothing else is said, so that its arrays are safe whoever else has it.
   * @param size bytes
   * @throws EFBIG, ENOMEM as `create` · EMFILE, ENFILE no descriptor left · ENOSPC the model holds 64 · EINVAL a name of more than 249
   *   bytes
   */
  static async anonymous(
    linux: Linux,
    size: number,
    options?: AnonymousMemoryOptions,
  ): Promise<SharedMemory> {
    const caller = "SharedMemory.anonymous";
    const byteCount = positive(caller, "size", size);
    const given = optionsOf<AnonymousMemoryOptions>(caller, options);
    const { name = "shared memory" } = given;
    path(caller, "options.name", name);
    const isResizable = flag(caller, "resizable", given.resizable);
    const fd = await linux.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const label = given.name === undefined ? MEMORY.noun : labelOf(MEMORY, caller, name);
    const mapping = await about(label, () =>
      closingUnless(linux, fd, async () => {
        await linux.ftruncate(fd, byteCount);
        if (!isResizable) await linux.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
        return await map(linux, fd, byteCount, true);
      }),
    );
    return new SharedMemory(
      linux,
      { fd, mapping },
      { name: undefined, label, isWritable: true, isOwned: false },
    );
  }

  /**
   * Attaches the memory of a descriptor, which the object owns from then on.
   * @param fd its number, or the name that `spawn` passed it by: `SharedMemory.from(linux, "board")`
   * @throws EINVAL it has no size yet · EACCES it is not open for reading, or not for writing as `access` has it · EPERM it is sealed
   *   against writing · ENODEV, EBADF no shared memory, or not open · ENOMEM. The descriptor stays open · TypeError no descriptor was
   *   passed by that name
   */
  static async from(
    linux: Linux,
    fd: number | string | undefined,
    options?: SharedMemoryFromOptions,
  ): Promise<SharedMemory> {
    const caller = "SharedMemory.from";
    const { name, access } = optionsOf<SharedMemoryFromOptions>(caller, options);
    const wanted = accessOf(caller, access);
    // Where its number is: as everywhere else.
    const { fd: number, label } = Descriptor.from(linux, MEMORY, caller, fd, options);
    return await about(label, async () => {
      const { size } = await linux.fstat(number);
      const isWritable = wanted ?? (await canWrite(linux, number));
      if (size === 0) throw new SyscallError(EINVAL, "mmap", { fd: number, hint: "it has no size yet" });
      const mapping = await map(linux, number, size, isWritable);
      return new SharedMemory(linux, { fd: number, mapping }, { name, label, isWritable, isOwned: false });
    });
  }

  /**
   * Removes the name of memory: shm_open(3). Who has it attached keeps it.
   * @throws ENOENT · EACCES another's, without CAP_FOWNER · EINVAL the name is none · ENAMETOOLONG
   */
  static async unlink(linux: Linux, name: string): Promise<void> {
    await linux.shm_unlink(name);
  }

  /** Its name, as it was given; undefined if it has none. */
  get name(): string | undefined {
    return this.#name.text;
  }

  /** The number of the descriptor, for what is not here, and for `spawn`; -1 once it is closed. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#descriptor.isClosed;
  }

  /** Bytes that are attached: as many as the memory had then. */
  get size(): number {
    return this.#mapping.length;
  }

  /** The mapping, for calls on addresses and for what is put into memory. Another one after `resize`. @throws EBADF closed */
  get mapping(): Mapping {
    this.#descriptor.assertOpen("mapping");
    return this.#mapping;
  }

  /**
   * The memory itself, all of it. To take it looks at the memory, which takes some microseconds: keep it for as long as the object is
   * neither closed nor resized. On a real kernel arrays are empty after that.
   * @throws EFAULT it was cut off by another process · EBADF closed
   */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.mapping.bytes;
  }

  /**
   * The memory as numbers of some kind, for instance for `Atomics`: `memory.array(Int32Array, 0, 1)`.
   * @param byteOffset a multiple of the size of a number; 0 if left out
   * @param length numbers; all that the rest has room for if left out
   * @throws RangeError beyond the memory · as `bytes`
   */
  array<T>(type: ArrayType<T>, byteOffset = 0, length?: number): T {
    return this.mapping.array(type, byteOffset, length);
  }

  /**
   * Copies bytes out, guarded: pread(2).
   * @param byteOffset from the start on; 0 if left out
   * @param length bytes; all that the rest has if left out
   * @returns the bytes: fewer if the memory was cut off meanwhile
   * @throws RangeError beyond the memory · EBADF closed
   */
  async read(byteOffset = 0, length?: number): Promise<Uint8Array> {
    const wanted = length ?? Math.max(0, this.size - byteOffset);
    this.#checkRange("read", byteOffset, length === undefined ? 0 : sizeArgument("read", "length", length));
    const buffer = new Uint8Array(wanted);
    const count = await this.#fill("read", buffer, byteOffset);
    return count === wanted ? buffer : buffer.subarray(0, count);
  }

  /**
   * Copies bytes into a buffer, guarded: pread(2).
   * @returns bytes copied: fewer than the buffer has room for if the memory was cut off meanwhile
   * @throws as `read`
   */
  async readInto(buffer: Uint8Array, byteOffset = 0): Promise<number> {
    checkedBytes("readInto", "buffer", buffer);
    this.#checkRange("readInto", byteOffset, byteLengthOf(buffer));
    return await this.#fill("readInto", honestView(buffer), byteOffset);
  }

  async #fill(name: string, buffer: Uint8Array, byteOffset: number): Promise<number> {
    return await this.#descriptor.call(name, undefined, async (fd) => {
      let done = 0;
      // A call moves 2 GiB at most.
      while (done < buffer.length) {
        const count = await this.#linux.pread(fd, buffer.subarray(done), byteOffset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  /**
   * Copies bytes in, guarded: pwrite(2). The bytes are those of the time of the call. Memory that another process has cut off meanwhile
   * grows again by it.
   * @param data bytes, or text, which is written in UTF-8
   * @param byteOffset from the start on; 0 if left out
   * @throws RangeError beyond the memory · EPERM sealed · EBADF closed, or attached for reading · ENOSPC no memory left
   */
  async write(data: Uint8Array | string, byteOffset = 0): Promise<void> {
    const bytes = bytesOf("write", "data", data);
    this.#checkRange("write", byteOffset, bytes.length);
    await this.#descriptor.call("write", undefined, async (fd) => {
      for (let done = 0; done < bytes.length; ) {
        const rest = done === 0 ? bytes : bytes.subarray(done);
        done += await explained(this.#linux.pwrite(fd, rest, byteOffset + done), {
          EPERM: "the memory is sealed",
          EBADF: "the memory was attached for reading",
        });
      }
    });
  }

  #checkRange(caller: string, byteOffset: number, length: number): void {
    const end = sizeArgument(caller, "byteOffset", byteOffset) + length;
    if (end > this.size) throw outOfRange(caller, byteOffset, end, this.size);
  }

  /**
   * Gives the memory another size, and attaches all of it anew: ftruncate(2). What is added is zero. Arrays that were taken before are of no
   * use afterwards. Other processes keep what they have attached, and learn of the size by `refresh`: the arrays of one that touches
   * what was cut off end its process.
   * @param size bytes
   * @throws EPERM sealed, as `anonymous` does · EINVAL attached for reading · EBUSY a call waits in the memory · EFBIG, ENOMEM as
   *   `create` · EBADF closed
   */
  async resize(size: number): Promise<void> {
    positive("resize", "size", size);
    await this.#change("resize", async (fd) => {
      const isSmaller = size < this.size;
      // What is cut off must be out of reach before.
      if (isSmaller) await this.#attach(fd, size);
      try {
        await explained(this.#linux.ftruncate(fd, size), {
          EPERM: "the memory is sealed: SharedMemory.anonymous(…, { resizable: true })",
          EINVAL: "the memory was attached for reading",
        });
      } catch (error) {
        if (isSmaller) await this.#refresh(fd);
        throw error;
      }
      if (!isSmaller) await this.#attach(fd, size);
    });
  }

  /**
   * Attaches the memory anew, as large as it is now.
   * @returns its size, in bytes
   * @throws EINVAL it has no bytes · EBUSY a call waits in the memory · ENOMEM · EBADF closed
   */
  async refresh(): Promise<number> {
    await this.#change("refresh", (fd) => this.#refresh(fd));
    return this.size;
  }

  async #refresh(fd: number): Promise<void> {
    const { size } = await this.#linux.fstat(fd);
    if (size !== this.size) await this.#attach(fd, size);
  }

  /** Changes of the mapping go one after the other. */
  async #change(name: string, operation: (fd: number) => Promise<void>): Promise<void> {
    await this.#descriptor.call(name, undefined, async () => {
      const turn = this.#changes.enter();
      if (turn !== undefined) await turn;
      try {
        await operation(this.#descriptor.openNumber(name));
      } finally {
        this.#changes.leave();
      }
    });
  }

  async #attach(fd: number, size: number): Promise<void> {
    const { address, length } = this.#mapping;
    const mapping = await map(this.#linux, fd, size, this.isWritable);
    try {
      await this.#linux.munmap(address, length);
    } catch (error) {
      await this.#linux.munmap(mapping.address, mapping.length);
      throw error;
    }
    this.#mapping = mapping;
  }

  /**
   * Does what msync(2) does, which for memory is nothing: what is stored is there for others at once. For programs that are written for
   * files as well.
   * @throws EBADF closed
   */
  async sync(): Promise<void> {
    await this.#descriptor.call("sync", undefined, () =>
      this.#linux.msync(this.#mapping.address, this.#mapping.length, MS_SYNC),
    );
  }

  /** Tells what can no more be done to the memory: F_GET_SEALS of fcntl(2). @throws EBADF closed */
  async seals(): Promise<MemorySeals> {
    return await this.#descriptor.call("seals", undefined, async (fd) =>
      sealsOf(await this.#linux.fcntl(fd, F_GET_SEALS)),
    );
  }

  /**
   * Forbids things for ever, to everybody: F_ADD_SEALS of fcntl(2).
   * @param seals those that are true are added
   * @throws EPERM the memory takes no more seals, as none does that has a name; or attached for reading · EBUSY `write`, and the memory
   *   is attached for writing somewhere, here for instance: `futureWrite` · EBADF closed
   */
  async seal(seals: Partial<MemorySeals>): Promise<void> {
    const mask = sealMask("seal", seals);
    await this.#descriptor.call("seal", undefined, (fd) =>
      explained(this.#linux.fcntl(fd, F_ADD_SEALS, mask), {
        EPERM:
          "memory that has a name takes no seals, nor any that has the seal `seal` or was attached for reading",
        EBUSY: "the memory is attached for writing: the seal `futureWrite` lets those go on",
      }),
    );
  }

  /**
   * Removes the memory's name; the memory stays while somebody has it. A second call does nothing.
   * @throws ENOENT somebody else has removed it · EACCES another's, without CAP_FOWNER · TypeError the object does not know the name
   */
  unlink(): Promise<void> {
    return this.#name.unlink();
  }

  /**
   * Detaches the memory, and closes its descriptor. Arrays of it are of no use afterwards. A second call does nothing, and gives the same
   * promise.
   * @throws EBUSY a call of this process waits in the memory: it stays attached · as `unlink`, for `unlinkOnClose`. The object is closed
   *   in any case
   */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** `close`, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(fd: number): Promise<void> {
    const turn = this.#changes.enter();
    if (turn !== undefined) await turn;
    try {
      await this.#linux.munmap(this.#mapping.address, this.#mapping.length);
    } finally {
      this.#changes.leave();
      if (this.#name.isOwned) await this.#name.unlinkOwn(fd);
    }
  }
}

/** What fails in `operation` says what it is about. */
async function about<Value>(label: string | undefined, operation: () => Promise<Value>): Promise<Value> {
  try {
    return await operation();
  } catch (error) {
    if (label !== undefined && isOfACall(error)) addToMessage(error, label);
    throw error;
  }
}

/** Closes a descriptor if what it was opened for fails. */
async function closingUnless<Value>(
  linux: Linux,
  fd: number,
  operation: () => Promise<Value>,
): Promise<Value> {
  try {
    return await operation();
  } catch (error) {
    await linux.close(fd).catch(() => undefined);
    throw error;
  }
}

async function make(linux: Linux, name: string, { size, mode }: MemoryCreation): Promise<Opened> {
  const fd = await linux.shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
  return await closingUnless(linux, fd, async () => {
    try {
      await linux.ftruncate(fd, size);
      return { fd, mapping: await map(linux, fd, size, true) };
    } catch (error) {
      // Nobody may find it as it is. Unless somebody has removed it: then the name may be another's.
      if ((await linux.fstat(fd)).nlink > 0) await linux.shm_unlink(name).catch(() => undefined);
      throw error;
    }
  });
}

async function open(
  linux: Linux,
  caller: string,
  name: string,
  isWritable: boolean,
  options: TimedWaitOptions | undefined,
): Promise<Opened> {
  const fd = await linux.shm_open(name, openFlag(isWritable));
  return await closingUnless(linux, fd, async () => {
    const size = await lookUntil(linux, caller, options, async () => {
      const status = await linux.fstat(fd);
      if (status.size > 0) return status.size;
      if (status.nlink > 0) return undefined;
      throw new SyscallError(ENOENT, "shm_open", { hint: "it was removed before it had a size" });
    }).catch((error: unknown) => {
      if (codeOf(error) === "TIMEOUT_ERR") addToMessage(error as Error, "for its maker to give it a size");
      throw error;
    });
    return { fd, mapping: await map(linux, fd, size, isWritable) };
  });
}

const map = (linux: Linux, fd: number, size: number, isWritable: boolean): Promise<Mapping> =>
  explained(linux.mmap(null, size, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd), {
    EACCES: isWritable ? 'not open for reading and writing: { access: "read" }' : "not open for reading",
    EPERM: 'sealed against writing: { access: "read" }',
  });

async function canWrite(linux: Linux, fd: number): Promise<boolean> {
  // What has no seals is no file in memory: for mmap to say.
  const seals = await linux.fcntl(fd, F_GET_SEALS).catch(() => 0);
  return allowsWriting(await linux.fcntl(fd, F_GETFL), sealsOf(seals));
}
