// The mechanism of pipes, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("pipe", () => {
  itConforms("pipe", {
    sync: "what threads that block on pipes see, the model allows",
    awaited: "what awaited calls on pipes come to, the model allows",
  });
});
