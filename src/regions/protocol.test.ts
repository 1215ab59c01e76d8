// The protocol of regions, on plain bytes: cut off at every byte, run against itself, and forged.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytes, text } from "../testing.js";
import { Checksum } from "./checked-region.js";
import { RegionError } from "./errors.js";
import { COUNTER, HEADER_SIZE, regionSize, SALT, type Slot, slotPlace } from "./layout.js";
import { Knowledge, type Protection, reading, type Step, writing } from "./protocol.js";
import { Seal } from "./sealed-region.js";

const CAPACITY = 40;
const key = new Uint8Array(32).fill(7);
const protections: Record<string, (byteOffset?: number, context?: string) => Protection> = {
  "a check": (byteOffset = 0) => new Checksum(byteOffset, CAPACITY),
  "a seal": (byteOffset = 0, context = "") => new Seal(key, byteOffset, CAPACITY, bytes(context)),
};

class Memory {
  readonly bytes = new Uint8Array(regionSize(CAPACITY));

  /** Takes a step. @param most how many bytes of it are stored before the writer dies */
  take(step: Step, most = Number.POSITIVE_INFINITY): void {
    const view = new DataView(this.bytes.buffer);
    switch (step.kind) {
      case "load":
        step.generation = view.getBigUint64(slotPlace(CAPACITY, step.slot), true);
        break;
      case "publish":
        // In one piece: it is stored or not.
        if (most >= 8) view.setBigUint64(slotPlace(CAPACITY, step.slot), step.generation, true);
        break;
      case "copy-out":
        step.bytes.set(this.bytes.subarray(step.place, step.place + step.bytes.length));
        break;
      case "copy-in":
        this.bytes.set(step.bytes.subarray(0, most), step.place);
    }
  }

  run<Result>(steps: Generator<Step, Result>): Result {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      this.take(value);
    }
  }
}

/** One who reads and writes. */
class Party {
  readonly knowledge = new Knowledge(0n);

  constructor(
    readonly memory: Memory,
    readonly protection: Protection,
  ) {}

  writing = (content: string): Generator<Step, bigint> =>
    writing(CAPACITY, this.protection, this.knowledge, bytes(content));

  write(content: string): bigint {
    return this.memory.run(this.writing(content));
  }

  read(): string | undefined {
    const found = this.memory.run(reading(CAPACITY, this.protection, this.knowledge));
    return found && text(found.bytes);
  }

  /** What a read comes to: content, or the code of its error. */
  outcome(): string | undefined {
    try {
      return this.read();
    } catch (error) {
      if (error instanceof RegionError) return error.code;
      throw error;
    }
  }
}

const sizeOf = (step: Step): number => (step.kind === "copy-in" ? step.bytes.length : 8);
const isStore = (step: Step): boolean => step.kind === "copy-in" || step.kind === "publish";

