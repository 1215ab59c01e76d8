// Our locks in glibc's own list, beside robust mutexes of C on the same thread: whatever the order, the kernel would find all of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAP_SHARED, PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { HeldMutex } from "../../src/shared-mutex/held-mutex.js";
import { SharedMutex } from "../../src/shared-mutex/shared-mutex.js";
import { allocate, bind } from "./ffi.js";
import { linux } from "./index.js";
import { foreign } from "./mapping.js";

const PAGE = 4096;
const MUTEX_BYTES = 64;
const COUNT = 5;
/** From a mutex to its entry. */
const NEXT = 32;
const PTHREAD_PROCESS_SHARED = 1;
const PTHREAD_MUTEX_ROBUST = 1;

const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const isGlibc = process.platform === "linux" && report.header.glibcVersionRuntime !== undefined;

describe.runIf(isGlibc)("glibc's list of robust mutexes", () => {
  it("has ours and C's, the last one first", async () => {
    const attributesInit = bind("pthread_mutexattr_init", "int", "long");
    const setShared = bind("pthread_mutexattr_setpshared", "int", "long", "int");
    const setRobust = bind("pthread_mutexattr_setrobust", "int", "long", "int");
    const init = bind("pthread_mutex_init", "int", "long", "long");
    const lock = bind("pthread_mutex_lock", "int", "long");
    const unlock = bind("pthread_mutex_unlock", "int", "long");

    const attributes = allocate(64);
    attributesInit(attributes.address);
    setShared(attributes.address, PTHREAD_PROCESS_SHARED);
    setRobust(attributes.address, PTHREAD_MUTEX_ROBUST);
    const memory = allocate(COUNT * MUTEX_BYTES);
    const foreignMutexes = Array.from({ length: COUNT }, (_, index) => memory.address + index * MUTEX_BYTES);
    for (const mutex of foreignMutexes) init(mutex, attributes.address);

    const fd = await linux.memfd_create("mutexes");
    await linux.ftruncate(fd, PAGE);
    const mapping = await linux.mmap(null, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    await linux.close(fd);
    const ownMutexes: SharedMutex[] = [];
    for (let index = 0; index < COUNT; index++) {
      ownMutexes.push(await SharedMutex.at(linux, mapping, index * MUTEX_BYTES));
    }
    const head = BigInt((await linux.get_robust_list(0))?.address ?? 0);
    const walk = (): number[] => {
      const found: number[] = [];
      for (let at = foreign.read(head); at !== head && at !== undefined; at = foreign.read(at)) {
        found.push(Number(at));
        if (found.length > 2 * COUNT) throw new Error("it goes round");
      }
      return found;
    };
    expect(walk()).toEqual([]);

    /** Locks or unlocks one of either kind, as it is. */
    const toggle = (index: number, isOwn: boolean, isLocked: boolean): void => {
      const own = ownMutexes[index] as SharedMutex;
      if (!isOwn) expect((isLocked ? unlock : lock)(foreignMutexes[index])).toBe(0);
      else if (isLocked) own.unlock();
      else expect(own.tryLock()).toBeInstanceOf(HeldMutex);
    };
    const step = fc.record({ index: fc.nat(COUNT - 1), isOwn: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const held: { readonly place: number; readonly release: () => void }[] = [];
        for (const { index, isOwn } of steps) {
          const start = isOwn ? mapping.address + index * MUTEX_BYTES : (foreignMutexes[index] as number);
          const at = held.findIndex(({ place }) => place === start + NEXT);
          toggle(index, isOwn, at !== -1);
          if (at !== -1) held.splice(at, 1);
          else held.unshift({ place: start + NEXT, release: () => toggle(index, isOwn, true) });
          expect(walk()).toEqual(held.map(({ place }) => place));
        }
        for (const { release } of held) release();
        expect(walk()).toEqual([]);
      }),
    );
    await linux.munmap(mapping.address, PAGE);
  });

  it("is read and written where there is memory, and nowhere else", () => {
    const memory = allocate(8);
    foreign.write(BigInt(memory.address), 5n);
    expect(foreign.read(BigInt(memory.address))).toBe(5n);
    foreign.write(8n, 5n);
    expect(foreign.read(8n)).toBe(undefined);
  });
});
