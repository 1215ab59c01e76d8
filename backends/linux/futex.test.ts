// Futexes and words of memory: the same program on both kernels, and what is the real one's alone.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { linux } from "linux-ipc/native";
import { describe, expect, it } from "vitest";
import * as c from "../../src/constants.js";
import { FUTEX_OP } from "../../src/futex.js";
import type { Linux } from "../../src/linux.js";
import { simulate } from "../../src/simulation/index.js";

const program = fileURLToPath(new URL("./fixtures/words-of-threads.mjs", import.meta.url));
const PAGE = 4096;
const BOTH = c.PROT_READ | c.PROT_WRITE;
const ANONYMOUS = c.MAP_SHARED | c.MAP_ANONYMOUS;
const ALL = 0x7fffffff;

const outcome = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      (value) => value ?? "done",
      (error) => error.code ?? error.name,
    );

/** What a program comes to on both kernels, which must be the same. */
async function onBoth(program: (linux: Linux) => Promise<unknown>): Promise<unknown> {
  let simulated: unknown;
  await simulate({ leaks: "ignore" }, async (model) => {
    simulated = await program(model);
  });
  const real = await program(linux);
  expect(simulated).toEqual(real);
  return real;
}

/** Gives some memory of an object, mapped twice, to a program. */
async function withWords(
  kernel: Linux,
  program: (first: number, second: number, fd: number) => Promise<unknown>,
): Promise<unknown> {
  const fd = await kernel.memfd_create("words", c.MFD_ALLOW_SEALING);
  await kernel.ftruncate(fd, PAGE);
  const first = await kernel.mmap(null, 2 * PAGE, BOTH, c.MAP_SHARED, fd);
  const second = await kernel.mmap(null, PAGE, BOTH, c.MAP_SHARED, fd);
  try {
    return await program(first.address, second.address, fd);
  } finally {
    for (const { address, length } of [first, second]) await kernel.munmap(address, length);
    await kernel.close(fd);
  }
}

/** Lets others go on: on a real kernel the event loop must turn before a lane can begin its call. */
const turn = (kernel: Linux): Promise<unknown> => kernel.clock_nanosleep(c.CLOCK_MONOTONIC, 0, 100_000n);

/** Wakes until one was there to be woken. */
async function wakeOne(kernel: Linux, address: number, flags = 0): Promise<void> {
  while ((await kernel.futex(address, c.FUTEX_WAKE | flags, 1)) === 0) await turn(kernel);
}

