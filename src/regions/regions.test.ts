// Regions of shared memory, on both kernels: by arrays and by guarded copies.
import { afterEach, describe, expect, it } from "vitest";
import { listOwned } from "../../backends/linux/descriptors.js";
import { linux as real } from "../../backends/linux/index.js";
import { SIGKILL } from "../constants.js";
import type { Linux } from "../linux.js";
import { program } from "../program.js";
import { SharedMemory } from "../shared-memory/shared-memory.js";
import { explore } from "../simulation/explore.js";
import { simulate } from "../simulation/simulate.js";
import { failureOf, testerOf } from "../testing.js";
import { CheckedRegion, type Region, RegionError, SealedRegion } from "./index.js";

const test = testerOf(real, listOwned);
const NAME = `/linux-ipc-region-${process.pid}`;
const url = import.meta.url;
const key = new Uint8Array(32).fill(9);

afterEach(async () => {
  if (process.platform === "linux") await real.shm_unlink(NAME).catch(() => undefined);
});

const kinds: Record<string, (memory: SharedMemory, capacity: number, byteOffset?: number) => Region> = {
  checked: (memory, capacity, byteOffset = 0) => new CheckedRegion(memory, { capacity, byteOffset }),
  sealed: (memory, capacity, byteOffset = 0) => new SealedRegion(memory, { capacity, byteOffset, key }),
};

for (const [kind, regionOf] of Object.entries(kinds)) {
  describe(`a ${kind} region`, () => {
    test("holds one content, for all who have the memory", async (linux) => {
      const memory = await SharedMemory.create(linux, NAME, { size: 65_536, unlinkOnClose: true });
      const same = await SharedMemory.attach(linux, NAME);
      const [writer, reader] = [regionOf(memory, 20_000, 64), regionOf(same, 20_000, 64)];
      expect([writer.byteLength, reader.read(), await reader.readGuarded()]).toEqual([
        2 * (64 + 20_032),
        undefined,
        undefined,
      ]);
      expect(writer.write("größe")).toBe(1n);
      const content = reader.read();
      expect([content?.text, content?.generation]).toEqual(["größe", 1n]);
      const large = new Uint8Array(20_000).map((_, index) => index);
      const writing = writer.writeGuarded(large);
      large[0] = 99;
      expect(() => writer.write("x")).toThrow("write: a writeGuarded of the same object is going on");
      expect(await writing).toBe(2n);
      large[0] = 0;
      expect((await reader.readGuarded())?.bytes).toEqual(large);
      expect(reader.read()?.bytes).toEqual(large);
      const buffer = new Uint8Array(20_001);
      expect(reader.readInto(buffer)).toEqual({ length: 20_000, generation: 2n });
      expect(buffer.subarray(0, 20_000)).toEqual(large);
      expect(() => reader.readInto(buffer.subarray(0, 19_999))).toThrow(
        "readInto: the content is longer than 19999 bytes",
      );
      expect(regionOf(memory, 64, 128 + writer.byteLength).readInto(buffer)).toBe(undefined);
      expect(await Promise.all([writer.writeGuarded("a"), writer.writeGuarded("b")])).toEqual([3n, 4n]);
      expect(reader.read()?.text).toBe("b");
      expect((await regionOf(same, 20_000, 64).readGuarded())?.text).toBe("b");
      // Beside it, nothing was touched.
      expect([...memory.bytes.subarray(0, 64), ...memory.bytes.subarray(64 + writer.byteLength)]).toEqual(
        new Array(65_536 - writer.byteLength).fill(0),
      );
      await same.close();
      await memory.close();
    });

    test("goes on after its memory was resized, and ends with it", async (linux) => {
      const memory = await SharedMemory.create(linux, NAME, { size: 4096, unlinkOnClose: true });
      const region = regionOf(memory, 100);
      region.write("one");
      await memory.resize(100_000);
      expect(region.read()?.text).toBe("one");
      region.write("two");
      const reader = await SharedMemory.attach(linux, NAME, { access: "read" });
      const readerRegion = regionOf(reader, 100);
      expect(readerRegion.read()?.text).toBe("two");
      expect(() => readerRegion.write("x")).toThrow(
        "EACCES: permission denied, write (the memory was attached",
      );
      await memory.resize(64);
      expect((await failureOf(readerRegion.readGuarded())).name).toBe("RangeError");
      await reader.close();
      await memory.close();
      expect(() => region.read()).toThrow("(this object was closed)");
      expect(await failureOf(region.writeGuarded("x"))).toMatchObject({ code: "EBADF" });
    });
  });
}

