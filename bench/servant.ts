// A process that does something whenever it is told to, so that it starts once and not for each round.
import { linux } from "../backends/linux/index.js";
import { SIGKILL } from "../src/constants.js";
import type { Json, Program } from "../src/program.js";
import { realPipe } from "./pipes.js";
import { undoAtEnd } from "./undo.js";

const { sync } = linux;

/** A process that obeys orders. */
export interface Servant {
  /** Gives it an order: a number below 256. */
  order(order: number): void;
  /** Resolves once it has carried one out. */
  done(): Promise<void>;
  /** Ends it. */
  end(): Promise<void>;
}

/**
 * Starts a process of a program that calls `obey`.
 * @param fds what it is passed besides; they stay open here
 */
export async function startServant<const Arguments extends readonly Json[]>(
  program: Program<Arguments>,
  args: Arguments,
  fds: Readonly<Record<string, number>> = {},
): Promise<Servant> {
  const [orders, orderTo] = realPipe();
  const [reports, reportTo] = realPipe();
  // `args` may be left out for some programs: not for one that is any of them.
  const spawn = linux.spawn as (program: Program<Arguments>, options: object) => Promise<number>;
  const pid = await spawn.call(linux, program, { args, fds: { ...fds, orders, reportTo } });
  let isRunning = true;
  // One that waits for another's message would not notice that this process has ended.
  undoAtEnd(() => {
    if (isRunning) sync.kill(pid, SIGKILL);
  });
  sync.close(orders);
  sync.close(reportTo);
  return {
    order: (order) => void sync.write(orderTo, Uint8Array.of(order)),
    async done() {
      if ((await linux.read(reports, new Uint8Array(1))) === 0) throw new Error("a process has ended early");
    },
    async end() {
      sync.close(orderTo);
      sync.close(reports);
      const { status } = await linux.waitpid(pid);
      isRunning = false;
      if (status !== 0) throw new Error(`a process of the benchmark failed: wait status ${status}`);
    },
  };
}

/** Carries out orders, one after the other, until no more can come. */
export async function obey(carryOut: (order: number) => Promise<void> | void): Promise<void> {
  const { orders, reportTo } = linux.fds as Readonly<Record<"orders" | "reportTo", number>>;
  const byte = new Uint8Array(1);
  while (sync.read(orders, byte) === 1) {
    await carryOut(byte[0] as number);
    sync.write(reportTo, byte);
  }
}
