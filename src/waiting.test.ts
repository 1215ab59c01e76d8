import { describe, expect, it } from "vitest";
import { BLOCKED } from "../assembly/abi/model.js";
import type { Call } from "./call.js";
import { EAGAIN, EBADF, EMFILE, EPIPE } from "./constants.js";
import { SyscallError } from "./errors.js";
import { syscalls } from "./syscalls.js";
import { startWaiting, type Waiter, type WaitPort } from "./waiting.js";

/** A port whose attempts are scripted, and whose waiters are woken by hand. */
class ScriptedPort implements WaitPort {
  readonly waiters = new Set<Waiter>();
  readonly seen: Uint8Array[] = [];
  watches = 0;
  watchError = 0;

  constructor(readonly script: (number | { moved: number; result: number })[]) {}

  attempt(call: Call): number {
    if (call.payload instanceof Uint8Array) this.seen.push(call.payload);
    if (Array.isArray(call.payload)) this.seen.push(...(call.payload as Uint8Array[]));
    const next = this.script.shift() ?? BLOCKED;
    if (typeof next === "number") return next;
    call.transferred += next.moved;
    return next.result;
  }

  watch(_call: Call, waiter: Waiter) {
    if (this.watchError !== 0) return -this.watchError;
    this.watches++;
    this.waiters.add(waiter);
    return { cancel: () => void this.waiters.delete(waiter) };
  }

  failure(call: Call, errno: number): Error {
    return new SyscallError(errno, call.syscall.name);
  }

  start(call: Call, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => startWaiting(this, call, signal, resolve, reject));
  }

  wake(timedOut = false): void {
    for (const waiter of [...this.waiters]) waiter.wake(timedOut);
  }
}

const readCall = (buffer = new Uint8Array(4)): Call => syscalls.read.marshal(3, buffer, undefined);
const writevCall = (...buffers: Uint8Array[]): Call => syscalls.writev.marshal(4, buffers);
const readvCall = (...buffers: Uint8Array[]): Call => syscalls.readv.marshal(3, buffers);
const writeCall = (buffer = new Uint8Array(10)): Call => syscalls.write.marshal(4, buffer, undefined);

describe("a call that need not wait", () => {
  it("gives the result of its first attempt and watches nothing", async () => {
    const port = new ScriptedPort([4]);
    await expect(port.start(readCall())).resolves.toBe(4);
    expect(port.watches).toBe(0);
  });

  it("is not copied", async () => {
    const port = new ScriptedPort([10]);
    const bytes = new Uint8Array(10);
    await port.start(writeCall(bytes));
    expect(port.seen).toEqual([bytes]);
    expect(port.seen[0]).toBe(bytes);
  });

  it("rejects with its errno", async () => {
    await expect(new ScriptedPort([-EAGAIN]).start(readCall())).rejects.toMatchObject({ code: "EAGAIN" });
  });

  it("completes although its signal fires after", async () => {
    const abort = new AbortController();
    const done = new ScriptedPort([4]).start(readCall(), abort.signal);
    abort.abort();
    await expect(done).resolves.toBe(4);
  });
});

describe("a call that waits", () => {
  it("attempts again at each wake, and survives spurious ones", async () => {
    const port = new ScriptedPort([BLOCKED, BLOCKED, 2]);
    const done = port.start(readCall());
    port.wake();
    expect(port.waiters.size).toBe(1);
    port.wake();
    await expect(done).resolves.toBe(2);
    expect(port.waiters.size).toBe(0);
  });

  it("rejects with the errno of a later attempt", async () => {
    const port = new ScriptedPort([BLOCKED, -EBADF]);
    const done = port.start(readCall());
    port.wake();
    await expect(done).rejects.toMatchObject({ code: "EBADF" });
  });

  it("rejects if it cannot be watched", async () => {
    const port = new ScriptedPort([BLOCKED]);
    port.watchError = EMFILE;
    await expect(port.start(readCall())).rejects.toMatchObject({ code: "EMFILE" });
  });

  it("rejects with a TypeError if its buffer was transferred away", async () => {
    const port = new ScriptedPort([BLOCKED, 4]);
    const buffer = new Uint8Array(4);
    const done = port.start(readCall(buffer));
    structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
    port.wake();
    await expect(done).rejects.toThrow(TypeError);
    expect(port.waiters.size).toBe(0);
  });
});

