// The queues of the benchmarks, and the peer that uses ffi-rs alone: it must do what it is compared with.
import { expect, it } from "vitest";
import { linux } from "../backends/linux/index.js";
import { IPC_STAT, O_RDWR } from "../src/constants.js";
import type { QueueStatus } from "../src/sysv-queue.js";
import { messageSize, posixQueue, sysvQueue } from "./queues.js";
import { rawPosixPair, rawSysvPair } from "./raw-ffi.js";

const { sync } = linux;
const message = Uint8Array.from({ length: messageSize }, (_, index) => index + 1);

const codeOf = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

it("a POSIX queue has no name, and the raw peer gets a message through it", () => {
  const mqdes = posixQueue();
  expect(codeOf(() => sync.mq_open(`/linux-ipc-bench-${process.pid}-0`, O_RDWR))).toBe("ENOENT");
  const buffer = new Uint8Array(messageSize);
  rawPosixPair(mqdes, message, buffer)();
  expect(buffer).toEqual(message);
  expect(sync.mq_getattr(mqdes).curmsgs).toBe(0);
  sync.close(mqdes);
  expect(() => rawPosixPair(mqdes, message, buffer)()).toThrow("a raw call failed");
});

it("a System V queue is removed once, and the raw peer gets a message through it", () => {
  const { msqid, remove } = sysvQueue();
  const buffer = new Uint8Array(messageSize);
  rawSysvPair(msqid, message, buffer)();
  expect(buffer).toEqual(message);
  const { perm, qnum } = sync.msgctl(msqid, IPC_STAT) as QueueStatus;
  expect([perm.key, qnum]).toEqual([0, 0]);
  remove();
  expect(codeOf(() => sync.msgctl(msqid, IPC_STAT))).toBe("EINVAL");
  remove();
});
