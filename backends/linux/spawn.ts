// spawn: a node process of its own for a program, or an executable file, by posix_spawnp(3). Not by child_process: libuv
// would reap the child, its descriptors beyond stdio would need numbers of libuv's choosing, and O_NONBLOCK of what is passed
// as stdio would be cleared (uv_spawn), on an open file that others share.
//
// A program is passed a descriptor under a number that is free in this process, and so free in the child too: it is
// reserved by a duplicate with FD_CLOEXEC, which only the child makes a real one, by dup2 between fork and
// exec. So no other child of this process gets it.
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EAGAIN, EBADF } from "../../assembly/abi/errno.js";
import { F_DUPFD_CLOEXEC, F_GETFD, FD_CLOEXEC } from "../../assembly/abi/fcntl.js";
import { SIGKILL } from "../../assembly/abi/signal.js";
import { standardStreams } from "../../src/arguments.js";
import type { Call, SpawnRequest } from "../../src/call.js";
import { type AnyProgram, type Executable, isExecutable } from "../../src/program.js";
import { listOwned, moveUp, openBlank, owns } from "./descriptors.js";
import { allocate, type Memory } from "./ffi.js";
import { MESSAGE_VARIABLE, type SpawnMessage } from "./inheritance.js";
import * as libc from "./libc.js";
import { refreshChildWatches } from "./process.js";
import { ringElsewhere } from "./readiness.js";
import { addChild } from "./shared.js";

// spawn.h, on glibc and musl alike. The structures are 80 and 336 bytes there.
const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
const STRUCTURE_SIZE = 512;
const SIGNAL_SET_SIZE = 128;

const MFD_CLOEXEC = 1;
/** Below are stdin, stdout and stderr: libuv changes the flags of those, so a program is passed others. */
const FIRST_PASSED = 3;

export function spawn(call: Call): number {
  const request = call.payload as SpawnRequest;
  if (!request.fds.every(owns)) return -EBADF;
  // Closed in the end, whatever happens.
  const temporary: number[] = [];
  const actions = new FileActions(temporary);
  try {
    const { program } = request;
    const pid = isExecutable(program)
      ? startExecutable(program, request, actions)
      : startProgram(program, request, actions);
    if (pid < 0) return pid;
    refreshChildWatches();
    ringElsewhere();
    return pid;
  } finally {
    actions.destroy();
    for (const fd of temporary) libc.close(fd);
  }
}

function startExecutable({ path }: Executable, request: SpawnRequest, actions: FileActions): number {
  const { names, fds, args, env } = request;
  const streams = standardStreams.map((name) => fds[names.indexOf(name)]);
  const made = actions.standard(streams);
  if (made < 0) return made;
  return execute(path, [path, ...(args as readonly string[])], env ?? environment(), actions);
}

function startProgram(program: AnyProgram, request: SpawnRequest, actions: FileActions): number {
  // Asked for before any number is reserved.
  const inherited = listOwned().filter((fd) => (libc.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) === 0);
  const fds: Record<string, number> = {};
  for (const [index, name] of request.names.entries()) {
    const passed = actions.pass(request.fds[index] as number);
    if (passed < 0) return passed;
    // Not by assignment: a name may be "__proto__".
    Object.defineProperty(fds, name, { value: passed, enumerable: true });
    inherited.push(passed);
  }
  const { url, ordinal } = program;
  const message = writeMessage({ url, ordinal, args: request.args, fds, inherited });
  if (message < 0) return message;
  actions.temporary.push(message);
  const passed = actions.pass(message);
  if (passed < 0) return passed;
  const kept = actions.standard([]);
  if (kept < 0) return kept;
  const bootstrap = fileURLToPath(new URL("./bootstrap.js", import.meta.url));
  const argv = [process.execPath, ...request.execArgv, bootstrap];
  return execute(process.execPath, argv, [...environment(), `${MESSAGE_VARIABLE}=${passed}`], actions);
}

