// The mechanism of System V message queues, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("sysv", () => {
  itConforms("sysv", {
    sync: "what threads that block on System V queues see, the model allows",
    awaited: "what awaited calls on System V queues come to, the model allows",
  });
});
