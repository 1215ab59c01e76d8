// The mechanism of POSIX shared memory, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("POSIX shared memory", () => {
  itConforms(
    "shm",
    {
      sync: "what is read, written and sealed by blocking calls, the model allows, byte for byte",
      awaited: "what is read, written and sealed by awaited calls, the model allows, byte for byte",
    },
    undefined,
    { blocks: false },
  );
  itConforms(
    "shm-mapping",
    {
      sync: "what is mapped, split, protected and shown to blocking calls, the model allows, byte for byte",
      awaited: "what is mapped, split, protected and shown to awaited calls, the model allows, byte for byte",
    },
    undefined,
    { blocks: false },
  );
  itConforms(
    "shm-process",
    { sync: "processes that end leave shared memory on the kernel as on the model" },
    { sync: 30, awaited: 0 },
  );
});
