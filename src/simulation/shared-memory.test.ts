// Shared memory under the simulator: races on it are found where a step lies in between, and what is said of it.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const BOTH = c.PROT_READ | c.PROT_WRITE;

async function attach(linux: Linux) {
  const fd = await linux.shm_open("/counter", c.O_RDWR);
  const mapping = await linux.mmap(null, 4096, BOTH, c.MAP_SHARED, fd);
  await linux.close(fd);
  return mapping;
}

/** Adds one, in two steps. */
const careless = program(url, async (linux) => {
  const { address } = await attach(linux);
  const byte = new Uint8Array(1);
  await linux.memory_read(address, byte);
  await linux.memory_write(address, new Uint8Array([(byte[0] as number) + 1]));
});

/** Adds one, in none. */
const careful = program(url, async (linux) => {
  Atomics.add((await attach(linux)).array(Int32Array), 0, 1);
});

const counting = (adder: typeof careful) => async (linux: Linux) => {
  const fd = await linux.shm_open("/counter", c.O_RDWR | c.O_CREAT | c.O_EXCL, 0o600);
  await linux.ftruncate(fd, 4096);
  const mapping = await linux.mmap(null, 4096, BOTH, c.MAP_SHARED, fd);
  const pids = [await linux.spawn(adder), await linux.spawn(adder)];
  for (const pid of pids) await linux.waitpid(pid);
  const count = mapping.array(Int32Array)[0];
  await linux.munmap(mapping.address, 4096);
  await linux.close(fd);
  await linux.shm_unlink("/counter");
  if (count !== 2) throw new Error(`counted ${count}`);
};

describe("shared memory on the model", () => {
  it("a counter without a lock is found to lose, with Atomics it does not", async () => {
    const error = await errorOf(explore({ schedules: 500, seed: 1 }, counting(careless)));
    expect(error.message).toContain("counted 1");
    expect(error.message).toMatch(/memory_read\(0x[0-9a-f]+\) = "\\0"/);
    expect(await explore({ schedules: 300 }, counting(careful))).toBeDefined();
  });

  it("one that maps an object before it has its size is told so, and does not crash", async () => {
    await simulate({}, async (linux) => {
      const fd = await linux.memfd_create("early");
      const mapping = await linux.mmap(null, 4096, BOTH, c.MAP_SHARED, fd);
      expect(() => mapping.bytes).toThrow("EFAULT");
      await expect(linux.memory_read(mapping.address, new Uint8Array(1))).rejects.toMatchObject({
        code: "EFAULT",
      });
      await linux.ftruncate(fd, 1);
      expect(mapping.bytes.length).toBe(4096);
      await linux.munmap(mapping.address, 4096);
      await linux.close(fd);
    });
  });

  it("limits say which they are, and traces read as strace has them", async () => {
    const { trace, leaks } = await simulate({ leaks: "report" }, async (linux) => {
      const fd = await linux.shm_open("/m", c.O_RDWR | c.O_CREAT, 0o600);
      await expect(linux.ftruncate(fd, 2 ** 21)).rejects.toThrow("machine.sharedObjectMax");
      await expect(linux.mmap(null, 2 ** 21, BOTH, c.MAP_SHARED, fd)).rejects.toThrow(
        "machine.sharedObjectMax",
      );
      await linux.pwrite(fd, new TextEncoder().encode("hi"), 3);
      await linux.pread(fd, new Uint8Array(5), 0);
      await linux.fcntl(fd, c.F_GET_SEALS);
      await linux.fstat(fd);
      const { address } = await linux.mmap(null, 5, c.PROT_READ, c.MAP_SHARED, fd);
      await linux.mprotect(address, 5, BOTH);
      await linux.msync(address, 5, c.MS_SYNC);
    });
    const text = trace.toString();
    expect(text).toContain('shm_open("/m", O_CREAT|O_RDWR, 0600) = 3');
    expect(text).toContain('pwrite(3, "hi", at 3) = 2');
    expect(text).toContain('pread(3, at 0) = "\\0\\0\\0hi"');
    expect(text).toContain("fcntl(3, F_GET_SEALS) = F_SEAL_SEAL");
    expect(text).toContain("mmap(5, PROT_READ, MAP_SHARED, 3) = 0x10000");
    expect(text).toContain("mprotect(0x10000, 5, PROT_READ|PROT_WRITE)");
    expect(text).toContain("msync(0x10000, 5, MS_SYNC)");
    expect(leaks.map((leak) => leak.text).join()).toContain("fd 3 open (shared memory");
  });
});
