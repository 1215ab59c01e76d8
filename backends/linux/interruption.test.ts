// Plain calls that a signal interrupts: EINTR, or what was moved before. Nothing is made again silently.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CLOCK_MONOTONIC, FIONREAD, O_RDONLY, O_WRONLY } from "../../src/constants.js";
import type { SyncLinux } from "../../src/linux.js";
import { listOwned } from "./descriptors.js";
import { linux } from "./index.js";
import { interruptingSignal, ownThread, signalOften, signalThread } from "./thread-signals.js";

const { sync } = linux;
const CAPACITY = 65536;
const INTERVAL_NS = 10_000_000n;
const buffer = new Uint8Array(10);
const large = new Uint8Array(2 * CAPACITY);

let r: number;
let w: number;

beforeEach(() => {
  [r, w] = sync.pipe2();
});

afterEach(() => {
  for (const fd of listOwned()) sync.close(fd);
});

/** Makes a call while this thread is signalled again and again, and tells what it comes to. */
function interrupted(call: (linux: SyncLinux) => unknown): unknown {
  const stop = signalOften(interruptingSignal(), INTERVAL_NS);
  expect(stop).toBeDefined();
  try {
    return call(sync);
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    stop?.();
  }
}

it("EINTR ends what has moved nothing: from an empty pipe", () => {
  const other = sync.pipe2()[1];
  expect(interrupted(({ read }) => read(r, buffer))).toBe("EINTR");
  expect(interrupted(({ readv }) => readv(r, [buffer]))).toBe("EINTR");
  expect(interrupted(({ tee }) => tee(r, other, 5))).toBe("EINTR");
  expect(interrupted(({ splice }) => splice(r, null, other, null, 5))).toBe("EINTR");
  expect(interrupted(({ vmsplice }) => vmsplice(r, [buffer]))).toBe("EINTR");
  expect(interrupted(({ poll }) => poll([{ fd: r, events: 1 }], -1))).toBe("EINTR");
  expect(interrupted(({ clock_nanosleep }) => clock_nanosleep(CLOCK_MONOTONIC, 0, 1n << 60n))).toBe("EINTR");
});

it("EINTR ends what has moved nothing: into a full pipe", () => {
  const [empty] = sync.pipe2();
  sync.write(w, new Uint8Array(CAPACITY));
  expect(interrupted(({ write }) => write(w, buffer))).toBe("EINTR");
  expect(interrupted(({ write }) => write(w, large))).toBe("EINTR");
  expect(interrupted(({ writev }) => writev(w, [buffer, buffer]))).toBe("EINTR");
  expect(interrupted(({ vmsplice }) => vmsplice(w, [buffer]))).toBe("EINTR");
  expect(interrupted(({ tee }) => tee(empty, w, 5))).toBe("EINTR");
});

it("a write that has moved bytes gives their count", () => {
  expect(interrupted(({ write }) => write(w, large))).toBe(CAPACITY);
  sync.read(r, large);
  expect(interrupted(({ writev }) => writev(w, [large, buffer]))).toBe(CAPACITY);
  expect(sync.ioctl(r, FIONREAD)).toBe(CAPACITY);
});

it("EINTR ends an open that waits, and leaves nothing open", () => {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-interruption-"));
  const fifo = join(folder, "fifo");
  sync.mkfifo(fifo, 0o600);
  const before = listOwned();
  expect(interrupted(({ open }) => open(fifo, O_RDONLY))).toBe("EINTR");
  expect(interrupted(({ open }) => open(fifo, O_WRONLY))).toBe("EINTR");
  expect(listOwned()).toEqual(before);
  rmSync(folder, { recursive: true });
});

it("the signal does nothing else", () => {
  expect(signalThread(ownThread(), interruptingSignal())).toBe(true);
  expect(sync.getpid()).toBe(process.pid);
});