describe("a region that is written by guarded copies", () => {
  const regionOf = (memory: SharedMemory, kind: string, salt: number): Region =>
    kind === "checked"
      ? new CheckedRegion(memory, { capacity: 100 })
      : new SealedRegion(memory, { capacity: 100, key, salt: new Uint8Array(16).fill(salt) });

  const contents = ["the first content", "the second", "the third one, which is longer than the others"];

  const writer = program(url, async (linux, kind: string) => {
    const memory = await SharedMemory.attach(linux, NAME);
    const region = regionOf(memory, kind, 1);
    for (const content of contents) await region.writeGuarded(content);
  });

  it.each(Object.keys(kinds))(
    "is whole whenever its writer is killed, and whenever it is read: %s",
    async (kind) => {
      const seen = new Set<string>();
      await explore({ schedules: 500, seed: 1 }, async (linux: Linux) => {
        await using memory = await SharedMemory.create(linux, NAME, { size: 4096, unlinkOnClose: true });
        const region = regionOf(memory, kind, 2);
        const pid = await linux.spawn(writer, { args: [kind] });
        const note = (content: string | undefined): void => {
          expect([undefined, ...contents]).toContain(content);
          seen.add(content ?? "empty");
        };
        for (let round = 0; round < 5; round++) {
          note((await region.readGuarded())?.text);
          note(region.read()?.text);
        }
        await linux.kill(pid, SIGKILL);
        await linux.waitpid(pid);
        const after = region.read();
        note(after?.text);
        expect(await region.writeGuarded("mine")).toBe((after?.generation ?? 0n) + 1n);
        expect((await region.readGuarded())?.text).toBe("mine");
      });
      expect([...seen].sort()).toEqual(["empty", ...contents].sort());
    },
  );
});

describe("a bad argument", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
  const bad = (value: unknown): any => value;

  it("is told of, and nothing is touched", async () => {
    await simulate({}, async (linux) => {
      const memory = await SharedMemory.anonymous(linux, 4096);
      const wrong: [() => unknown, string][] = [
        [() => new CheckedRegion(bad({}), { capacity: 1 }), '"memory" must be a SharedMemory, not an object'],
        [() => new CheckedRegion(memory, bad(undefined)), 'CheckedRegion: "options" must be an object'],
        [
          () => new CheckedRegion(memory, bad({})),
          '"capacity" must be an integer of at least 1, not undefined',
        ],
        [
          () => new CheckedRegion(memory, { capacity: 2 ** 31 }),
          '"capacity" must be at most 2147483647 bytes',
        ],
        [
          () => new CheckedRegion(memory, { capacity: 1, byteOffset: 32 }),
          '"options.byteOffset" must be a multiple of 64, not 32',
        ],
        [() => new CheckedRegion(memory, { capacity: 2048 }), "CheckedRegion: bytes 0 to 4224 of 4096"],
        [
          () => new CheckedRegion(memory, { capacity: 1, minGeneration: -1n }),
          '"options.minGeneration" must be a bigint from 0 on, not -1n',
        ],
        [() => new SealedRegion(memory, bad({ capacity: 1 })), '"options.key" must be a Uint8Array'],
        [
          () => new SealedRegion(memory, { capacity: 1, key: new Uint8Array(16) }),
          'SealedRegion: "options.key" must be of 32 bytes, not of 16',
        ],
        [
          () => new SealedRegion(memory, { capacity: 1, key, salt: key }),
          'SealedRegion: "options.salt" must be of 16 bytes, not of 32',
        ],
        [
          () => new SealedRegion(memory, { capacity: 1, key, context: bad(5) }),
          '"options.context" must be a Uint8Array or a string, not 5',
        ],
        [() => CheckedRegion.byteLength(0), 'byteLength: "capacity" must be an integer of at least 1, not 0'],
        [
          () => new CheckedRegion(memory, { capacity: 3 }).write("four"),
          "the content is longer than 3 bytes",
        ],
        [() => new CheckedRegion(memory, { capacity: 3 }).write(bad(4)), '"content" must be a Uint8Array or'],
      ];
      for (const [wrongly, message] of wrong) expect(wrongly).toThrow(message);
      expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
      expect(new RegionError("ERR_REGION_BUSY", "x").name).toBe("RegionError");
      await memory.close();
    });
  });
});
