// The mechanism of readv and writev, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("vectors", () => {
  itConforms("vectors", {
    sync: "several buffers are read and written as the model allows",
    awaited: "awaited calls with several buffers come to what the model allows",
  });
});
