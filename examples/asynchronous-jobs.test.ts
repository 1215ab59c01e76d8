// Jobs are done later, the urgent ones first; more of them than the queues hold stop the hasty producer, and not the mended one.
import { describe, expect, it } from "vitest";
import type * as AsynchronousJobs from "./asynchronous-jobs.js";
import { built, explored, foundIn, onBothKernels } from "./testing.js";

const { capacity, hasty, later, mended } = await built<typeof AsynchronousJobs>("asynchronous-jobs");

const suffixes = ["-jobs", "-results"];
const jobs = (count: number): AsynchronousJobs.Job[] =>
  Array.from({ length: count }, (_, index) => ({ text: `job ${index}`, priority: index % 3 }));
const results = (count: number): string[] =>
  jobs(count)
    .map(({ text }) => text.toUpperCase())
    .sort();

describe("jobs that are handed over", () => {
  it("are done when a worker comes, the urgent ones first, on the model and on the real kernel", async () => {
    const some = [
      { text: "sweep", priority: 0 },
      { text: "fire", priority: 9 },
      { text: "dust", priority: 0 },
      { text: "flood", priority: 9 },
    ];
    const done = await onBothKernels((linux, name) => later(linux, name, some), suffixes);
    expect(done).toEqual(["FIRE", "FLOOD", "SWEEP", "DUST"]);
  });

  it("are all done if the queues hold them, to who looks for results afterwards", async () => {
    // The end is a message, too.
    const count = capacity - 1;
    const done = await explored(async (linux) => (await hasty(linux, "/example", jobs(count))).sort());
    expect(done).toEqual(results(count));
  });

  it("stop for ever if the queues and the worker do not hold them, to who looks for results afterwards", async () => {
    const { kind, message } = await foundIn((linux) => hasty(linux, "/example", jobs(2 * capacity + 2)));
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/pid 2 \(main\) waits in mq_send/);
    expect(message).toMatch(/In a circle: pid 2 waits for pid 3 waits for pid 2/);
  });

  it("are all done to who takes results meanwhile, on the model and on the real kernel", async () => {
    const count = 5 * capacity;
    const done = await onBothKernels(
      async (linux, name) => (await mended(linux, name, jobs(count))).sort(),
      suffixes,
    );
    expect(done).toEqual(results(count));
  });
});
