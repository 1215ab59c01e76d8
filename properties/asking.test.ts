// Questions about processes, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("asking", () => {
  itConforms("asking", {
    sync: "what a process asks about processes is answered as on the model",
    awaited: "awaited questions about processes are answered as on the model",
  });
});
