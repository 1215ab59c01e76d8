// How soon a waiting reader goes on after bytes have come, against a net.Socket on a pipe.
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { linux } from "../backends/linux/index.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare, percentile } from "./measure.js";
import { realPipe } from "./pipes.js";
import { stampAndWrite } from "./stamp.js";

/** A pipe and a way to wait for the eight bytes of a stamp from it. */
interface Receiver {
  readonly writeEnd: number;
  /** Resolves to the stamp: the time at which it was written. */
  receive(): Promise<bigint>;
  close(): void;
}

/** Has a descriptor written to, at once or from another thread. */
type Writer = (writeEnd: number) => void;

export const readiness: Benchmark = {
  name: "readiness",
  kernel: "linux",
  async run(effort) {
    const thread = writerThread();
    const rows = [
      await latency(effort, "from another thread", thread.write),
      await latency(effort, "from the same thread", stampAndWrite),
    ];
    await thread.end();
    return rows;
  },
};

async function latency(effort: Effort, from: string, write: Writer): Promise<Row> {
  const receivers = [linuxReceiver(), socketReceiver()] as const;
  const measure = async ({ receive, writeEnd }: Receiver): Promise<number> => {
    const all: number[] = [];
    for (let i = 0; i < 500 * effort.scale; i++) {
      const received = receive();
      // The reader has been waiting for a while.
      await turn();
      await turn();
      write(writeEnd);
      const stamp = await received;
      all.push(Number(process.hrtime.bigint() - stamp));
    }
    return percentile(all, 0.5);
  };
  const row = await compare(effort, {
    what: `Linux: a waiting read goes on after a write ${from}, median`,
    ours: () => measure(receivers[0]),
    peer: () => measure(receivers[1]),
    peerName: "net.Socket",
    goal: { atMost: 1.5 },
  });
  for (const receiver of receivers) receiver.close();
  return row;
}

function linuxReceiver(): Receiver {
  const [readEnd, writeEnd] = realPipe();
  const stamp = new BigInt64Array(1);
  const buffer = new Uint8Array(stamp.buffer);
  return {
    writeEnd,
    receive: async () => {
      await linux.read(readEnd, buffer);
      return stamp[0] as bigint;
    },
    close: () => linux.sync.close(readEnd),
  };
}

function socketReceiver(): Receiver {
  const [readEnd, writeEnd] = realPipe();
  const socket = new Socket({ fd: readEnd, readable: true, writable: false });
  let received = (_stamp: bigint): void => {};
  socket.on("data", (bytes) => received(bytes.readBigInt64LE()));
  return {
    writeEnd,
    receive: () =>
      new Promise((resolve) => {
        received = resolve;
      }),
    close: () => socket.destroy(),
  };
}

/** A thread that writes when told to, once the thread that told it has had time to fall asleep. */
function writerThread(): { readonly write: Writer; readonly end: () => Promise<unknown> } {
  const order = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./stamp.js", import.meta.url), { workerData: order });
  return {
    write: (writeEnd) => {
      Atomics.store(order, 0, writeEnd);
      Atomics.notify(order, 0);
    },
    end: () => worker.terminate(),
  };
}
