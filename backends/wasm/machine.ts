// One simulated kernel: the model's exports with JavaScript's values around them. All that can happen in it is chosen by
// its user: which task attempts next, and when the next timer fires.

import { CAP_LAST_CAP } from "../../assembly/abi/capability.js";
import {
  FILE_MESSAGE_QUEUE,
  FILE_PIPE,
  FILE_SHARED_MEMORY,
  type FORM_AWAITED,
  type FORM_BLOCKING,
  MAX_TASKS,
  PARAMETER_CAPABILITIES_HIGH,
  PARAMETER_CAPABILITIES_LOW,
  PARAMETER_FILE_MAX,
  PARAMETER_FIRST_DESCRIPTOR,
  PARAMETER_GID,
  PARAMETER_MQ_MSG_DEFAULT,
  PARAMETER_MQ_MSG_MAX,
  PARAMETER_MQ_MSGSIZE_DEFAULT,
  PARAMETER_MQ_MSGSIZE_MAX,
  PARAMETER_MQ_QUEUES_MAX,
  PARAMETER_MSGMAX,
  PARAMETER_MSGMNB,
  PARAMETER_MSGMNI,
  PARAMETER_PAGE_SIZE,
  PARAMETER_PIPE_MAX_SIZE,
  PARAMETER_PIPE_SLOTS,
  PARAMETER_PIPE_USER_PAGES_HARD,
  PARAMETER_PIPE_USER_PAGES_SOFT,
  PARAMETER_PROTECTED_REGULAR,
  PARAMETER_RLIMIT_MSGQUEUE,
  PARAMETER_RLIMIT_NOFILE,
  PARAMETER_SEMMNI,
  PARAMETER_SEMMNS,
  PARAMETER_SEMMSL,
  PARAMETER_SEMOPM,
  PARAMETER_SHARED_OBJECT_MAX,
  PARAMETER_UID,
  TASK_EXITING,
  TASK_NEW,
  TASK_WOKEN,
} from "../../assembly/abi/model.js";
import type { Call } from "../../src/call.js";
import { signalsIn } from "../../src/signals.js";
import { attemptOf } from "./attempts.js";
import { instantiateKernel, type KernelExports } from "./kernel.js";
import { fillGroups, type Memory } from "./memory.js";

