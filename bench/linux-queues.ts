// How long a message through a real queue takes, plain and awaited, against the same two calls by ffi-rs alone, and by C.
import { linux } from "../backends/linux/index.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { type CompiledPairs, compilePairs } from "./compiled.js";
import { compare, compareWithC, timeEach, timeEachAwaited } from "./measure.js";
import { messageSize, posixQueue, sysvQueue } from "./queues.js";
import { rawPosixPair, rawSysvPair } from "./raw-ffi.js";

/** One message through a queue, in each of the ways. */
interface Pairs {
  /** The calls, as the table names them. */
  readonly calls: string;
  sync(): void;
  awaited(): Promise<void>;
  raw(): void;
  /** Nanoseconds that each takes in C. */
  compiled?(count: number): number;
}

export const linuxQueues: Benchmark = {
  name: "linux-queues",
  kernel: "linux",
  async run(effort) {
    const compiled = compilePairs();
    const mqdes = posixQueue();
    const { msqid, remove } = sysvQueue();
    const rows = [
      ...(await measure(effort, posixPairs(mqdes, compiled))),
      ...(await measure(effort, sysvPairs(msqid, compiled))),
    ];
    remove();
    compiled?.remove();
    return rows;
  },
};

function posixPairs(mqdes: number, compiled: CompiledPairs | undefined): Pairs {
  const { sync } = linux;
  const message = new Uint8Array(messageSize).fill(1);
  const buffer = new Uint8Array(messageSize);
  return {
    calls: "mq_send + mq_receive",
    sync() {
      sync.mq_send(mqdes, message, 0);
      sync.mq_receive(mqdes, buffer);
    },
    async awaited() {
      await linux.mq_send(mqdes, message, 0);
      await linux.mq_receive(mqdes, buffer);
    },
    raw: rawPosixPair(mqdes, message, buffer),
    ...(compiled && { compiled: (count) => compiled.posix(mqdes, count) }),
  };
}

function sysvPairs(msqid: number, compiled: CompiledPairs | undefined): Pairs {
  const { sync } = linux;
  const message = new Uint8Array(messageSize).fill(1);
  const buffer = new Uint8Array(messageSize);
  return {
    calls: "msgsnd + msgrcv",
    sync() {
      sync.msgsnd(msqid, 1, message, 0);
      sync.msgrcv(msqid, buffer, 0, 0);
    },
    async awaited() {
      await linux.msgsnd(msqid, 1, message, 0);
      await linux.msgrcv(msqid, buffer, 0, 0);
    },
    raw: rawSysvPair(msqid, message, buffer),
    ...(compiled && { compiled: (count) => compiled.sysv(msqid, count) }),
  };
}

async function measure(effort: Effort, pairs: Pairs): Promise<Row[]> {
  const count = Math.ceil(4_000 * effort.scale);
  const what = `Linux: ${pairs.calls}, ${messageSize} bytes`;
  const sync = (): number => timeEach(count, pairs.sync);
  const against = { peer: () => timeEach(count, pairs.raw), peerName: "by ffi-rs alone" };
  return [
    await compare(effort, { what: `${what}, sync`, ours: sync, ...against, goal: { atMost: 1.2 } }),
    await compare(effort, {
      what: `${what}, both awaited`,
      ours: () => timeEachAwaited(count, pairs.awaited),
      ...against,
      goal: { atMost: 1.5 },
    }),
    await compareWithC(effort, {
      what: `${what}, sync`,
      ours: sync,
      peer: pairs.compiled?.bind(undefined, 10 * count),
    }),
  ];
}
