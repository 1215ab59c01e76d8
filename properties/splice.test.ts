// The mechanism of tee, splice and vmsplice, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("splice", () => {
  itConforms("splice", {
    sync: "pages that go from pipe to pipe arrive as the model allows",
    awaited: "awaited calls that move pages come to what the model allows",
  });
});
