// System V message queues in simulated programs: what a schedule can do to them, and what is told of it.
import { describe, expect, it } from "vitest";
import * as c from "../constants.js";
import { type Linux, program } from "../index.js";
import { explore } from "./explore.js";
import { simulate } from "./index.js";
import { errorOf } from "./testing.js";

const url = import.meta.url;
const KEY = 0x51;

/** Receives a message and answers it, of its own type plus 1. */
const server = program(url, async (linux) => {
  const id = await linux.msgget(KEY, 0);
  const buffer = new Uint8Array(64);
  const { length, type } = await linux.msgrcv(id, buffer, -10, 0);
  await linux.msgsnd(id, type + 100n, buffer.subarray(0, length), 0);
});

const receiver = program(url, async (linux, id: number) => {
  await linux.msgrcv(id, new Uint8Array(9), 0, 0);
});

describe("a System V queue", () => {
  it("is found by its key, and what waits in it is served, on every schedule", async () => {
    await explore({ schedules: 300, seed: 1 }, async (linux: Linux) => {
      const id = await linux.msgget(KEY, c.IPC_CREAT | 0o600);
      const pids = [await linux.spawn(server), await linux.spawn(server)];
      const answers = [1, 2].map(async (type) => {
        await linux.msgsnd(id, type, Uint8Array.of(type), 0);
        const buffer = new Uint8Array(1);
        await linux.msgrcv(id, buffer, type + 100, 0);
        return buffer[0];
      });
      expect(await Promise.all(answers)).toEqual([1, 2]);
      for (const pid of pids) await linux.waitpid(pid);
      expect(await linux.msgctl(id, c.IPC_STAT)).toMatchObject({ qnum: 0, cbytes: 0 });
      await linux.msgctl(id, c.IPC_RMID);
    });
  });

  it("gives an empty message to a caller whose empty buffer is gone", async () => {
    await simulate({ seed: 1 }, async (linux) => {
      const id = await linux.msgget(KEY, c.IPC_CREAT | 0o600);
      const buffer = new Uint8Array(0);
      const receiving = linux.msgrcv(id, buffer, 0, 0);
      // Under this seed it waits by then.
      for (let call = 0; call < 9; call++) await linux.getpid();
      structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
      await linux.msgsnd(id, 6, new Uint8Array(0), 0);
      expect(await receiving).toEqual({ length: 0, type: 6n });
      await linux.msgctl(id, c.IPC_RMID);
    });
  });

  it("is told of in a deadlock: what is wanted, and what is there", async () => {
    const error = await errorOf(
      simulate({ seed: 1 }, async (linux) => {
        const id = await linux.msgget(KEY, c.IPC_CREAT | 0o600);
        await linux.msgsnd(id, 3, new Uint8Array(5), 0);
        await Promise.all([
          linux.msgrcv(id, new Uint8Array(9), 4, 0),
          linux.msgrcv(id, new Uint8Array(9), -2, 0),
          linux.msgrcv(id, new Uint8Array(9), 3, c.MSG_EXCEPT),
        ]);
      }),
    );
    expect(error.message).toMatch(
      /waits in msgrcv\(0, 4\)[\s\S]* for a message of type 4 in the System V queue 0 \(key 0x51\)/,
    );
    expect(error.message).toContain("it has 1 other message, 5 bytes");
    expect(error.message).toContain("for a message of a type up to 2 in");
    expect(error.message).toContain("for a message of another type than 3 in");
  });

  it("that is full holds up its sender, and that is told", async () => {
    const error = await errorOf(
      simulate({ seed: 1, machine: { msgmnb: 6 } }, async (linux) => {
        const id = await linux.msgget(c.IPC_PRIVATE, 0o600);
        for (let round = 0; round < 3; round++) await linux.msgsnd(id, 1, new Uint8Array(3), 0);
      }),
    );
    expect(error.message).toContain(
      "for room for 3 bytes in the System V queue 0: it has 2 messages, 6 bytes of 6 it may hold",
    );
  });

  it("takes the bytes of the time of the call", async () => {
    await simulate({ machine: { msgmnb: 4 } }, async (linux) => {
      const id = await linux.msgget(c.IPC_PRIVATE, 0o600);
      const sent = Uint8Array.of(1, 2, 3);
      const sending = [linux.msgsnd(id, 1, sent, 0), linux.msgsnd(id, 2, sent, 0)];
      sent.fill(0);
      for (const type of [1, 2]) {
        const got = new Uint8Array(3);
        await linux.msgrcv(id, got, type, 0);
        expect([...got]).toEqual([1, 2, 3]);
      }
      await Promise.all(sending);
    });
  });

  it("gives a message up by the error, if the receiver's buffer is gone", async () => {
    const errors: unknown[] = [];
    await explore({ schedules: 50, seed: 4 }, async (linux: Linux) => {
      const id = await linux.msgget(c.IPC_PRIVATE, 0o600);
      const buffer = new Uint8Array(9);
      const receiving = linux.msgrcv(id, buffer, 0, 0).catch((error: unknown) => error);
      await linux.getpid();
      structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
      await linux.msgsnd(id, 6, Uint8Array.of(1, 2), 0);
      const error = (await receiving) as { received?: { bytes: Uint8Array; type: bigint } };
      const { qnum } = await linux.msgctl(id, c.IPC_STAT);
      expect(error).toMatchObject({ name: "TypeError" });
      expect(qnum).toBe(error.received === undefined ? 1 : 0);
      if (error.received !== undefined) errors.push(error.received);
      await linux.msgctl(id, c.IPC_RMID);
    });
    expect(errors[0]).toEqual({ bytes: Uint8Array.of(1, 2), type: 6n });
  });

  it("loses no message to an aborted receive, on any schedule", async () => {
    const ends = new Set<string>();
    await explore({ schedules: 300, seed: 2 }, async (linux: Linux) => {
      const id = await linux.msgget(c.IPC_PRIVATE, 0o600);
      const abort = new AbortController();
      const receiving = linux.msgrcv(id, new Uint8Array(9), 0, 0, { signal: abort.signal }).then(
        ({ length }) => length,
        (error: Error) => error.name,
      );
      const sending = linux.msgsnd(id, 1, new Uint8Array(7), 0);
      await linux.getpid();
      abort.abort();
      await sending;
      const outcome = await receiving;
      const { qnum } = await linux.msgctl(id, c.IPC_STAT);
      expect([outcome, qnum]).toEqual(outcome === "AbortError" ? ["AbortError", 1] : [7, 0]);
      ends.add(String(outcome));
      await linux.msgctl(id, c.IPC_RMID);
    });
    expect([...ends].sort()).toEqual(["7", "AbortError"]);
  });

  it("may hand a message to a receiver that is killed: then it is lost, and on other schedules it is not", async () => {
    const left = new Set<number>();
    await explore({ schedules: 300, seed: 3 }, async (linux: Linux) => {
      const id = await linux.msgget(c.IPC_PRIVATE, 0o600);
      const pid = await linux.spawn(receiver, { args: [id] });
      const killing = linux.kill(pid, c.SIGKILL);
      await linux.msgsnd(id, 1, new Uint8Array(1), 0);
      await killing;
      await linux.waitpid(pid);
      left.add((await linux.msgctl(id, c.IPC_STAT)).qnum);
      await linux.msgctl(id, c.IPC_RMID);
    });
    expect([...left].sort()).toEqual([0, 1]);
  });

  it("names the knob of its limits", async () => {
    const errors: unknown[] = [];
    await simulate({ machine: { msgmni: 0 } }, async (linux) => {
      await linux.msgget(c.IPC_PRIVATE, 0o600).catch((error: unknown) => errors.push(error));
    });
    expect(String(errors[0])).toContain("machine.msgmni");
  });
});