/** How a machine differs from a usual one. Left out: Linux's defaults. */
export interface MachineOptions {
  /** Bytes of a page: 4096 (the default), 16384 or 65536. */
  readonly pageSize?: 4096 | 16384 | 65536;
  /** RLIMIT_NOFILE of every process: descriptors stay below it. At most 1024, the default. */
  readonly rlimitNofile?: number;
  /** Page slots of a new pipe: a power of two up to 256; 16 is the default. */
  readonly pipeSlots?: number;
  /** User of the first process: 0 is root, the default. */
  readonly uid?: number;
  /** Group of the first process; 0 is the default. */
  readonly gid?: number;
  /** What user 0 may: a mask of CAP_* bits (`1n << BigInt(CAP_KILL)`). All of them by default; without some, as in a container. */
  readonly capabilities?: bigint;
  /** /proc/sys/fs/pipe-max-size, bytes: what F_SETPIPE_SZ grants without CAP_SYS_RESOURCE; 1048576 is the default. */
  readonly pipeMaxSize?: number;
  /**
   * /proc/sys/fs/pipe-user-pages-soft: beyond so many pages in a user's pipes new ones get two, without CAP_SYS_RESOURCE and
   * CAP_SYS_ADMIN. 16384 is the default, 0 is no limit.
   */
  readonly pipeUserPagesSoft?: number;
  /** /proc/sys/fs/pipe-user-pages-hard: beyond so many there are none. 0, no limit, is the default. */
  readonly pipeUserPagesHard?: number;
  /** /proc/sys/fs/file-max: open files of the machine, beyond which those without CAP_SYS_ADMIN get ENFILE. At most 2048, the default. */
  readonly fileMax?: number;
  /** /proc/sys/kernel/msgmax: bytes of a System V message; at most 65536, 8192 is the default. */
  readonly msgmax?: number;
  /** /proc/sys/kernel/msgmnb: bytes that a new System V queue may hold; 16384 is the default. */
  readonly msgmnb?: number;
  /** /proc/sys/kernel/msgmni: System V queues of the machine; 32000 is the default, but the model has no more than 256. */
  readonly msgmni?: number;
  /** The four numbers of /proc/sys/kernel/sem. Semaphores of a set: 32000 is the default. */
  readonly semmsl?: number;
  /** Semaphores of all sets: 1024000000 is the default, but the model has no more than 8192. */
  readonly semmns?: number;
  /** Operations of a semop: at most 8192; 500 is the default. */
  readonly semopm?: number;
  /** Sets: 32000 is the default, but the model has no more than 256. */
  readonly semmni?: number;
  /** /proc/sys/fs/mqueue/msg_max: messages of a POSIX queue at most, without CAP_SYS_RESOURCE; 1 to 65536, 10 is the default. */
  readonly mqMsgMax?: number;
  /** /proc/sys/fs/mqueue/msgsize_max: bytes of its messages at most; 128 to 16777216, 8192 is the default. */
  readonly mqMsgsizeMax?: number;
  /** /proc/sys/fs/mqueue/queues_max: POSIX queues of the machine; 256 is the default. */
  readonly mqQueuesMax?: number;
  /** /proc/sys/fs/mqueue/msg_default: messages of a queue that is made without attributes; 10 is the default. */
  readonly mqMsgDefault?: number;
  /** /proc/sys/fs/mqueue/msgsize_default: bytes of its messages; 8192 is the default. */
  readonly mqMsgsizeDefault?: number;
  /** RLIMIT_MSGQUEUE, bytes that one user's POSIX queues may come to hold; 819200 is the default, 4294967295 is no limit. */
  readonly rlimitMsgqueue?: number;
  /**
   * What an object of shared memory may have at most, in bytes, and what is set aside for each: a power of two from 65536 to
   * 67108864; 1048576 is the default. All objects together have 64 MiB: 64 objects by default, and never more than 256.
   */
  readonly sharedObjectMax?: number;
  /**
   * /proc/sys/fs/protected_regular: with 1 or 2 `shm_open` with O_CREAT does not open what another user has made. 0 is the
   * default, many distributions set 1 or 2.
   */
  readonly protectedRegular?: 0 | 1 | 2;
  /** Descriptors below it belong to the JavaScript runtime; 3 is the default. */
  readonly firstDescriptor?: number;
}

const parameters: readonly (readonly [Exclude<keyof MachineOptions, "capabilities">, number])[] = [
  ["pageSize", PARAMETER_PAGE_SIZE],
  ["rlimitNofile", PARAMETER_RLIMIT_NOFILE],
  ["pipeSlots", PARAMETER_PIPE_SLOTS],
  ["uid", PARAMETER_UID],
  ["gid", PARAMETER_GID],
  ["pipeMaxSize", PARAMETER_PIPE_MAX_SIZE],
  ["pipeUserPagesSoft", PARAMETER_PIPE_USER_PAGES_SOFT],
  ["pipeUserPagesHard", PARAMETER_PIPE_USER_PAGES_HARD],
  ["fileMax", PARAMETER_FILE_MAX],
  ["msgmax", PARAMETER_MSGMAX],
  ["msgmnb", PARAMETER_MSGMNB],
  ["msgmni", PARAMETER_MSGMNI],
  ["semmsl", PARAMETER_SEMMSL],
  ["semmns", PARAMETER_SEMMNS],
  ["semopm", PARAMETER_SEMOPM],
  ["semmni", PARAMETER_SEMMNI],
  ["firstDescriptor", PARAMETER_FIRST_DESCRIPTOR],
  ["mqMsgMax", PARAMETER_MQ_MSG_MAX],
  ["mqMsgsizeMax", PARAMETER_MQ_MSGSIZE_MAX],
  ["mqQueuesMax", PARAMETER_MQ_QUEUES_MAX],
  ["mqMsgDefault", PARAMETER_MQ_MSG_DEFAULT],
  ["mqMsgsizeDefault", PARAMETER_MQ_MSGSIZE_DEFAULT],
  ["rlimitMsgqueue", PARAMETER_RLIMIT_MSGQUEUE],
  ["sharedObjectMax", PARAMETER_SHARED_OBJECT_MAX],
  ["protectedRegular", PARAMETER_PROTECTED_REGULAR],
];

