// The mechanism of the size of pipes, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("limits", () => {
  itConforms("limits", { sync: "pipes of all sizes fill, block and drain as the model allows" });
});
