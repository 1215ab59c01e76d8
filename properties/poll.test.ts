// The mechanism of poll(2), on the real kernel and on the model.
import { describe } from "vitest";
import { itConforms } from "./conformance-test.js";

describe("poll", () => {
  itConforms("poll", {
    sync: "a poll wakes when the model says, with the events that the model says",
    awaited: "an awaited poll wakes when the model says, with the events that the model says",
  });
});