describe.each(Object.keys(protections))("a region with %s", (name) => {
  const protect = protections[name] as (typeof protections)[string];
  const party = (memory: Memory): Party => new Party(memory, protect());

  it("gives what was written last, and is empty before", () => {
    const memory = new Memory();
    const [one, two] = [party(memory), party(memory)];
    expect(one.read()).toBe(undefined);
    for (const [index, content] of ["first", "", "x".repeat(CAPACITY), "fourth"].entries()) {
      expect((index % 3 === 0 ? one : two).write(content)).toBe(BigInt(index + 1));
      expect([one.read(), two.read(), party(memory).read()]).toEqual([content, content, content]);
    }
  });

  it("holds the older content or the newer one, wherever its writer dies", () => {
    for (const before of [[], ["older"], ["oldest, and longer than all", "older"], ["a", "b", "older"]]) {
      const [older] = before.slice(-1);
      const seen = new Set<string | undefined>();
      for (let cut = 0; ; cut++) {
        const memory = new Memory();
        const first = party(memory);
        for (const content of before) first.write(content);
        const witness = party(memory);
        expect(witness.read()).toBe(older);
        // As one who writes for the first time, and as one who has before.
        const steps = (cut % 2 === 0 ? party(memory) : first).writing("the newer one");
        let left = cut;
        let isDead = false;
        for (let next = steps.next(); !next.done && !isDead; next = steps.next()) {
          memory.take(next.value, isStore(next.value) ? left : undefined);
          if (!isStore(next.value)) continue;
          isDead = left < sizeOf(next.value);
          left -= sizeOf(next.value);
        }
        const content = witness.read();
        seen.add(content);
        expect([older, "the newer one"]).toContain(content);
        expect(party(memory).read()).toBe(content);
        // Life goes on, and dies again.
        party(memory).write("afterwards");
        expect(witness.read()).toBe("afterwards");
        if (!isDead) break;
      }
      expect([...seen]).toEqual([older, "the newer one"]);
    }
  });

  it("gives what was there when the read began, or newer, however a writer and a reader are mixed", () => {
    const seen = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 120 }), (turns) => {
        const memory = new Memory();
        const writer = party(memory);
        // The contents are their numbers.
        let complete = 0;
        const works = (function* (): Generator<Step, void> {
          for (let number = 1; ; number++) {
            yield* writer.writing(`${number}`);
            complete = number;
          }
        })();
        const reader = party(memory);
        const looks = (function* (): Generator<Step, void> {
          for (;;) {
            const before = complete;
            try {
              const found = yield* reading(CAPACITY, reader.protection, reader.knowledge);
              seen.add(found && text(found.bytes));
              expect(Number((found && text(found.bytes)) ?? 0)).toBeGreaterThanOrEqual(before);
            } catch (error) {
              if (!(error instanceof RegionError) || error.code !== "ERR_REGION_BUSY") throw error;
            }
          }
        })();
        for (const isWriter of turns) {
          const step = (isWriter ? works : looks).next();
          if (!step.done) memory.take(step.value);
        }
      }),
      { numRuns: 1000 },
    );
    expect([undefined, "1", "2", "3"].every((content) => seen.has(content))).toBe(true);
  });

  it("is no empty one for who looks at one slot before a write ends, and at the other after the next began", () => {
    const memory = new Memory();
    const writer = party(memory);
    writer.write("1");
    writer.write("2");
    const third = writer.writing("3");
    const take = (steps: Generator<Step, unknown>, count: number): void => {
      for (let index = 0; index < count; index++) {
        const step = steps.next();
        if (!step.done) memory.take(step.value);
      }
    };
    const looks = reading(CAPACITY, protect(), new Knowledge(0n));
    // Both generations are loaded, the mark is made.
    take(third, 3);
    take(looks, 1);
    memory.run(third);
    const fourth = writer.writing("4");
    take(fourth, 3);
    take(looks, 1);
    const found = memory.run(looks);
    expect(found && text(found.bytes)).toBe("3");
  });

  it("is damaged if both slots are marked for good, as memory that is all ones is", () => {
    const memory = new Memory();
    memory.bytes.fill(0xff);
    expect(party(memory).outcome()).toBe("ERR_REGION_DAMAGED");
    party(memory).write("mended");
    expect(party(memory).outcome()).toBe("mended");
  });

  it("never gives what nobody wrote, however two writers and a reader are mixed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 1, 2), { minLength: 30, maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        (turns, count) => {
          const memory = new Memory();
          const written = new Set<string | undefined>([undefined]);
          const starter = party(memory);
          for (let index = 0; index < count; index++) {
            starter.write(`start ${index}`);
            written.add(`start ${index}`);
          }
          const parties = [party(memory), party(memory)];
          const works = parties.map(function* (each, index) {
            for (let round = 0; ; round++) {
              const content = `${index}`.repeat(10 + round * 7).slice(0, CAPACITY);
              written.add(content);
              yield* each.writing(content);
            }
          });
          const reader = party(memory);
          const looks = (function* (): Generator<Step, void> {
            for (;;) {
              try {
                const found = yield* reading(CAPACITY, reader.protection, reader.knowledge);
                expect(written).toContain(found && text(found.bytes));
              } catch (error) {
                if (!(error instanceof RegionError)) throw error;
              }
            }
          })();
          for (const turn of turns) {
            const step = (turn === 2 ? looks : (works[turn] as Generator<Step>)).next();
            if (!step.done) memory.take(step.value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("tells of any byte that was changed in what it would give", () => {
    const memory = new Memory();
    const writer = party(memory);
    writer.write("the older content");
    writer.write("the content");
    const outcomes = new Map<string | undefined, number>();
    for (let place = 0; place < memory.bytes.length; place++) {
      for (const flip of [1, 0x80]) {
        memory.bytes[place] = (memory.bytes[place] as number) ^ flip;
        const outcome = party(memory).outcome();
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        // Marked as one that is being written: as if its writer had died.
        const isMark = place === slotPlace(CAPACITY, 1) + 7 && flip === 0x80;
        expect(outcome === "the older content").toBe(isMark);
        memory.bytes[place] = (memory.bytes[place] as number) ^ flip;
      }
    }
    expect([...outcomes.keys()].sort()).toEqual(["ERR_REGION_DAMAGED", "the content", "the older content"]);
    expect(outcomes.get("ERR_REGION_DAMAGED")).toBeGreaterThan(2 * 11);
  });

  it("is mended by the next write, which leaves alone what is whole", () => {
    const memory = new Memory();
    const writer = party(memory);
    writer.write("older");
    writer.write("newer");
    memory.bytes[slotPlace(CAPACITY, 1) + HEADER_SIZE] = 0;
    expect(party(memory).outcome()).toBe("ERR_REGION_DAMAGED");
    const steps = party(memory).writing("mended");
    let last = steps.next();
    for (; !last.done && last.value.kind !== "publish"; last = steps.next()) memory.take(last.value);
    // It has begun: what it does not touch is the older one.
    if (!last.done) memory.take(last.value);
    expect(party(memory).read()).toBe("older");
    expect(party(memory).write("mended")).toBe(2n);
    expect(party(memory).read()).toBe("mended");
  });

  it("tells of older content that was put back who has seen newer", () => {
    const memory = new Memory();
    const writer = party(memory);
    writer.write("older");
    const kept = memory.bytes.slice();
    writer.write("newer");
    const reader = party(memory);
    expect(reader.read()).toBe("newer");
    memory.bytes.set(kept);
    expect([reader.outcome(), writer.outcome()]).toEqual(["ERR_REGION_STALE", "ERR_REGION_STALE"]);
    memory.bytes.fill(0);
    expect([reader.outcome(), writer.outcome()]).toEqual(["ERR_REGION_STALE", "ERR_REGION_STALE"]);
    // One who has not cannot know.
    expect(party(memory).outcome()).toBe(undefined);
    memory.bytes.set(kept);
    expect(party(memory).outcome()).toBe("older");
    const warned = new Party(memory, protect());
    warned.knowledge.highest = 2n;
    expect(warned.outcome()).toBe("ERR_REGION_STALE");
  });

  it("tells of content that is of another place", () => {
    const memory = new Memory();
    party(memory).write("here");
    const half = memory.bytes.length / 2;
    // The other slot, and the same slot of another region.
    const moved = new Memory();
    moved.bytes.set(memory.bytes.subarray(0, half), half);
    expect(party(moved).outcome()).toBe("ERR_REGION_DAMAGED");
    expect(new Party(memory, protect(regionSize(CAPACITY))).outcome()).toBe("ERR_REGION_DAMAGED");
  });
});

describe("a sealed region", () => {
  const sealed = (memory: Memory, secret: Uint8Array, context: string): Party =>
    new Party(memory, new Seal(secret, 0, CAPACITY, bytes(context)));

  it("is of one key and one context, and shows nothing to others", () => {
    const memory = new Memory();
    sealed(memory, key, "jobs").write("a secret content");
    expect(sealed(memory, key, "jobs").read()).toBe("a secret content");
    expect(sealed(memory, key.slice().fill(8), "jobs").outcome()).toBe("ERR_REGION_DAMAGED");
    expect(sealed(memory, key, "job").outcome()).toBe("ERR_REGION_DAMAGED");
    expect(text(memory.bytes)).not.toContain("secret");
  });

  it("cannot be made to give what was not written by who knows how it is checked", () => {
    const memory = new Memory();
    sealed(memory, key, "").write("sealed");
    new Party(memory, new Checksum(0, CAPACITY)).write("forged");
    expect(sealed(memory, key, "").outcome()).not.toBe("forged");
  });

  it("uses no nonce twice, whoever writes", () => {
    const memory = new Memory();
    const used = new Set<string>();
    let count = 0;
    for (const writer of [sealed(memory, key, ""), sealed(memory, key, ""), sealed(memory, key, "")]) {
      for (let round = 0; round < 20; round++, count++) {
        const generation = writer.write("the same");
        const slot: Slot = generation % 2n === 1n ? 0 : 1;
        const place = slotPlace(CAPACITY, slot);
        used.add(memory.bytes.slice(place + SALT, place + COUNTER + 8).join());
        // One that fails does not use its own again either.
        writer.writing("never done").return(0n);
      }
    }
    expect(used.size).toBe(count);
  });
});
