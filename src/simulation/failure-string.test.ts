import { describe, expect, it } from "vitest";
import { CALL_DUP2, CALL_GETPID, CALL_READ } from "../../assembly/abi/calls.js";
import { CALL_EXITING, CALL_TIMER } from "./choice.js";
import { decodeFailure, encodeFailure } from "./failure-string.js";

const steps = [
  { pid: 2, call: CALL_GETPID, nth: 0 },
  { pid: 2, call: CALL_GETPID, nth: 0 },
  { pid: 2, call: CALL_READ, nth: 1 },
  { pid: 3, call: CALL_READ, nth: 0 },
  { pid: 3, call: CALL_DUP2, nth: 0 },
  { pid: 3, call: CALL_DUP2, nth: 0 },
  { pid: 0, call: CALL_TIMER, nth: 0 },
  { pid: 3, call: CALL_DUP2, nth: 0 },
  { pid: 3, call: CALL_EXITING, nth: 0 },
];

describe("a failure string", () => {
  it("names processes and calls, and counts what repeats", () => {
    expect(encodeFailure("0123abcd", steps)).toBe(
      "1,0123abcd,2getpid:2.read/1.3read.dup2:2.0timer.3dup2.exiting",
    );
  });

  it("gives back what it was made of", () => {
    expect(decodeFailure(encodeFailure("0123abcd", steps))).toEqual({ hash: "0123abcd", steps });
    expect(decodeFailure("1,0123abcd,")).toEqual({ hash: "0123abcd", steps: [] });
  });

  it("is a single word to a shell", () => {
    expect(encodeFailure("0123abcd", steps)).toMatch(/^[\w,.:/]+$/);
  });

  it.each([
    ["2,0123abcd,2read", 'its version is "2"'],
    ["1,0123abcd", "three parts"],
    ["1,0123abcd,2read.write,", "three parts"],
    ["1,xyz,2read", '"xyz" is no hash'],
    ["1,0123abcd,2fork", '"2fork" is no step'],
    ["1,0123abcd,read", "names no process"],
    ["1,0123abcd,2read:99999999", "too many steps"],
  ])("is refused if it is none: %s", (text, why) => {
    expect(() => decodeFailure(text)).toThrow(why);
  });
});
