// The judge itself, on observations that are made up.
import { beforeEach, describe, expect, it } from "vitest";
import { FORM_AWAITED } from "../assembly/abi/model.js";
import { Machine } from "../backends/wasm/machine.js";
import { EPIPE } from "../src/constants.js";
import type { Action } from "./action.js";
import { Oracle, type Pending, type Verdict } from "./oracle.js";
import { answer, type Outcome } from "./outcome.js";
import { pattern } from "./pattern.js";

const [R, W] = [3, 4];
const A = 1;
const oneByte = (seed: number): Outcome => ({ result: 1, values: [], bytes: pattern(seed, 1) });

describe("the oracle", () => {
  let oracle: Oracle;
  let calls = 0;

  /** Makes a call, and says what completed: by the number of the call, from 0. */
  function seen(process: number, action: Action, completed: Record<number, Outcome>): Verdict {
    const pending: Pending = { id: calls++, process, action };
    return oracle.observe(
      [pending],
      new Map(Object.entries(completed).map(([id, outcome]) => [Number(id), outcome])),
    );
  }

  const read = (room: number): Action => ({ call: "read", args: [R, { room }] });
  const write = (bytes: number, seed: number): Action => ({ call: "write", args: [W, { bytes, seed }] });

  // Two awaited reads of one pipe: whoever attempts first gets the byte.
  beforeEach(() => {
    calls = 0;
    oracle = new Oracle(new Machine(), FORM_AWAITED);
    oracle.begin(["root"]);
    seen(A, { call: "pipe2", args: [0] }, { 0: { result: 0, values: [R, W], bytes: undefined } });
    seen(A, read(1), {});
    seen(A, read(2), {});
  });

  it.each([1, 2])("allows either of two readers to win: call %i", (winner) => {
    expect(seen(A, write(1, 7), { 3: answer(1), [winner]: oneByte(7) }).kind).toBe("allowed");
  });

  it("remembers who won", () => {
    seen(A, write(1, 7), { 3: answer(1), 2: oneByte(7) });
    expect(seen(A, write(1, 8), { 4: answer(1), 1: oneByte(8) }).kind).toBe("allowed");
  });

  it("says what is allowed where something else was seen", () => {
    const verdict = seen(A, write(1, 7), { 3: answer(1) });
    expect(verdict.kind).toBe("different");
    expect(verdict).toHaveProperty("allowed.length", 2);
  });

  it("does not allow both readers to have the byte", () => {
    expect(seen(A, write(1, 7), { 3: answer(1), 1: oneByte(7), 2: oneByte(7) }).kind).toBe("different");
  });

  it("compares bytes one by one", () => {
    expect(seen(A, write(1, 7), { 3: answer(1), 1: oneByte(8) }).kind).toBe("different");
  });

  it("does not allow a wrong error", () => {
    expect(seen(A, write(1, 7), { 3: answer(-EPIPE) }).kind).toBe("different");
  });

  it("keeps all states that agree, and drops those that later contradict what is seen", () => {
    // Who of two writers took the one free slot is not seen until the bytes come out.
    const full = 65536;
    oracle.begin(["root"]);
    calls = 0;
    seen(A, { call: "pipe2", args: [0] }, { 0: { result: 0, values: [R, W], bytes: undefined } });
    seen(A, write(full, 1), { 1: answer(full) });
    seen(A, write(8192, 2), {});
    seen(A, write(8192, 3), {});
    const page = { result: 4096, values: [], bytes: pattern(1, full).slice(0, 4096) };
    expect(seen(A, read(4096), { 4: page }).kind).toBe("allowed");
    expect(oracle.stateCount).toBe(2);
    const rest = { result: full - 4096, values: [], bytes: pattern(1, full).slice(4096) };
    expect(seen(A, read(full - 4096), { 5: rest, 2: answer(8192), 3: answer(8192) }).kind).toBe("allowed");
    const first = { result: 4096, values: [], bytes: pattern(3, 4096) };
    expect(seen(A, read(4096), { 6: first }).kind).toBe("allowed");
    const wrong = { result: 4096, values: [], bytes: pattern(1, 4096) };
    expect(seen(A, read(4096), { 7: wrong }).kind).toBe("different");
  });

  it("is not drowned by many waiters", () => {
    const polls = Array.from({ length: 8 }, (_, index) => index + 3);
    for (const _ of polls) seen(A, { call: "poll", args: [[[R, 1]], -1] }, {});
    const ready = { result: 0, values: [1], bytes: undefined };
    const completed = Object.fromEntries(polls.map((id) => [id, ready]));
    expect(seen(A, write(1, 7), { 11: answer(1), 1: oneByte(7), ...completed }).kind).toBe("allowed");
  });
});
