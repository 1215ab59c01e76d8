// The mechanism of credentials, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("credentials", () => {
  itConforms(
    "credentials",
    { awaited: "who a process becomes may do on the kernel what he may on the model" },
    { sync: 0, awaited: 500 },
    { blocks: false },
  );
});
