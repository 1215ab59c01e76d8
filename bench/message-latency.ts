// How soon a waiting receive goes on after another process has sent, beside a waiting read of a pipe.
import { setImmediate as turn } from "node:timers/promises";
import { linux } from "../backends/linux/index.js";
import { program } from "../src/program.js";
import type { Benchmark } from "./benchmark.js";
import { comparisonRow, measureInTurn, percentile } from "./measure.js";
import { realPipe } from "./pipes.js";
import { messageSize, posixQueue, sysvQueue } from "./queues.js";
import { obey, startServant } from "./servant.js";

const { sync } = linux;

const ways = ["posix", "sysv", "pipe"] as const;
type Way = (typeof ways)[number];

// The time in which the receiver has come to wait: its thread asleep in epoll_wait(2), or its lane in msgrcv(2).
const settleNs = 300_000n;

const message = new Uint8Array(messageSize);
const stamp = new BigInt64Array(message.buffer, 0, 1);

const sends: Readonly<Record<Way, (end: number) => unknown>> = {
  posix: (mqdes) => sync.mq_send(mqdes, message, 0),
  sysv: (msqid) => sync.msgsnd(msqid, 1, message, 0),
  pipe: (fd) => sync.write(fd, message),
};

const receives: Readonly<Record<Way, (end: number) => Promise<unknown>>> = {
  posix: (mqdes) => linux.mq_receive(mqdes, message),
  sysv: (msqid) => linux.msgrcv(msqid, message, 0, 0),
  pipe: (fd) => linux.read(fd, message),
};

/** Sends the time whenever it is told to, by the way that it is told. */
const sender = program(import.meta.url, async (_linux, msqid: number) => {
  await obey((order) => {
    const way = ways[order] as Way;
    const end = way === "sysv" ? msqid : (linux.fds[way] as number);
    const start = process.hrtime.bigint();
    while (process.hrtime.bigint() - start < settleNs);
    stamp[0] = process.hrtime.bigint();
    sends[way](end);
  });
});

export const messageLatency: Benchmark = {
  name: "message-latency",
  kernel: "linux",
  async run(effort) {
    const { msqid, remove } = sysvQueue();
    const mqdes = posixQueue();
    const [readEnd, writeEnd] = realPipe();
    const ends: Readonly<Record<Way, number>> = { posix: mqdes, sysv: msqid, pipe: readEnd };
    const servant = await startServant(sender, [msqid], { posix: mqdes, pipe: writeEnd });
    sync.close(writeEnd);

    const latency = (way: Way) => async (): Promise<number> => {
      const all: number[] = [];
      for (let i = 0; i < 200 * effort.scale; i++) {
        const received = receives[way](ends[way]);
        // It has been waiting for a while.
        await turn();
        await turn();
        servant.order(ways.indexOf(way));
        await received;
        all.push(Number(process.hrtime.bigint() - (stamp[0] as bigint)));
        await servant.done();
      }
      return percentile(all, 0.5);
    };
    const latencies = await measureInTurn(effort.rounds, {
      posix: latency("posix"),
      sysv: latency("sysv"),
      pipe: latency("pipe"),
    });
    await servant.end();
    remove();
    const rowOf = (call: string, way: Way) =>
      comparisonRow(
        {
          what: `Linux: a waiting ${call} goes on after another process has sent, median`,
          peerName: "read of a pipe",
        },
        { ours: latencies[way], peer: latencies.pipe },
      );
    return [rowOf("mq_receive", "posix"), rowOf("msgrcv", "sysv")];
  },
};
