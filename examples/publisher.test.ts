// A subscriber that does not look misses events, and is told how many; nobody else notices. To a publisher that waits all do.
import { describe, expect, it } from "vitest";
import type * as Publisher from "./publisher.js";
import { built, explored, foundIn, onBothKernels } from "./testing.js";

const { hastyPublisher, mendedPublisher, publish } = await built<typeof Publisher>("publisher");

const events = ["one", "two", "three", "four", "five"];
const roomy = events.length + 1;
const suffixes = ["", "-a", "-b", "-c"];

const castOf = (name: string, publisher: Publisher.Cast["publisher"]): Publisher.Cast => ({
  publisher,
  subscriptions: [
    { name: `${name}-a`, capacity: roomy },
    { name: `${name}-b`, capacity: roomy },
  ],
  sleeper: { name: `${name}-c`, capacity: 3 },
});

describe("a publisher that drops what has no room", () => {
  it("is not held up by one that sleeps, which is told what it missed, on the model and on the real kernel", async () => {
    const reports = await onBothKernels(async (linux, name) => {
      const reports = await publish(linux, name, events, castOf(name, mendedPublisher));
      return reports.map(({ name, events, missed }) => ({ name: name.slice(-1), events, missed }));
    }, suffixes);
    expect(reports).toEqual([
      { name: "a", events, missed: 0 },
      { name: "b", events, missed: 0 },
      { name: "c", events: ["one", "two"], missed: 3 },
    ]);
  });

  it("tells each of all events, in their order: as an event, or as one that was missed", async () => {
    const subscriptions = [
      { name: "/a", capacity: 2 },
      { name: "/b", capacity: 3 },
    ];
    const all = await explored(async (linux) => {
      const reports = await publish(linux, "/example", events, { publisher: mendedPublisher, subscriptions });
      return reports.map(({ events: received, missed }) => {
        const places = received.map((event) => events.indexOf(event));
        expect(places).toEqual([...places].sort());
        return received.length + missed;
      });
    });
    expect(all).toEqual([events.length, events.length]);
  });
});

describe("a publisher that waits for room", () => {
  it("waits for ever for one that sleeps, and so do all others", async () => {
    const { kind, message } = await foundIn((linux) =>
      publish(linux, "/example", events, castOf("/example", hastyPublisher)),
    );
    expect(kind).toBe("deadlock");
    expect(message).toMatch(/pid 6 \(publisher\) waits in mq_send/);
    expect(message).toMatch(/the message queue \/example-a: it is empty, and open for sending by pid 6/);
  });
});
