// A process of the `sync` executor. Its threads are told what to do by the controller, and never by each other; the first
// one, node's main thread, prepares the process and cleans up after each case.
import { closeSync, openSync } from "node:fs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Outcome } from "../outcome.js";
import type { Command, Connection } from "./commands.js";
import { allowInterruptions, closeFrom, limitDescriptors, pidfdOpen, prepareLibc } from "./libc.js";
import { syncLinux } from "./linux.js";
import { THREADS } from "./slots.js";
import { answer, Channel, obeyAnywhere } from "./thread.js";

/** Runs an executor until its controller is gone. @param text its connection, as JSON */
export async function runChild(text: string): Promise<void> {
  const connection = JSON.parse(text) as Connection;
  prepareLibc();
  allowInterruptions();
  const linux = syncLinux(connection);
  const channel = new Channel(connection, 0);
  for (let thread = 1; thread < THREADS; thread++) await startThread(connection, thread);
  const descriptors = new RuntimeDescriptors(connection);
  channel.hello();
  channel.serve((order) => obey(order));

  function obey(order: Command["order"]): Outcome {
    if ("settle" in order) return answer(descriptors.settle());
    if ("meet" in order) return answer(descriptors.meet(order.meet));
    if ("closeAll" in order) return answer(closeFrom(connection.firstDescriptor));
    return obeyAnywhere(linux, order);
  }
}

async function startThread(connection: Connection, thread: number): Promise<void> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: { connection, thread } });
  await once(worker, "message");
}

/** The descriptors below the first of the case: all taken, so that the kernel gives the case the same numbers as the model. */
class RuntimeDescriptors {
  readonly #connection: Connection;
  /** Those that only take up a number. */
  readonly #fillers: number[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  settle(): number {
    const { firstDescriptor, rlimitNofile } = this.#connection;
    limitDescriptors(rlimitNofile);
    for (;;) {
      const fd = openSync("/dev/null", "r");
      if (fd >= firstDescriptor) {
        closeSync(fd);
        return fd === firstDescriptor ? this.#fillers.length : -1;
      }
      this.#fillers.push(fd);
    }
  }

  /** A pidfd of another process, in the place of a descriptor that only took up a number. */
  meet(pid: number): number {
    closeSync(this.#fillers.pop() as number);
    return pidfdOpen(pid);
  }
}
