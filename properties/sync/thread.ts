// One thread of an executor: takes a command, makes the call in which it may block, gives the answer, for ever.
import { openSync, readlinkSync } from "node:fs";
import { linux } from "../../backends/linux/index.js";
import { answer, type Outcome } from "../outcome.js";
import { perform, takeDescriptor } from "../perform.js";
import { type Command, CommandReader, type Connection } from "./commands.js";
import { FAILED, SlotWriter } from "./slots.js";

/** The end of a thread's channel to the controller. */
export class Channel {
  readonly #commands: CommandReader;
  readonly #slot: SlotWriter;

  constructor(connection: Connection, thread: number) {
    const open = (fd: number | undefined, flags: string): number =>
      openSync(`/proc/${connection.controller}/fd/${fd}`, flags);
    this.#commands = new CommandReader(open(connection.commands[thread], "r"));
    this.#slot = new SlotWriter(open(connection.slots, "r+"), connection.slot + thread);
  }

  /** Says that the thread is there: its process and thread numbers. */
  hello(): void {
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/");
    this.#slot.write(1, answer(0, [Number(pid), Number(thread)]));
  }

  /** Obeys until the controller is gone. */
  serve(obey: (order: Command["order"]) => Outcome): void {
    for (let command = this.#commands.next(); command; command = this.#commands.next()) {
      this.#slot.write(command.sequence, this.#obeyed(command.order, obey));
    }
  }

  /** What an order came to; a failure of the harness is told too, or the controller would wait for ever. */
  #obeyed(order: Command["order"], obey: (order: Command["order"]) => Outcome): Outcome {
    try {
      return obey(order);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { result: FAILED, values: [], bytes: Buffer.from(text) };
    }
  }
}

/** What every thread can do. */
export function obeyAnywhere(order: Command["order"]): Outcome {
  if ("make" in order) return perform(linux.sync, order.make, order.connection);
  if ("take" in order) return takeDescriptor(order.pidfd, order.take);
  throw new Error(`not an order for this thread: ${JSON.stringify(order)}`);
}