/** The environment of this process, as NAME=value. */
function environment(): string[] {
  const { [MESSAGE_VARIABLE]: _, ...variables } = process.env;
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

/** What happens in the child between fork and exec. */
class FileActions {
  readonly #memory: Memory = allocate(STRUCTURE_SIZE);
  #blank: number | undefined;

  /** What C is given by its address, and JavaScript seems to be done with. */
  readonly retained: Memory[] = [];

  constructor(readonly temporary: number[]) {
    libc.posix_spawn_file_actions_init(this.#memory.address);
  }

  get address(): number {
    return this.#memory.address;
  }

  /** Passes a descriptor. @returns its number in the child, or -errno */
  pass(fd: number): number {
    const blank = this.#openBlank();
    const reserved = blank < 0 ? blank : this.#duplicate(blank);
    return reserved < 0 ? reserved : this.#dup2(fd, reserved);
  }

  /**
   * Makes 0, 1 and 2 of descriptors; of this process's own, where there is none.
   * @returns 0 or -errno
   */
  standard(streams: readonly (number | undefined)[]): number {
    for (let fd = 0; fd < FIRST_PASSED; fd++) {
      const source = this.#sourceOf(streams[fd] ?? fd);
      // One that this process does not have either.
      if (source === -EBADF && streams[fd] === undefined) continue;
      const result = source < 0 ? source : this.#dup2(source, fd);
      if (result < 0) return result;
    }
    return 0;
  }

  /**
   * What a standard stream is made of. One of the three goes by way of a copy: it may have become another before, node has set
   * FD_CLOEXEC on its own three, and dup2 of a number onto itself would leave that in some libcs.
   */
  #sourceOf(fd: number): number {
    return fd < FIRST_PASSED ? this.#duplicate(fd) : fd;
  }

  /** What numbers are reserved with. @returns its descriptor, or -errno */
  #openBlank(): number {
    if (this.#blank === undefined) {
      const made = openBlank();
      if (made < 0) return made;
      this.#blank = moveUp(made);
      this.temporary.push(this.#blank);
    }
    return this.#blank;
  }

  destroy(): void {
    libc.posix_spawn_file_actions_destroy(this.#memory.address);
    this.retained.length = 0;
  }

  #duplicate(fd: number): number {
    const copy = libc.resultOrErrno(libc.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PASSED));
    if (copy >= 0) this.temporary.push(copy);
    return copy;
  }

  #dup2(from: number, to: number): number {
    const errno = libc.posix_spawn_file_actions_adddup2(this.#memory.address, from, to);
    return errno === 0 ? to : -errno;
  }
}

/** The message as a file in memory: an environment variable could hold 128 KiB, and others could read it. */
function writeMessage(message: SpawnMessage): number {
  const fd = libc.resultOrErrno(libc.memfd_create("linux-ipc", MFD_CLOEXEC));
  if (fd < 0) return fd;
  const bytes = Buffer.from(JSON.stringify(message));
  // At a position, so that the child reads from the start.
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, done);
  return fd;
}

/** posix_spawnp(3). @returns the child's pid, or -errno */
function execute(
  file: string,
  argv: readonly string[],
  envp: readonly string[],
  actions: FileActions,
): number {
  const strings = cStrings([file], argv, envp);
  const attributes = allocate(STRUCTURE_SIZE);
  const signals = allocate(2 * SIGNAL_SET_SIZE);
  actions.retained.push(strings.memory, attributes, signals);
  // The child starts as from a shell: no signal blocked (the first set is empty), none ignored (the second is
  // full).
  signals.bytes.fill(0xff, SIGNAL_SET_SIZE);
  libc.posix_spawnattr_init(attributes.address);
  libc.posix_spawnattr_setflags(attributes.address, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  libc.posix_spawnattr_setsigmask(attributes.address, signals.address);
  libc.posix_spawnattr_setsigdefault(attributes.address, signals.address + SIGNAL_SET_SIZE);
  const { address, view } = libc.scratch;
  const [files, argvAt, envpAt] = strings.arrays as [number, number, number];
  const fileAt = Number(strings.memory.view.getBigUint64(files - strings.memory.address, true));
  const errno = libc.posix_spawnp(address, fileAt, actions.address, attributes.address, argvAt, envpAt);
  libc.posix_spawnattr_destroy(attributes.address);
  if (errno !== 0) return -errno;
  const pid = view.getInt32(0, true);
  if (addChild(pid)) return pid;
  // No room to remember it.
  libc.kill(pid, SIGKILL);
  libc.waitpid(pid, address, 0);
  return -EAGAIN;
}

/** Lays out arrays of C strings, each ended by a null pointer. */
function cStrings(...lists: (readonly string[])[]): { memory: Memory; arrays: number[] } {
  const encoded = lists.map((list) => list.map((text) => Buffer.from(`${text}\0`)));
  const pointers = encoded.reduce((count, list) => count + list.length + 1, 0);
  const size = encoded.flat().reduce((sum, text) => sum + text.length, 0);
  const memory = allocate(8 * pointers + size);
  let pointerAt = 0;
  let textAt = 8 * pointers;
  const arrays = encoded.map((list) => {
    const start = memory.address + pointerAt;
    for (const text of list) {
      memory.view.setBigUint64(pointerAt, BigInt(memory.address + textAt), true);
      memory.bytes.set(text, textAt);
      pointerAt += 8;
      textAt += text.length;
    }
    pointerAt += 8;
    return start;
  });
  return { memory, arrays };
}
