// The mechanism of paths, by users who may and may not, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("tree", () => {
  itConforms(
    "tree",
    { sync: "files and directories are made, found, opened and removed on the kernel as on the model" },
    { sync: 2000, awaited: 0 },
    { blocks: false },
  );
});