/** Every parameter is a 32-bit number but the capabilities. */
const isOption = (name: string): boolean =>
  name === "capabilities" || parameters.some(([known]) => known === name);

const ALL_CAPABILITIES = (1n << BigInt(CAP_LAST_CAP + 1)) - 1n;

/** Who a process is that the host creates. Left out: what the machine's options say. */
export interface ProcessOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups: at most 16. */
  readonly groups?: readonly number[];
  /** A mask of CAP_* bits: those that its user does not have make no difference. */
  readonly capabilities?: bigint;
}

/** The state of a machine: its live bytes. Bytes that programs hold in JavaScript are not in it. */
export type Snapshot = Uint8Array;

export type Form = typeof FORM_BLOCKING | typeof FORM_AWAITED;

/** Where a task stands, for a diagnosis. */
export interface TaskFacts {
  readonly task: number;
  /** Index of its process. */
  readonly process: number;
  /** TASK_NEW, TASK_BLOCKED, TASK_WOKEN or TASK_EXITING. */
  readonly state: number;
  /** The call's number; 0 before its first attempt. */
  readonly call: number;
  /** The descriptor or pid that it was made on; -1 if none. */
  readonly subject: number;
}

export interface ProcessFacts {
  readonly process: number;
  readonly pid: number;
  /** Index of the parent; 0 is init. */
  readonly parent: number;
  /** PROCESS_ALIVE, PROCESS_EXITING or PROCESS_ZOMBIE. */
  readonly state: number;
  /** Signals that it has not taken yet, the lowest first. */
  readonly pendingSignals: readonly number[];
}

/** One open descriptor of a process. */
export interface DescriptorFacts {
  readonly fd: number;
  readonly closeOnExec: boolean;
  readonly kind: "pipe" | "directory" | "message queue" | "shared memory";
  /** Number of the pipe; of what is none -1. */
  readonly pipe: number;
  /** Number of the message queue; of what is none -1. */
  readonly queue: number;
  /** Number of the shared memory; of what is none -1. */
  readonly object: number;
  readonly end: "read" | "write" | "both";
}

export interface PipeFacts {
  readonly pipe: number;
  /** Bytes that can be read. */
  readonly size: number;
  readonly slotsUsed: number;
  readonly slotCount: number;
  /** Open files on each end. */
  readonly readers: number;
  readonly writers: number;
  /** The path of the FIFO; undefined for an anonymous pipe, and once it was unlinked. */
  readonly path: string | undefined;
}

const kindNames: ReadonlyMap<number, DescriptorFacts["kind"]> = new Map([
  [FILE_PIPE, "pipe"],
  [FILE_MESSAGE_QUEUE, "message queue"],
  [FILE_SHARED_MEMORY, "shared memory"],
]);

/** An object of shared memory. */
export interface SharedObjectFacts {
  readonly object: number;
  /** Bytes. */
  readonly size: number;
  /** F_SEAL_*. */
  readonly seals: number;
  /** Parts of address spaces that show it. */
  readonly mappings: number;
  /** undefined for a file of memfd_create, for memory without a file, and once it was unlinked. */
  readonly name: string | undefined;
}

/** A part of an address space that shows an object of shared memory. */
export interface MappedPartFacts {
  readonly process: number;
  /** Address of the mapping that it is of, and the pages that it had. */
  readonly mapping: number;
  readonly mappingPages: number;
  readonly address: number;
  readonly pages: number;
  /** Number of the object. */
  readonly object: number;
  /** PROT_*. */
  readonly protection: number;
  readonly isPrivate: boolean;
  /** Whether a file was mapped: of a private mapping it is a copy. */
  readonly isOfFile: boolean;
  /** How often sem_open has opened it; 0 for what mmap made. */
  readonly semaphoreOpens: number;
}

