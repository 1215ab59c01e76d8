// The mechanism of POSIX message queues, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("POSIX message queues", () => {
  itConforms("mqueue", {
    sync: "what threads that block on queues send and receive, the model allows",
    awaited: "what awaited calls on queues come to, the model allows",
  });
  itConforms(
    "mqueue-process",
    { sync: "processes that end leave queues on the kernel as on the model" },
    { sync: 30, awaited: 0 },
  );
});
