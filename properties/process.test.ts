// The mechanism of processes, on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

// Each process is a real one: a step costs a hundred times as much as elsewhere.
const few = { sync: 30, awaited: 0 };

describe("process", () => {
  itConforms(
    "process",
    { sync: "processes start, inherit, end and are reaped on the kernel as on the model" },
    few,
  );
});
