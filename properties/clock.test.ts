// The mechanism of clocks, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("clock", () => {
  itConforms("clock", {
    sync: "clocks and past sleeps fail and succeed as on the model",
    awaited: "awaited sleeps fail and succeed as on the model",
  });
});
