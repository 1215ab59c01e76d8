// The real kernel as a backend: which function makes a call, and what a waiting call watches.
import * as n from "../../assembly/abi/calls.js";
import { EBADF, EMFILE } from "../../assembly/abi/errno.js";
import { POLLIN, POLLOUT } from "../../assembly/abi/poll.js";
import type { Call, PollEntry } from "../../src/call.js";
import { type CallStarter, resultOf } from "../../src/calls.js";
import { SyscallError } from "../../src/errors.js";
import { refusal } from "../../src/refusals.js";
import { startWaiting, type Waiter, type WaitPort, type Watch } from "../../src/waiting.js";
import * as clock from "./clock.js";
import * as descriptor from "./descriptor.js";
import { owns } from "./descriptors.js";
import * as libc from "./libc.js";
import * as pipe from "./pipe.js";
import * as poll from "./poll.js";
import * as process from "./process.js";
import { hold, release, watchDescriptor } from "./readiness.js";
import { spawn } from "./spawn.js";
import { watchTime } from "./timers.js";

type Attempt = (call: Call, timedOut: boolean) => number;

// By number, for speed.
const attempts: Attempt[] = [];
attempts[n.CALL_PIPE2] = pipe.pipe2;
attempts[n.CALL_READ] = pipe.read;
attempts[n.CALL_WRITE] = pipe.write;
attempts[n.CALL_CLOSE] = descriptor.close;
attempts[n.CALL_DUP] = descriptor.dup;
attempts[n.CALL_DUP2] = descriptor.dup2;
attempts[n.CALL_DUP3] = descriptor.dup3;
attempts[n.CALL_FCNTL] = descriptor.fcntl;
attempts[n.CALL_IOCTL] = pipe.ioctl;
attempts[n.CALL_POLL] = poll.poll;
attempts[n.CALL_CLOCK_GETTIME] = clock.clock_gettime;
attempts[n.CALL_CLOCK_NANOSLEEP] = clock.clock_nanosleep;
attempts[n.CALL_GETPID] = process.getpid;
attempts[n.CALL_GETPPID] = process.getppid;
attempts[n.CALL_SPAWN] = spawn;
attempts[n.CALL_WAITPID] = process.waitpid;
attempts[n.CALL_EXIT] = process.exit;
attempts[n.CALL_KILL] = process.kill;

// The calls that can block, as they do.
const blocking: Attempt[] = [...attempts];
blocking[n.CALL_READ] = pipe.readBlocking;
blocking[n.CALL_WRITE] = pipe.writeBlocking;
blocking[n.CALL_POLL] = poll.pollBlocking;
blocking[n.CALL_CLOCK_NANOSLEEP] = clock.nanosleepBlocking;
blocking[n.CALL_WAITPID] = process.waitpidBlocking;

/** What a waiting call watches, all of it together. */
class CallWatch implements Watch {
  readonly parts: Watch[] = [];

  cancel(): void {
    for (const part of this.parts) part.cancel();
    release();
  }
}

const port: WaitPort = {
  attempt: (call, timedOut) => (attempts[call.syscall.number] as Attempt)(call, timedOut),
  watch(call, waiter) {
    const held = hold();
    if (held < 0) return held;
    const watch = new CallWatch();
    for (const part of watchParts(call, waiter)) {
      if (typeof part === "number") {
        watch.cancel();
        return part;
      }
      watch.parts.push(part);
    }
    return watch;
  },
  failure,
};

const ALONE = { isExclusive: true };

function* watchParts(call: Call, waiter: Waiter): Generator<Watch | number> {
  switch (call.syscall.number) {
    case n.CALL_READ:
      yield watchDescriptor(call.a, POLLIN, waiter, ALONE);
      break;
    case n.CALL_WRITE:
      yield watchDescriptor(call.a, POLLOUT, waiter, ALONE);
      break;
    case n.CALL_POLL:
      for (const { fd, events } of call.payload as readonly PollEntry[]) {
        if (fd >= 0) yield watchDescriptor(fd, events, waiter);
      }
      if (call.a > 0) yield watchTime(clock.pollDeadline(call.a), waiter);
      break;
    case n.CALL_CLOCK_NANOSLEEP:
      yield watchTime(clock.sleepDeadline(call), waiter);
      break;
    case n.CALL_WAITPID:
      yield process.watchChildren(call.a, waiter);
      break;
  }
}

function failure(call: Call, errno: number): Error {
  const isOnDescriptor = /fd$/.test(call.syscall.parameters[0] ?? "");
  return new SyscallError(errno, call.syscall.name, {
    ...(isOnDescriptor ? { fd: call.a } : {}),
    ...hintFor(call, errno, isOnDescriptor),
  });
}

function hintFor(call: Call, errno: number, isOnDescriptor: boolean): { hint?: string } {
  if (errno === EMFILE) return { hint: "the limit is RLIMIT_NOFILE: ulimit -n" };
  const isForeign = errno === EBADF && isOnDescriptor && call.a >= 0 && !owns(call.a);
  return isForeign ? { hint: "this program did not open, inherit or adopt it" } : {};
}

/** Makes a checked call on the calling thread. */
export function runBlocking(call: Call): unknown {
  if (libc.failure !== undefined) throw libc.failure;
  const refused = refusal(call);
  if (refused !== 0) throw failure(call, refused);
  const result = (blocking[call.syscall.number] as Attempt)(call, false);
  if (result < 0) throw failure(call, -result);
  return resultOf(call, result);
}

/** The awaited calls. @param fds the descriptors that this process was given by name */
export const starterWith = (fds: Readonly<Record<string, number>>): CallStarter => ({ fds, start });

function start(
  call: Call,
  signal: AbortSignal | undefined,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (libc.failure !== undefined) return reject(libc.failure);
  const refused = refusal(call);
  if (refused !== 0) return reject(failure(call, refused));
  startWaiting(port, call, signal, resolve, reject);
}
