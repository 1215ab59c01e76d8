// What a turn comes after, on node and where there are no immediates.
import { afterEach, describe, expect, it, vi } from "vitest";

/** In which order things happen that are started in one turn, and the next turn. */
async function orderOfTurns(): Promise<string[]> {
  const { Turns } = await import("./quiescence.js");
  return await new Promise((resolve) => {
    const order: string[] = [];
    let turn = 0;
    const turns = new Turns(() => {
      order.push(`turn ${++turn}`);
      if (turn === 3) {
        turns.stop();
        resolve(order);
        return;
      }
      void (async () => {
        for (let hop = 0; hop < 50; hop++) await null;
        order.push("after 50 microtasks");
      })();
    });
    turns.start();
    order.push("started");
  });
}

const expected = ["started", "turn 1", "after 50 microtasks", "turn 2", "after 50 microtasks", "turn 3"];

describe("a turn", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("comes after all microtasks of the one before it", async () => {
    expect(await orderOfTurns()).toEqual(expected);
  });

  it("comes after all microtasks where there are no immediates, as in a browser", async () => {
    vi.stubGlobal("setImmediate", undefined);
    vi.resetModules();
    expect(await orderOfTurns()).toEqual(expected);
  });

  // It was never an official part of node: tryDrain() in quiescence.ts.
  const strangers: [string, unknown][] = [
    ["gone", undefined],
    ["something else", function runNextTicks() {}],
    ["one that warns", Object.defineProperty(() => expect.fail("called"), "name", { value: "deprecated" })],
  ];
  it.each(strangers)(
    "comes after all microtasks where node's function for that is %s",
    async (_, stranger) => {
      vi.stubGlobal("process", Object.create(process, { _tickCallback: { value: stranger } }));
      vi.resetModules();
      expect(await orderOfTurns()).toEqual(expected);
    },
  );

  it("goes on after a tick that threw", async () => {
    const { Turns } = await import("./quiescence.js");
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const caught = new Promise((resolve) => process.once("uncaughtException", resolve));
    const turns = await new Promise((resolve) => {
      let turn = 0;
      const turns = new Turns(() => {
        turn++;
        if (turn === 1) {
          process.nextTick(() => {
            throw new Error("of a tick");
          });
          return;
        }
        turns.stop();
        resolve(turn);
      });
      turns.start();
    });
    for (const listener of listeners) process.on("uncaughtException", listener);
    expect(turns).toBe(2);
    expect(await caught).toMatchObject({ message: "of a tick" });
  });

  it("comes after ticks too, however many follow from each other", async () => {
    const { Turns } = await import("./quiescence.js");
    const ticks = await new Promise((resolve) => {
      let count = 0;
      let isFirst = true;
      const tick = (): void => {
        if (++count < 20) process.nextTick(tick);
      };
      const turns = new Turns(() => {
        if (isFirst) {
          isFirst = false;
          process.nextTick(tick);
          return;
        }
        turns.stop();
        resolve(count);
      });
      turns.start();
    });
    expect(ticks).toBe(20);
  });

  it("is left out until the event loop has gone round", async () => {
    const { Turns } = await import("./quiescence.js");
    const order = await new Promise((resolve) => {
      const order: string[] = [];
      let turn = 0;
      const turns = new Turns(() => {
        order.push(`turn ${++turn}`);
        if (turn === 1) {
          setImmediate(() => order.push("immediate"));
          turns.skipToNextLoop();
        } else {
          turns.stop();
          resolve(order);
        }
      });
      turns.start();
    });
    expect(order).toEqual(["turn 1", "immediate", "turn 2"]);
  });

  it("comes in the same schedules, whatever it comes by", async () => {
    const notes = async (): Promise<{ order: string[]; distinct: number }> => {
      const { explore } = await import("./explore.js");
      const { program } = await import("../program.js");
      const order: string[] = [];
      const child = program(import.meta.url, async (linux, hops: number) => {
        for (let call = 0; call < 3; call++) {
          const pid = await linux.getpid();
          // The code of one process is done before another's runs, however long it takes.
          for (let hop = 0; hop < hops; hop++) await null;
          order.push(`${pid}.${call}`);
        }
      });
      const { coverage } = await explore.check({ schedules: 60 }, async (linux) => {
        order.push("start");
        await linux.spawn(child, { args: [9] });
        await linux.spawn(child, { args: [0] });
        await linux.waitpid(-1);
        await linux.waitpid(-1);
      });
      return { order, distinct: coverage.distinct };
    };
    const direct = await notes();
    vi.stubGlobal("process", Object.create(process, { _tickCallback: { value: undefined } }));
    vi.resetModules();
    expect(await notes()).toEqual(direct);
    expect(direct.distinct).toBeGreaterThan(50);
  });
});
