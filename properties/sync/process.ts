// A process of the `sync` executor. Its threads are told what to do by the controller, and never by each other; the first
// one, node's main thread, prepares the process and cleans up after each case.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { linux } from "../../backends/linux/index.js";
import { allowInterruptions, limitDescriptors, prepareLibc } from "../libc.js";
import { answer, type Outcome } from "../outcome.js";
import { perform } from "../perform.js";
import { RuntimeDescriptors } from "../runtime-descriptors.js";
import type { Command, Connection } from "./commands.js";
import { THREADS } from "./slots.js";
import { Channel, obeyAnywhere } from "./thread.js";

/** Runs an executor until its controller is gone. @param text its connection, as JSON */
export async function runChild(text: string): Promise<void> {
  const connection = JSON.parse(text) as Connection;
  prepareLibc();
  allowInterruptions();
  const channel = new Channel(connection, 0);
  for (let thread = 1; thread < THREADS; thread++) await startThread(connection, thread);
  const descriptors = new RuntimeDescriptors(connection.firstDescriptor);
  channel.hello();
  channel.serve((order) => obey(order));

  function obey(order: Command["order"]): Outcome {
    if ("settle" in order) {
      limitDescriptors(connection.rlimitNofile);
      return answer(descriptors.settle());
    }
    if ("meet" in order) return answer(descriptors.meet(order.meet));
    if ("closeAll" in order) return answer(closeAll(connection));
    return obeyAnywhere(order);
  }
}

/** Closes what the case has opened. */
function closeAll({ firstDescriptor, rlimitNofile }: Connection): number {
  for (let fd = firstDescriptor; fd < rlimitNofile; fd++) {
    perform(linux.sync, { call: "close", args: [fd] });
  }
  return 0;
}

async function startThread(connection: Connection, thread: number): Promise<void> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: { connection, thread } });
  await once(worker, "message");
}
