// The mechanism of System V shared memory, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("sysv-shm", () => {
  itConforms(
    "sysv-shm",
    {
      sync: "what is attached, split, replaced and removed by blocking calls, the model allows, byte for byte",
      awaited:
        "what is attached, split, replaced and removed by awaited calls, the model allows, byte for byte",
    },
    undefined,
    { blocks: false },
  );
});

describe("sysv-shm-process", () => {
  itConforms(
    "sysv-shm-process",
    { sync: "what ending processes leave of System V shared memory, the model allows" },
    { sync: 60, awaited: 0 },
    { blocks: false },
  );
});
