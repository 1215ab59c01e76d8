// The mechanism of futexes and words of memory, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("futex", () => {
  itConforms("futex", {
    sync: "what threads that block at words of memory see, the model allows",
    awaited: "what awaited calls at words of memory come to, the model allows",
  });
});

describe("futex-process", () => {
  itConforms(
    "futex-process",
    { sync: "what processes that die leave of robust locks, the model allows" },
    { sync: 120, awaited: 0 },
  );
});
