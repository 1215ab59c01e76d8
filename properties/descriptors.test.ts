// The mechanism of descriptors, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("descriptors", () => {
  itConforms("descriptors", {
    sync: "descriptors get the same numbers and flags on the kernel as on the model",
    awaited: "awaited calls see descriptors as the model does, closed ones among them",
  });
});
