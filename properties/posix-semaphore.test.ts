// The mechanism of POSIX semaphores, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("POSIX semaphores", () => {
  itConforms("semaphore", {
    sync: "what threads that block at POSIX semaphores see, the model allows, byte for byte",
    awaited: "what awaited calls on POSIX semaphores come to, the model allows, byte for byte",
  });
  itConforms(
    "semaphore-process",
    { sync: "what ending processes leave of POSIX semaphores, the model allows" },
    { sync: 100, awaited: 0 },
  );
});
