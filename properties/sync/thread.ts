// One thread of an executor: takes a command, makes the call in which it may block, gives the answer, for ever.
import { openSync, readlinkSync } from "node:fs";
import { linux } from "../../backends/linux/index.js";
import { answer, type Outcome } from "../outcome.js";
import { perform, takeDescriptor } from "../perform.js";
import { CommandReader, type Connection, channelFile, type Order, slotsFile } from "./commands.js";
import { FAILED, SlotWriter } from "./slots.js";

/** The files that a thread speaks with the controller through. */
export interface ChannelFiles {
  readonly commands: number;
  readonly answers: number;
  readonly slot: number;
}

/**
 * Opens the channels of all threads: by the first, before others start. While several threads load their modules so many
 * files are open that what one of them opens for good would get a number that is the case's.
 */
export function openChannels({ folder, slot, threads }: Connection): ChannelFiles[] {
  const answers = openSync(slotsFile(folder), "r+");
  return Array.from({ length: threads }, (_, thread) => ({
    commands: openSync(channelFile(folder, slot + thread), "r"),
    answers,
    slot: slot + thread,
  }));
}

/** What a thread but the first is started with. */
export interface ThreadData {
  readonly connection: Connection;
  readonly files: ChannelFiles;
}

/** The end of a thread's channel to the controller. */
export class Channel {
  readonly #commands: CommandReader;
  readonly #slot: SlotWriter;

  constructor({ commands, answers, slot }: ChannelFiles) {
    this.#commands = new CommandReader(commands);
    this.#slot = new SlotWriter(answers, slot);
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