/** A word of memory at which somebody waits. */
export interface FutexFacts {
  /** Number of the object that it is in; undefined if only one process waits there. */
  readonly object: number | undefined;
  /** Index of the process whose own it is (FUTEX_PRIVATE_FLAG); undefined if all may wait there. */
  readonly process: number | undefined;
  /** Bytes from the start of the object on; of a process's own the address. */
  readonly place: number;
  /** What it has now, with its sign. */
  readonly value: number;
  /** In the order in which they are woken. */
  readonly waiters: readonly FutexWaiterFacts[];
}

/** A call that waits at a word: one of several words has it at each. */
export interface FutexWaiterFacts {
  readonly task: number;
  /** Index of its process. */
  readonly process: number;
  /** The bits by which it can be woken. */
  readonly bitset: number;
}

/** A System V message queue. */
export interface SysvQueueFacts {
  readonly id: number;
  readonly key: number;
  /** Messages in it, and bytes of them. */
  readonly count: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/** A set of System V semaphores. */
export interface SemaphoreSetFacts {
  readonly id: number;
  readonly key: number;
  readonly semaphores: readonly SemaphoreFacts[];
}

export interface SemaphoreFacts {
  readonly value: number;
  /** Pid of who did the last operation on it or set it; 0 if nobody has. */
  readonly lastPid: number;
  /** Who was stopped by it, in the order in which they are tried again. */
  readonly waiters: readonly SemaphoreWaiterFacts[];
}

/** A call that waits for a semaphore. */
export interface SemaphoreWaiterFacts {
  readonly task: number;
  /** Index of its process. */
  readonly process: number;
  /** The operation that cannot be done: 0 until the semaphore is 0, below 0 to take that much. */
  readonly op: number;
  /** How many operations it does at once. */
  readonly operationCount: number;
}

/** A POSIX semaphore: one that has a name or was opened by one, or without a name one that is waited for. */
export interface PosixSemaphoreFacts {
  /** Number of the object that it lies in, and the bytes in front of it there. */
  readonly object: number;
  readonly offset: number;
  /** As sem_open takes it; undefined for one that has none, or none any more. */
  readonly name: string | undefined;
  readonly value: number;
  /** How many wait, as it counts itself: those that were killed while they did among them. */
  readonly counted: number;
  /** Calls that wait for it, in line; those that were woken, and have not looked yet, come first. */
  readonly waiters: readonly { readonly task: number; readonly process: number }[];
}

/** A POSIX message queue. */
export interface MessageQueueFacts {
  readonly queue: number;
  readonly messages: number;
  readonly maxMessages: number;
  /** Bytes of each message at most. */
  readonly maxBytes: number;
  /** The process that is to be told of a message; undefined if none is. */
  readonly notified: number | undefined;
  /** By which signal; 0 by none. */
  readonly signal: number;
  /** Undefined once it was unlinked. */
  readonly name: string | undefined;
}

export class Machine {
  readonly #kernel: KernelExports;
  readonly #memory: Memory;
  /** Place of the pool of tasks among the words: the end of those in use, then the next to be taken. */
  readonly #nextTask: number;
  readonly #taskPool: number;
  readonly #taskBase: number;
  readonly #taskWords: number;
  readonly #options: MachineOptions;

  /** @throws TypeError for an option that is unknown or out of range, naming it */
  constructor(options: MachineOptions = {}) {
    const unknown = Object.keys(options).find((name) => !isOption(name));
    if (unknown !== undefined) throw new TypeError(`machine: unknown option "${unknown}"`);
    const kernel = instantiateKernel();
    const buffer = kernel.memory.buffer;
    this.#kernel = kernel;
    this.#options = options;
    this.#memory = {
      kernel,
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      times: new BigInt64Array(buffer),
      window: kernel.windowAddress(),
      out: kernel.outAddress() >> 2,
    };
    this.#nextTask = kernel.nextTaskAddress() >> 2;
    this.#taskPool = kernel.taskPoolAddress() >> 2;
    this.#taskBase = kernel.tasksAddress() >> 2;
    this.#taskWords = kernel.taskSize() >> 2;
    this.reset();
  }

