// One thread of an executor: takes a command, makes the call in which it may block, gives the answer, for ever.
import { openSync, readlinkSync } from "node:fs";
import { linux } from "../../backends/linux/index.js";
import { answer, type Outcome } from "../outcome.js";
import { perform, takeDescriptor } from "../perform.js";
import { CommandReader, type Connection, channelFile, type Order, slotsFile } from "./commands.js";
import { FAILED, SlotWriter } from "./slots.js";

/** The end of a thread's channel to the controller. */
export class Channel {
  readonly #commands: CommandReader;
  readonly #slot: SlotWriter;

  constructor(connection: Connection, thread: number) {
    const slot = connection.slot + thread;
    this.#commands = new CommandReader(openSync(channelFile(connection.folder, slot), "r"));
    this.#slot = new SlotWriter(openSync(slotsFile(connection.folder), "r+"), slot);
  }

  /** Says that the thread is there: its process and thread numbers. */
  hello(): void {
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/");
    this.#slot.write(1, answer(0, [Number(pid), Number(thread)]));
  }

  /** Obeys until the controller is gone. */
  serve(obey: (order: Order) => Outcome): void {
    for (let command = this.#commands.next(); command; command = this.#commands.next()) {
      this.#slot.write(command.sequence, this.#obeyed(command.order, obey));
    }
  }

  /** What an order came to; a failure of the harness is told too, or the controller would wait for ever. */
  #obeyed(order: Order, obey: (order: Order) => Outcome): Outcome {
    try {
      return obey(order);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { result: FAILED, values: [], bytes: Buffer.from(text) };
    }
  }
}

/** What every thread can do. */
export function obeyAnywhere(order: Order, { firstDescriptor }: Connection): Outcome {
  if ("make" in order) return perform(linux.sync, order.make, order.connection);
  if ("take" in order) return takeDescriptor(order.from, order.take, firstDescriptor);
  throw new Error(`not an order for this thread: ${JSON.stringify(order)}`);
}