describe("a write that waits", () => {
  it("copies its bytes, which may change meanwhile", async () => {
    const port = new ScriptedPort([BLOCKED, 10]);
    const bytes = new Uint8Array(10).fill(1);
    const done = port.start(writeCall(bytes));
    bytes.fill(2);
    port.wake();
    await done;
    expect(port.seen[1]).toEqual(new Uint8Array(10).fill(1));
  });

  it.each([
    ["an error", (port: ScriptedPort) => port.wake()],
    ["a close", (port: ScriptedPort) => [...port.waiters][0]?.fail(EBADF)],
    ["an abort", (_: ScriptedPort, abort: AbortController) => abort.abort()],
  ])("gives the count of what it has moved after %s", async (_, end) => {
    const port = new ScriptedPort([{ moved: 4, result: BLOCKED }, { moved: 3, result: BLOCKED }, -EPIPE]);
    const abort = new AbortController();
    const done = port.start(writeCall(), abort.signal);
    port.wake();
    end(port, abort);
    await expect(done).resolves.toBe(7);
    expect(port.waiters.size).toBe(0);
  });

  it("has bytes of its own beside others of the same size, and after them", async () => {
    const port = new ScriptedPort([BLOCKED, 10, BLOCKED, BLOCKED, 10, 10]);
    const before = port.start(writeCall(new Uint8Array(10).fill(1)));
    port.wake();
    await before;
    const bytes = [2, 3].map((byte) => new Uint8Array(10).fill(byte));
    const both = bytes.map((each) => port.start(writeCall(each)));
    for (const each of bytes) each.fill(9);
    port.wake();
    await Promise.all(both);
    expect(port.seen.slice(-2)).toEqual([2, 3].map((byte) => new Uint8Array(10).fill(byte)));
  });

  it("rejects if it has moved nothing", async () => {
    const port = new ScriptedPort([BLOCKED]);
    const done = port.start(writeCall());
    [...port.waiters][0]?.fail(EBADF);
    await expect(done).rejects.toMatchObject({ code: "EBADF" });
  });
});

describe("an AbortSignal", () => {
  it("that has fired keeps the call from being attempted", async () => {
    const port = new ScriptedPort([4]);
    const done = port.start(readCall(), AbortSignal.abort("why"));
    await expect(done).rejects.toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
    expect(port.script).toEqual([4]);
  });

  it("ends a wait, and leaves nothing armed", async () => {
    const port = new ScriptedPort([BLOCKED]);
    const abort = new AbortController();
    const done = port.start(readCall(), abort.signal);
    abort.abort("enough");
    await expect(done).rejects.toMatchObject({ name: "AbortError", cause: "enough" });
    expect(port.waiters.size).toBe(0);
  });

  it("that fires after the call completed changes nothing", async () => {
    const port = new ScriptedPort([BLOCKED, 3]);
    const abort = new AbortController();
    const done = port.start(readCall(), abort.signal);
    port.wake();
    abort.abort();
    await expect(done).resolves.toBe(3);
  });

  it("that carries methods of its own cannot interfere", async () => {
    const port = new ScriptedPort([BLOCKED, 3]);
    const { signal } = new AbortController();
    Object.assign(signal, {
      addEventListener() {
        throw new Error("not to be called");
      },
    });
    const done = port.start(readCall(), signal);
    port.wake();
    await expect(done).resolves.toBe(3);
  });
});

describe("a call with several buffers", () => {
  it("writes copies of them once it waits", async () => {
    const port = new ScriptedPort([BLOCKED, 3]);
    const buffers = [new Uint8Array([1]), new Uint8Array([2, 3])];
    const done = port.start(writevCall(...buffers));
    for (const buffer of buffers) buffer.fill(9);
    port.wake();
    await expect(done).resolves.toBe(3);
    expect(port.seen.slice(2)).toEqual([new Uint8Array([1]), new Uint8Array([2, 3])]);
  });

  it("fills its own, and ends with a TypeError if one is transferred away", async () => {
    const port = new ScriptedPort([BLOCKED, BLOCKED, 3]);
    const buffers = [new Uint8Array(1), new Uint8Array(2)] as const;
    const done = port.start(readvCall(...buffers));
    port.wake();
    expect(port.seen[2]).toBe(buffers[0]);
    structuredClone(buffers[1].buffer, { transfer: [buffers[1].buffer] });
    port.wake();
    await expect(done).rejects.toThrow(TypeError);
  });

  it("is copied or not as the port says", async () => {
    const port = Object.assign(new ScriptedPort([BLOCKED, 3]), { takesBytes: () => true });
    const buffer = new Uint8Array(3);
    const done = port.start(readvCall(buffer));
    port.wake();
    await done;
    expect(port.seen[1]).not.toBe(buffer);
  });
});