describe("on both kernels", () => {
  it("words are read, written, and exchanged, and refused", async () => {
    const result = await onBoth((kernel) =>
      withWords(kernel, async (first, second, fd) => [
        await outcome(() => kernel.memory_store(first, 0xfffffffe)),
        await kernel.memory_add(second, 5),
        await kernel.memory_compare_exchange(first, 3, -7),
        await kernel.memory_compare_exchange(first, 3, 1),
        await kernel.memory_load(second),
        await outcome(() => kernel.memory_load(first + 2)),
        await outcome(() => kernel.memory_load(first + PAGE)),
        await outcome(() => kernel.memory_store(0, 1)),
        await outcome(() => kernel.ftruncate(fd, 0)),
        await outcome(() => kernel.memory_load(first)),
        await outcome(() => kernel.memory_add(second, 1)),
      ]),
    );
    expect(result).toEqual(["done", -2, 3, -7, -7, "EINVAL", "EFAULT", "EFAULT", "done", "EFAULT", "EFAULT"]);
  });

  it("a part of a mapping that is left has its words still", async () => {
    const result = await onBoth(async (kernel) => {
      const { address } = await kernel.mmap(null, 2 * PAGE, BOTH, ANONYMOUS, -1);
      await kernel.memory_store(address, 5);
      await kernel.munmap(address + PAGE, PAGE);
      const left = [
        await kernel.memory_load(address),
        await outcome(() => kernel.memory_load(address + PAGE)),
      ];
      await kernel.munmap(address, PAGE);
      return left;
    });
    expect(result).toEqual([5, "EFAULT"]);
  });

  it("who waits is woken, at whichever mapping of the object; its memory stays until then", async () => {
    const result = await onBoth((kernel) =>
      withWords(kernel, async (first, second) => {
        const waits = [
          kernel.futex(first, c.FUTEX_WAIT, 0),
          kernel.memory_wait(first + 4, 0),
          kernel.futex_waitv([{ val: 0, uaddr: second + 8, flags: c.FUTEX2_SIZE_U32 }], 0, null, 0),
        ];
        const busy = await outcome(() => kernel.munmap(second, PAGE));
        for (const word of [second, second + 4, first + 8]) await wakeOne(kernel, word);
        return [busy, ...(await Promise.all(waits))];
      }),
    );
    expect(result).toEqual(["EBUSY", 0, "ok", 0]);
  });

  it("waiters are moved to another word", async () => {
    const result = await onBoth((kernel) =>
      withWords(kernel, async (word) => {
        const wait = kernel.futex(word, c.FUTEX_WAIT_BITSET, 0, null, 0, 4);
        while ((await kernel.futex(word, c.FUTEX_CMP_REQUEUE, 0, 1, word + 8, 0)) === 0) await turn(kernel);
        const counts = [
          await kernel.futex(word, c.FUTEX_WAKE, ALL),
          await kernel.futex(word + 8, c.FUTEX_WAKE_BITSET, ALL, 0, 0, 3),
          await kernel.futex(
            word,
            c.FUTEX_WAKE_OP,
            1,
            1,
            word + 8,
            FUTEX_OP(c.FUTEX_OP_ADD, 2, c.FUTEX_OP_CMP_EQ, 0),
          ),
        ];
        return [...counts, await wait, await kernel.memory_load(word + 8)];
      }),
    );
    expect(result).toEqual([0, 0, 1, 0, 2]);
  });

  it("times, and what is wrong with a call, come out in the kernel's order", async () => {
    const result = await onBoth((kernel) =>
      withWords(kernel, async (word) => {
        const calls: (() => unknown)[] = [
          () => kernel.futex(0, c.FUTEX_WAIT, 0, -1n),
          () => kernel.futex(0, c.FUTEX_WAIT | c.FUTEX_CLOCK_REALTIME, 0),
          () => kernel.futex(0, c.FUTEX_WAIT_BITSET, 0, null, 0, 0),
          () => kernel.futex(1, c.FUTEX_WAIT, 0),
          () => kernel.futex(word, c.FUTEX_WAIT, 1, 0n),
          () => kernel.futex(word, c.FUTEX_WAIT, 0, 0n),
          () => kernel.futex(word, c.FUTEX_WAIT, 0, 1_000_000n),
          () => kernel.futex(word, c.FUTEX_WAIT_BITSET, 0, 1n, 0, 1),
          () => kernel.futex(word, c.FUTEX_WAIT_BITSET | c.FUTEX_CLOCK_REALTIME, 0, 1n, 0, 1),
          () => kernel.futex(word, c.FUTEX_LOCK_PI, 0),
          () => kernel.futex(word, c.FUTEX_REQUEUE, -1, 0, word),
          () => kernel.futex(word, c.FUTEX_WAKE, 1n as unknown as number, 1n),
          () => kernel.memory_wait(word, 0, 1_000_000n),
          () => kernel.memory_wait(word, 1),
          () => kernel.futex_waitv([], 0, null, 0),
          () => kernel.futex_waitv([{ val: 0, uaddr: word, flags: c.FUTEX2_SIZE_U32 }], 0, 5n, 7),
        ];
        return Promise.all(calls.map(outcome));
      }),
    );
    expect(result).toEqual([
      ...[
        "EINVAL",
        "ENOSYS",
        "EINVAL",
        "EINVAL",
        "EAGAIN",
        "ETIMEDOUT",
        "ETIMEDOUT",
        "ETIMEDOUT",
        "ETIMEDOUT",
      ],
      ...["ENOSYS", "EINVAL", "ERR_INVALID_ARG_TYPE", "timed-out", "not-equal", "EINVAL", "EINVAL"],
    ]);
  });

  it("a wait that is aborted has not been woken", async () => {
    const result = await onBoth((kernel) =>
      withWords(kernel, async (word) => {
        const stop = new AbortController();
        const wait = outcome(() => kernel.memory_wait(word, 0, null, { signal: stop.signal }));
        await kernel.getpid();
        stop.abort();
        return [await wait, await kernel.memory_notify(word)];
      }),
    );
    expect(result).toEqual(["ABORT_ERR", 0]);
  });
});

describe("on the real kernel", () => {
  it("any thread waits at what another has mapped; what is gone, and what it would access, is EFAULT there", () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual([0, "EFAULT", "EFAULT"]);
  });

  it("the list that libc has set is told, and put back", async () => {
    const head = await linux.get_robust_list(0);
    expect(head?.length).toBe(24);
    await withWords(linux, async (word) => {
      expect(await outcome(() => linux.set_robust_list(word, 23))).toBe("EINVAL");
      const { address } = await linux.mmap(null, PAGE, BOTH, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1);
      expect(await outcome(() => linux.set_robust_list(address, 24))).toBe("EFAULT");
      await linux.munmap(address, PAGE);
      await linux.set_robust_list(word, 24);
      expect((await linux.get_robust_list(0))?.address).toBe(word);
      await linux.set_robust_list(head?.address ?? 0, 24);
    });
    expect(await linux.get_robust_list(0)).toBe(head);
  });
});