  /** Empties the machine: no process, time at its start, the parameters it was made with. */
  reset(): void {
    this.#kernel.reset();
    for (const [name, parameter] of parameters) {
      const value = this.#options[name];
      if (value === undefined) continue;
      if (!Number.isSafeInteger(value) || value < 0 || !this.#kernel.setParameter(parameter, value)) {
        throw new TypeError(`machine: "${name}" is out of range: ${String(value)}`);
      }
    }
    const { capabilities = ALL_CAPABILITIES } = this.#options;
    if (typeof capabilities !== "bigint" || capabilities < 0n || capabilities > ALL_CAPABILITIES) {
      throw new TypeError(`machine: "capabilities" is out of range: ${String(capabilities)}`);
    }
    this.#kernel.setParameter(PARAMETER_CAPABILITIES_LOW, Number(capabilities & 0xffffffffn));
    this.#kernel.setParameter(PARAMETER_CAPABILITIES_HIGH, Number(capabilities >> 32n));
    this.#kernel.createInit();
  }

  /** Creates a process, a child of init. @returns its index, or -1 if the machine is full */
  createProcess(options?: ProcessOptions): number {
    const process = this.#kernel.createProcess(0);
    if (process !== -1 && options !== undefined) this.#describeProcess(process, options);
    return process;
  }

