// The mechanism of System V semaphores, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("sysv-semaphore", () => {
  itConforms("sysv-semaphore", {
    sync: "what threads that block on System V semaphores see, the model allows",
    awaited: "what awaited calls on System V semaphores come to, the model allows",
  });
});

describe("sysv-semaphore-process", () => {
  itConforms(
    "sysv-semaphore-process",
    { sync: "what ending processes leave of System V semaphores, the model allows" },
    { sync: 120, awaited: 0 },
  );
});
