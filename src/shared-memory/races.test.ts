// The classical race of shared memory, in every order: the reader comes before the memory is there, or before it has its size.
import { describe, expect, it } from "vitest";
import { MAP_SHARED, O_CREAT, O_RDWR, PROT_READ, SIGKILL } from "../constants.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { explore } from "../simulation/explore.js";
import { SharedMemory } from "./shared-memory.js";

const url = import.meta.url;
const NAME = "/board";
const SIZE = 4096;

/** What a reader finds: as many bytes as the maker meant. */
type Reader = (linux: Linux) => Promise<number>;

const readers: Record<string, Reader> = {
  async careless(linux) {
    const fd = await linux.shm_open(NAME, O_RDWR | O_CREAT, 0o600);
    const { bytes } = await linux.mmap(null, SIZE, PROT_READ, MAP_SHARED, fd);
    return bytes.length;
  },
  async careful(linux) {
    await using memory = await SharedMemory.createOrAttach(linux, NAME, { size: SIZE });
    return memory.bytes.length;
  },
};

const reader = program(url, async (linux, which: string) => {
  expect(await readers[which]?.(linux)).toBe(SIZE);
});

const sharing = (which: string) => async (linux: Linux) => {
  const pid = await linux.spawn(reader, { args: [which] });
  await using memory = await SharedMemory.createOrAttach(linux, NAME, { size: SIZE });
  expect(memory.bytes.length).toBe(SIZE);
  await linux.waitpid(pid);
};

const maker = program(url, async (linux) => {
  await using memory = await SharedMemory.create(linux, NAME, { size: SIZE });
  memory.bytes[0] = 1;
});

describe("memory that one makes and another attaches", () => {
  it("has its size when it is attached, in every order", async () => {
    await explore({ schedules: 500, seed: 1 }, sharing("careful"));
  });

  it("has not if it is opened as usual: that is found out", async () => {
    const { failure } = await explore.check({ schedules: 500, seed: 1 }, sharing("careless"));
    expect(failure?.message).toContain("EFAULT");
  });

  it("of a maker that is killed at whatever step is there, or is not, or has no size: which is told", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 300, seed: 1 }, async (linux) => {
      const pid = await linux.spawn(maker);
      await linux.kill(pid, SIGKILL);
      await linux.waitpid(pid);
      try {
        await using memory = await SharedMemory.attach(linux, NAME, { timeout: 10 });
        expect(memory.size).toBe(SIZE);
        ends.add(`has its size, and ${memory.bytes[0]}`);
      } catch (error) {
        ends.add((error as { code: string }).code);
      }
    });
    expect([...ends].sort()).toEqual(["ENOENT", "TIMEOUT_ERR", "has its size, and 0", "has its size, and 1"]);
  });
});
