// The mechanism of FIFOs, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("fifo", () => {
  itConforms("fifo", {
    sync: "who opens, writes, reads and leaves FIFOs sees what the model allows",
    awaited: "awaited calls on FIFOs come to what the model allows",
  });
});
