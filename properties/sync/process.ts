// A process of the `sync` executor. Its threads are told what to do by the controller, and never by each other; the first
// one, node's main thread, prepares the process and cleans up after each case.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { linux } from "../../backends/linux/index.js";
import { allowInterruptions, enter, limitDescriptors, prepareLibc } from "../libc.js";
import { answer, type Outcome } from "../outcome.js";
import { perform } from "../perform.js";
import { occupyBelow } from "../runtime-descriptors.js";
import { catchSignals } from "../signals.js";
import { User } from "../user.js";
import type { Connection, Order } from "./commands.js";
import { Channel, type ChannelFiles, obeyAnywhere, openChannels, type ThreadData } from "./thread.js";

/** Runs an executor until its controller is gone. @param text its connection, as JSON */
export async function runChild(text: string): Promise<void> {
  const connection = JSON.parse(text) as Connection;
  prepareLibc();
  allowInterruptions();
  catchSignals(linux.sync);
  const [own, ...others] = openChannels(connection) as [ChannelFiles, ...ChannelFiles[]];
  await Promise.all(others.map((files) => startThread({ connection, files })));
  const channel = new Channel(own);
  const main = new MainThread(connection);
  channel.hello();
  channel.serve((order) => main.obey(order));
}

class MainThread {
  readonly #connection: Connection;
  #user: User | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  obey(order: Order): Outcome {
    if ("settle" in order) {
      limitDescriptors(this.#connection.rlimitNofile);
      return answer(occupyBelow(this.#connection.firstDescriptor));
    }
    if ("become" in order) {
      this.#user = new User(order.become);
      return answer(0);
    }
    if ("enter" in order) {
      this.#user?.remember();
      enter(order.enter);
      return answer(0);
    }
    if ("closeAll" in order) {
      closeAll(this.#connection);
      if (order.hasSpawned) while (perform(linux.sync, { call: "waitpid", args: [-1, 0] }).result === 0);
      const isSpoiled = order.hasChanged && !this.#user?.restore();
      if (!isSpoiled) enter(order.closeAll);
      return answer(isSpoiled ? 1 : 0);
    }
    return obeyAnywhere(order, this.#connection);
  }
}

/** Closes what the case has opened. */
function closeAll({ firstDescriptor, rlimitNofile }: Connection): void {
  for (let fd = firstDescriptor; fd < rlimitNofile; fd++) {
    perform(linux.sync, { call: "close", args: [fd] });
  }
}

async function startThread(workerData: ThreadData): Promise<void> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  await once(worker, "message");
}
