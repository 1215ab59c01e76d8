// How many messages a second one process gets to another: through the two kinds of message queues, through a pipe, and by a
// net.Socket at each end of a socket pair.
import { Socket } from "node:net";
import { linux } from "../backends/linux/index.js";
import { program } from "../src/program.js";
import type { Benchmark, Row } from "./benchmark.js";
import { comparisonRow, measureInTurn, perSecond, spread } from "./measure.js";
import { realPipe } from "./pipes.js";
import { messageSize, posixQueue, sysvQueue } from "./queues.js";
import { obey, startServant } from "./servant.js";
import { socketPair } from "./socket-pair.js";

const { sync } = linux;

// All ways are gone by the same two processes, each through an object of its own.
const ways = [
  "posixSync",
  "posixAwaited",
  "sysvSync",
  "sysvAwaited",
  "pipeSync",
  "pipeAwaited",
  "socket",
] as const;
type Way = (typeof ways)[number];

const labels: Readonly<Record<Way, string>> = {
  posixSync: "POSIX queue, sync",
  posixAwaited: "POSIX queue, awaited",
  sysvSync: "System V queue, sync",
  sysvAwaited: "System V queue, awaited",
  pipeSync: "pipe, sync",
  pipeAwaited: "pipe, awaited",
  socket: "net.Socket",
};

const message = Buffer.alloc(messageSize, 1);
const buffer = new Uint8Array(messageSize);

/** Moves all messages. */
type MoveAll = (end: number, count: number) => Promise<void> | void;

/** Makes a call for each message, one after the other. */
const blocking =
  (move: (end: number) => unknown): MoveAll =>
  (end, count) => {
    for (let i = 0; i < count; i++) move(end);
  };

const awaited =
  (move: (end: number) => Promise<unknown>): MoveAll =>
  async (end, count) => {
    for (let i = 0; i < count; i++) await move(end);
  };

function assertWhole(length: number): void {
  if (length !== messageSize) throw new Error(`a message of ${length} bytes`);
}

const senders: Readonly<Record<Way, MoveAll>> = {
  posixSync: blocking((mqdes) => sync.mq_send(mqdes, message, 0)),
  posixAwaited: awaited((mqdes) => linux.mq_send(mqdes, message, 0)),
  sysvSync: blocking((msqid) => sync.msgsnd(msqid, 1, message, 0)),
  sysvAwaited: awaited((msqid) => linux.msgsnd(msqid, 1, message, 0)),
  pipeSync: blocking((fd) => sync.write(fd, message)),
  pipeAwaited: awaited((fd) => linux.write(fd, message)),
  socket: async (fd, count) => {
    const socket = socketOf(fd);
    for (let i = 1; i < count; i++) {
      if (!socket.write(message)) await new Promise<void>((resolve) => socket.once("drain", resolve));
    }
    // All are out once the last is; until then the event loop must go on.
    await new Promise<void>((resolve) => socket.write(message, () => resolve()));
  },
};

const receivers: Readonly<Record<Way, MoveAll>> = {
  posixSync: blocking((mqdes) => assertWhole(sync.mq_receive(mqdes, buffer).length)),
  posixAwaited: awaited(async (mqdes) => assertWhole((await linux.mq_receive(mqdes, buffer)).length)),
  sysvSync: blocking((msqid) => assertWhole(sync.msgrcv(msqid, buffer, 0, 0).length)),
  sysvAwaited: awaited(async (msqid) => assertWhole((await linux.msgrcv(msqid, buffer, 0, 0)).length)),
  pipeSync: blocking((fd) => assertWhole(sync.read(fd, buffer))),
  pipeAwaited: awaited(async (fd) => assertWhole(await linux.read(fd, buffer))),
  socket: (fd, count) =>
    new Promise((resolve) => {
      let missing = count * messageSize;
      const socket = socketOf(fd);
      const take = ({ length }: Buffer): void => {
        missing -= length;
        if (missing > 0) return;
        socket.off("data", take);
        resolve();
      };
      socket.on("data", take);
    }),
};

let ownSocket: Socket | undefined;

/** The socket of this process. */
function socketOf(fd: number): Socket {
  ownSocket ??= new Socket({ fd });
  return ownSocket;
}

/** Moves as many messages as it is told, by the way that it is told. */
const mover = (all: Readonly<Record<Way, MoveAll>>) =>
  program(import.meta.url, async (_linux, count: number, msqids: Partial<Record<Way, number>>) => {
    await obey(async (order) => {
      const way = ways[order] as Way;
      await all[way]((linux.fds[way] ?? msqids[way]) as number, count);
    });
  });

const sender = mover(senders);
const receiver = mover(receivers);

export const messageRates: Benchmark = {
  name: "message-rates",
  kernel: "linux",
  async run({ rounds, scale }) {
    const count = 10_000 * scale;
    const queues = { sysvSync: sysvQueue(), sysvAwaited: sysvQueue() };
    const msqids = { sysvSync: queues.sysvSync.msqid, sysvAwaited: queues.sysvAwaited.msqid };
    const both = { posixSync: posixQueue(), posixAwaited: posixQueue() };
    const pairs = { pipeSync: realPipe(), pipeAwaited: realPipe(), socket: socketPair() };
    const ends = (end: 0 | 1): Record<string, number> => ({
      ...both,
      ...Object.fromEntries(Object.entries(pairs).map(([way, pair]) => [way, pair[end]])),
    });
    const servants = [
      await startServant(receiver, [count, msqids], ends(0)),
      await startServant(sender, [count, msqids], ends(1)),
    ];
    for (const fd of new Set([...Object.values(ends(0)), ...Object.values(ends(1))])) sync.close(fd);
    const rateOf = (way: Way) => async (): Promise<number> => {
      const start = process.hrtime.bigint();
      for (const servant of servants) servant.order(ways.indexOf(way));
      // At once: that one of them has failed shows even while the other waits for it.
      await Promise.all(servants.map((servant) => servant.done()));
      return (1e9 * count) / Number(process.hrtime.bigint() - start);
    };
    const measurements = Object.fromEntries(ways.map((way) => [way, rateOf(way)]));
    // Tenths of a second each, and there are many: fewer rounds will do.
    const rates = await measureInTurn(
      Math.ceil(rounds / 3),
      measurements as Record<Way, () => Promise<number>>,
    );
    for (const servant of servants) await servant.end();
    for (const queue of Object.values(queues)) queue.remove();
    return ways.map((way) => rowOf(way, rates));
  },
};

function rowOf(way: Way, rates: Readonly<Record<Way, readonly number[]>>): Row {
  const what = `Linux: ${messageSize}-byte messages to another process, ${labels[way]}`;
  const show = perSecond("messages");
  const figure = spread(rates[way]);
  const bar = {
    chart: `${messageSize}-byte messages a second from one process to another`,
    unit: "messages a second",
    label: labels[way],
    height: figure.median,
  };
  if (way === "socket") return { what, ours: "", peer: show(figure.median), figure, unit: "messages/s", bar };
  const figures = { ours: rates[way], peer: rates.socket };
  return { ...comparisonRow({ what, peerName: labels.socket, show }, figures), bar };
}