  #describeProcess(process: number, { uid, gid, groups = [], capabilities }: ProcessOptions): void {
    const { uid: usualUid = 0, gid: usualGid = 0 } = this.#options;
    this.#kernel.setCredentials(process, uid ?? usualUid, gid ?? usualGid);
    if (capabilities !== undefined) {
      const high = Number((capabilities >> 32n) & 0xffffffffn);
      this.#kernel.limitCapabilities(process, Number(capabilities & 0xffffffffn), high);
    }
    fillGroups(this.#memory, groups);
    if (this.#kernel.assignGroups(process, groups.length) < 0)
      throw new TypeError("createProcess: too many groups");
  }

  /**
   * Creates a task: one call on its way. It is TASK_NEW until its first attempt, and free again once an attempt returned
   * anything but BLOCKED.
   * @returns the task, or -1 if the machine is full
   */
  createTask(process: number, form: Form): number {
    return this.#kernel.createTask(process, form);
  }

  /**
   * One attempt at a task's call, the first or a further one: one atomic step. For TASK_NEW and TASK_WOKEN.
   * @returns a result >= 0 (what goes beyond it is then in `call.value`, bytes read in the call's buffer), -errno, BLOCKED,
   *   or GONE if the task's process ended in it
   */
  attempt(task: number, call: Call): number {
    const attempt = attemptOf(call);
    const words = this.#memory.words;
    const isNew = words[this.#taskBase + task * this.#taskWords] === TASK_NEW;
    return attempt(this.#memory, task, call, isNew);
  }

  /** The task that is created next; -1 if the machine is full. */
  get nextTask(): number {
    const task = this.#memory.words[this.#taskPool + 1] as number;
    return task < MAX_TASKS ? task : -1;
  }

  /**
   * `createTask` and `attempt` in one, for a search: most calls are over after one attempt, and each entry of the model
   * takes as long as its work.
   * @param task the next task
   */
  attemptNext(task: number, process: number, form: Form, call: Call): number {
    const attempt = attemptOf(call);
    const { words } = this.#memory;
    words[this.#nextTask] = process;
    words[this.#nextTask + 1] = form;
    return attempt(this.#memory, task, call, true);
  }

  /** One step of a TASK_EXITING task: a dead process gives up what it held. @returns whether it is done */
  exitStep(task: number): boolean {
    return this.#kernel.exitStep(task) === 0;
  }

  /** Ends a call early, as a signal would: -EINTR, or the count of bytes it has moved. Not for TASK_EXITING. */
  cancel(task: number): number {
    return this.#kernel.cancel(task);
  }

  /**
   * Lets a signal with a handler reach a task that waits. It goes on at its next attempt: what has arrived for it counts,
   * and else it ends with EINTR, or with the count of what it has moved.
   */
  interrupt(task: number): void {
    this.#kernel.interrupt(task);
  }

  /** TASK_FREE, TASK_NEW, TASK_BLOCKED, TASK_WOKEN or TASK_EXITING. */
  taskState(task: number): number {
    return this.#memory.words[this.#taskBase + task * this.#taskWords] as number;
  }

  /** The process of a task that is not free. */
  taskProcess(task: number): number {
    return this.#memory.words[this.#taskBase + task * this.#taskWords + 1] as number;
  }

  /**
   * The tasks that can take a step now, in the order of their numbers.
   * @param into filled from its start
   * @returns how many there are
   */
  runnable(into: number[]): number {
    const { words } = this.#memory;
    const end = words[this.#taskPool] as number;
    let count = 0;
    for (let task = 0, at = this.#taskBase; task < end; task++, at += this.#taskWords) {
      const state = words[at];
      if (state === TASK_NEW || state === TASK_WOKEN || state === TASK_EXITING) into[count++] = task;
    }
    return count;
  }

  /** Whether a blocked task waits for a time. */
  hasTimer(): boolean {
    return this.#kernel.hasTimer() !== 0;
  }

  /** Lets time pass to the next timer, and wakes those whose time has come. */
  fireTimer(): void {
    this.#kernel.fireTimer();
  }

  /** Nanoseconds of CLOCK_MONOTONIC. */
  monotonic(): bigint {
    this.#kernel.readMonotonic();
    return this.#memory.times[this.#memory.out >> 1] as bigint;
  }

  /** Copies the state out. */
  snapshot(): Snapshot {
    const length = this.#kernel.save();
    const stage = this.#kernel.stageAddress();
    return this.#memory.bytes.slice(stage, stage + length);
  }

  /** Puts a state back that this machine, or one with the same options, gave out. */
  restore(snapshot: Snapshot): void {
    this.#memory.bytes.set(snapshot, this.#kernel.stageAddress());
    this.#kernel.load();
  }

  /** A hash of the state: the same for equal states, however they came to be. */
  hash(): bigint {
    this.#kernel.hash();
    return BigInt.asUintN(64, this.#memory.times[this.#memory.out >> 1] as bigint);
  }

  /**
   * Gives a process a descriptor for another's open file, as SCM_RIGHTS or pidfd_getfd(2) do, with FD_CLOEXEC.
   * @returns the descriptor, or -errno
   */
  shareDescriptor(from: number, fd: number, to: number): number {
    return this.#kernel.shareDescriptor(from, fd, to);
  }

  /** The index of a process by pid; -1 if there is none. */
  processByPid(pid: number): number {
    return this.#kernel.processByPid(pid);
  }

  /** All processes but init. */
  processes(): ProcessFacts[] {
    return this.#facts(
      this.#kernel.processHigh(),
      (index) => this.#kernel.inspectProcess(index),
      (process, out) => ({
        process,
        state: out(0),
        pid: out(1),
        parent: out(2),
        pendingSignals: signalsIn(out(3)),
      }),
    ).filter(({ process }) => process !== 0);
  }

  /** All tasks. */
  tasks(): TaskFacts[] {
    return this.#facts(
      this.#memory.words[this.#taskPool] as number,
      (index) => this.#kernel.inspectTask(index),
      (task, out) => ({
        task,
        state: out(0),
        process: out(1),
        call: out(2),
        subject: out(3),
      }),
    );
  }

  /** The open descriptors of a process, but those of the runtime. */
  descriptors(process: number): DescriptorFacts[] {
    const end = this.#kernel.descriptorHigh(process);
    return this.#facts(
      end,
      (fd) => this.#kernel.inspectDescriptor(process, fd),
      (fd, out) => ({
        fd,
        closeOnExec: out(0) !== 0,
        kind: kindNames.get(out(1)) ?? "directory",
        pipe: out(1) === FILE_PIPE ? out(2) : -1,
        queue: out(1) === FILE_MESSAGE_QUEUE ? out(2) : -1,
        object: out(1) === FILE_SHARED_MEMORY ? out(2) : -1,
        end: out(4) === 0 ? "read" : out(3) === 0 ? "write" : "both",
      }),
    );
  }

  pipes(): PipeFacts[] {
    return this.#facts(
      this.#kernel.pipeHigh(),
      (index) => this.#kernel.inspectPipe(index),
      (pipe, out) => ({
        pipe,
        size: out(0),
        slotsUsed: out(1),
        slotCount: out(2),
        readers: out(3),
        writers: out(4),
        path: out(5) === 0 ? undefined : this.#path(out(5) - 1),
      }),
    );
  }

  /** The System V message queues. */
  sysvQueues(): SysvQueueFacts[] {
    return this.#facts(
      this.#kernel.sysvQueueHigh(),
      (index) => this.#kernel.inspectSysvQueue(index),
      (_, out) => ({ id: out(0), key: out(1), count: out(2), bytes: out(3), maxBytes: out(4) >>> 0 }),
    );
  }

  /** The sets of System V semaphores. */
  semaphoreSets(): SemaphoreSetFacts[] {
    return this.#facts(
      this.#kernel.semaphoreSetHigh(),
      (index) => this.#kernel.inspectSemaphoreSet(index),
      (index, out) => ({ id: out(0), key: out(1), semaphores: this.#semaphores(index, out(2)) }),
    );
  }

  #semaphores(set: number, count: number): SemaphoreFacts[] {
    const waiters: (SemaphoreWaiterFacts & { num: number })[] = [];
    while (this.#kernel.inspectSemaphoreWaiter(set, waiters.length) !== 0) {
      const [task, process, operationCount, num, op] = [0, 1, 2, 3, 4].map(this.#out) as FiveNumbers;
      waiters.push({ task, process, operationCount, num, op });
    }
    return Array.from({ length: count }, (_, num) => {
      this.#kernel.inspectSemaphore(set, num);
      const ownWaiters = waiters.filter((waiter) => waiter.num === num);
      return {
        value: this.#out(0),
        lastPid: this.#out(1),
        waiters: ownWaiters.map(({ task, process, op, operationCount }) => ({
          task,
          process,
          op,
          operationCount,
        })),
      };
    });
  }

  /** What the end of a process will add to a semaphore, because it has used it with SEM_UNDO. */
  semaphoreAdjustment(process: number, id: number, num: number): number {
    return this.#kernel.semaphoreAdjustment(process, id, num);
  }

  /** The objects of shared memory. */
  sharedObjects(): SharedObjectFacts[] {
    return this.#facts(
      this.#kernel.sharedObjectHigh(),
      (index) => this.#kernel.inspectSharedObject(index),
      (object, out) => ({
        object,
        size: out(0),
        seals: out(1),
        mappings: out(2),
        name: out(3) === 0 ? undefined : `/${this.#windowText(out(3))}`,
      }),
    );
  }

  /** The words of memory at which somebody waits. */
  futexes(): FutexFacts[] {
    const facts: FutexFacts[] = [];
    for (let index = 0; index < this.#kernel.futexHigh(); index++) {
      if (this.#kernel.inspectFutex(index) === 0) continue;
      const [isPrivate, owner, low, high, value] = [0, 1, 2, 3, 4].map(this.#out) as FiveNumbers;
      const place = (low >>> 0) + high * 2 ** 32;
      const [object, process] = isPrivate !== 0 ? [undefined, owner] : [owner, undefined];
      facts.push({ object, process, place, value, waiters: this.#futexWaiters(index) });
    }
    return facts;
  }

  #futexWaiters(futex: number): FutexWaiterFacts[] {
    const waiters: FutexWaiterFacts[] = [];
    while (this.#kernel.inspectFutexWaiter(futex, waiters.length) !== 0) {
      waiters.push({ task: this.#out(0), process: this.#out(1), bitset: this.#out(2) >>> 0 });
    }
    return waiters;
  }

  /** The POSIX semaphores that can be told from other memory. */
  posixSemaphores(): PosixSemaphoreFacts[] {
    const opened = new Set(
      this.mappedParts()
        .filter(({ semaphoreOpens }) => semaphoreOpens > 0)
        .map(({ object }) => object),
    );
    const waits = this.#semaphoreWaits();
    return this.sharedObjects().flatMap(({ object, name }) => {
      const offsets = new Set(waits.filter((wait) => wait.object === object).map(({ offset }) => offset));
      const isNamed = opened.has(object) || name?.startsWith(SEMAPHORE_PREFIX) === true;
      if (isNamed) offsets.add(0);
      return [...offsets].map((offset) => ({
        object,
        offset,
        name: isNamed && offset === 0 && name !== undefined ? name.replace(SEMAPHORE_PREFIX, "/") : undefined,
        ...this.#semaphoreWords(object, offset),
        waiters: waits
          .filter((wait) => wait.object === object && wait.offset === offset)
          .sort((a, b) => a.place - b.place)
          .map(({ task, process }) => ({ task, process })),
      }));
    });
  }

  #semaphoreWords(object: number, offset: number): Pick<PosixSemaphoreFacts, "value" | "counted"> {
    this.#kernel.inspectPosixSemaphore(object, offset);
    return { value: this.#out(0) >>> 0, counted: this.#out(1) >>> 0 };
  }

  #semaphoreWaits(): { task: number; process: number; object: number; offset: number; place: number }[] {
    return this.#facts(
      this.#memory.words[this.#taskPool] as number,
      (index) => this.#kernel.inspectSemaphoreWait(index),
      (task, out) => ({
        task,
        process: this.taskProcess(task),
        object: out(0),
        offset: out(1),
        place: out(2),
      }),
    );
  }

  /** The parts of address spaces that are mapped. */
  mappedParts(): MappedPartFacts[] {
    const { pageSize = 4096 } = this.#options;
    return this.#facts(
      this.#kernel.mappedPartHigh(),
      (index) => this.#kernel.inspectMappedPart(index),
      (_, out) => ({
        process: out(0),
        mapping: out(1) * pageSize,
        mappingPages: out(2),
        address: out(3) * pageSize,
        pages: out(4),
        object: out(5),
        protection: out(6),
        isPrivate: (out(7) & 1) === 0,
        isOfFile: (out(7) & 4) !== 0,
        semaphoreOpens: out(8),
      }),
    );
  }

  messageQueues(): MessageQueueFacts[] {
    return this.#facts(
      this.#kernel.messageQueueHigh(),
      (index) => this.#kernel.inspectMessageQueue(index),
      (queue, out) => ({
        queue,
        messages: out(0),
        maxMessages: out(1),
        maxBytes: out(2),
        notified: out(3) === 0 ? undefined : out(3) - 1,
        signal: out(5),
        name: out(4) === 0 ? undefined : `/${this.#windowText(out(4))}`,
      }),
    );
  }

  #path(inode: number): string | undefined {
    const length = this.#kernel.inspectPath(inode);
    return length === 0 ? undefined : this.#windowText(length);
  }

  #windowText(length: number): string {
    const { bytes, window } = this.#memory;
    return new TextDecoder().decode(bytes.subarray(window, window + length));
  }

  #facts<Facts>(
    end: number,
    inspect: (index: number) => number,
    read: (index: number, out: (place: number) => number) => Facts,
  ): Facts[] {
    const all: Facts[] = [];
    for (let index = 0; index < end; index++) if (inspect(index) !== 0) all.push(read(index, this.#out));
    return all;
  }

  /** A number of what was asked for last. */
  readonly #out = (place: number): number => this.#memory.words[this.#memory.out + place] as number;
}

/** How the objects of semaphores are named. */
const SEMAPHORE_PREFIX = "/sem.";

type FiveNumbers = [number, number, number, number, number];
