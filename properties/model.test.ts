// Properties of the model that need no kernel.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING } from "../assembly/abi/model.js";
import { type Form, Machine } from "../backends/wasm/machine.js";
import type { Call } from "../src/call.js";
import { PIPE_BUF } from "../src/constants.js";
import { syscalls } from "../src/syscalls.js";
import { cases as generatedCases, type Mechanism } from "./generators/index.js";
import { ModelRun } from "./model-run.js";
import { pattern } from "./pattern.js";
import type { Step } from "./step.js";

const forms: readonly (readonly [string, Form])[] = [
  ["blocking", FORM_BLOCKING],
  ["awaited", FORM_AWAITED],
];
const options = { firstDescriptor: 3, rlimitNofile: 27 };
const PROCESSES = 3;

/** The steps of cases: all processes are root's. */
const cases = (mechanism: Mechanism, maxLength: number): fc.Arbitrary<readonly Step[]> =>
  generatedCases(mechanism, maxLength).map(({ steps }) => steps);

function fresh(machine: Machine): void {
  machine.reset();
  for (let index = 0; index < PROCESSES; index++) machine.createProcess();
}

const schedules = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 40, size: "max" });

describe.each(forms)("the model, %s calls", (_, form) => {
  const machine = new Machine(options);
  const again = new Machine(options);

  it.each<Mechanism>(["all", "sysv", "sysv-semaphore", "shm", "shm-mapping", "semaphore"])(
    "goes on from a snapshot exactly as it went on before: %s",
    (mechanism) => {
      fc.assert(
        fc.property(cases(mechanism, 30), cases(mechanism, 30), schedules, (before, after, schedule) => {
          fresh(machine);
          const first = new ModelRun(machine, form);
          play(first, before, schedule);
          const state = machine.snapshot();
          const forked = first.fork(again);
          const once = first.fork(machine);
          play(once, after, schedule);
          again.restore(state);
          play(forked, after, schedule);
          expect(forked.log).toEqual(once.log);
          expect(again.hash()).toBe(machine.hash());
        }),
        { numRuns: 200 },
      );
    },
  );

  it("a state has the same hash however it came to be: what was closed leaves no trace", () => {
    fc.assert(
      fc.property(cases("all", 40), schedules, (steps, schedule) => {
        const made = steps.filter(({ call }) => call !== "clock_nanosleep" && call !== "poll");
        fresh(machine);
        const empty = machine.hash();
        const run = new ModelRun(machine, form);
        play(run, made, schedule);
        run.closeAll();
        expect(machine.pipes()).toEqual([]);
        expect(machine.hash()).toBe(empty);
      }),
      { numRuns: 200 },
    );
  });

  it("takes no more memory after many steps than after few", () => {
    fresh(machine);
    const run = new ModelRun(machine, form);
    const [steps] = fc.sample(cases("all", 60), { numRuns: 1, seed: 1 }) as [readonly Step[]];
    const sizes = new Set<number>();
    for (let round = 0; round < 500; round++) {
      play(run, steps, [round % 7, 1, 2]);
      run.closeAll();
      run.log.length = 0;
      sizes.add(machine.snapshot().length);
    }
    expect(sizes.size).toBe(1);
  });

  it("bytes come out of a pipe as they went in", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, sizes, schedules, (writes, reads, schedule) => {
        fresh(machine);
        const pipe = new OnePipe(machine, form);
        const expected = writes.map((size, index) => pattern(index, size));
        // One write after the other: a later one may overtake one that waits.
        let next = 0;
        const read: Uint8Array[] = [];
        for (let turn = 0; next < writes.length || pipe.size > 0 || pipe.isWriting; turn++) {
          if (next < writes.length && !pipe.isWriting) pipe.write(expected[next++] as Uint8Array);
          pipe.advance(schedule[turn % schedule.length] as number);
          read.push(pipe.read(reads[turn % reads.length] as number));
        }
        expect(Buffer.compare(Buffer.concat(read), Buffer.concat(expected))).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("a write of at most PIPE_BUF bytes is never split", () => {
    const sizes = fc.array(fc.integer({ min: 2, max: PIPE_BUF }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9000 }), schedules, (writes, room, schedule) => {
        fresh(machine);
        const pipe = new OnePipe(machine, form);
        for (const [index, size] of writes.entries()) pipe.write(new Uint8Array(size).fill(index + 1));
        const read: Uint8Array[] = [];
        for (let turn = 0; pipe.size > 0 || pipe.isWriting || turn === 0; turn++) {
          pipe.advance(schedule[turn % schedule.length] as number);
          read.push(pipe.read(room));
        }
        // Every write's bytes stand together: a byte is followed by its like until the write's size is reached.
        const bytes = Buffer.concat(read);
        let at = 0;
        while (at < bytes.length) {
          const writer = bytes[at] as number;
          const size = writes[writer - 1] as number;
          expect(bytes.subarray(at, at + size).every((byte) => byte === writer)).toBe(true);
          at += size;
        }
        expect(at).toBe(writes.reduce((sum, size) => sum + size, 0));
      }),
      { numRuns: 100 },
    );
  });
});

/** Starts the steps one by one, and between them lets tasks move as the schedule has it. */
function play(run: ModelRun, steps: readonly Step[], schedule: readonly number[]): void {
  for (const [index, step] of steps.entries()) {
    run.start(step);
    const choice = schedule[index % schedule.length] as number;
    for (let moves = 0; moves <= choice; moves++) run.move(choice);
  }
  run.settle();
}

/** A pipe in one process, whose writes wait while its reads are made at once. */
class OnePipe {
  readonly #machine: Machine;
  readonly #form: Form;
  readonly #writes = new Map<number, Call>();
  readonly #ends: readonly [number, number];

  constructor(machine: Machine, form: Form) {
    this.#machine = machine;
    this.#form = form;
    const call = syscalls.pipe2.marshal(0, undefined, undefined);
    machine.attempt(machine.createTask(1, form), call);
    this.#ends = call.value as [number, number];
  }

  get size(): number {
    return this.#machine.pipes()[0]?.size ?? 0;
  }

  get isWriting(): boolean {
    return this.#writes.size > 0;
  }

  write(bytes: Uint8Array): void {
    const call = syscalls.write.marshal(this.#ends[1], bytes, undefined);
    this.#writes.set(this.#machine.createTask(1, this.#form), call);
  }

  /** Lets writes go on until none can, in an order that the choice gives. */
  advance(choice: number): void {
    const runnable: number[] = [];
    for (let count = this.#machine.runnable(runnable); count > 0; count = this.#machine.runnable(runnable)) {
      const task = runnable[choice % count] as number;
      const call = this.#writes.get(task) as Call;
      if (this.#machine.attempt(task, call) !== BLOCKED) this.#writes.delete(task);
    }
  }

  read(room: number): Uint8Array {
    if (this.size === 0) return new Uint8Array(0);
    const buffer = new Uint8Array(room);
    const call = syscalls.read.marshal(this.#ends[0], buffer, undefined);
    const count = this.#machine.attempt(this.#machine.createTask(1, this.#form), call);
    return buffer.subarray(0, count);
  }
}
