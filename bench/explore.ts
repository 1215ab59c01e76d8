// How many schedules a second `explore` runs, against a loop that awaits as often and does nothing else.
import { O_CLOEXEC } from "../src/constants.js";
import type { Linux } from "../src/linux.js";
import { program } from "../src/program.js";
import { explore as search } from "../src/simulation/index.js";
import type { Benchmark, Effort, Row } from "./benchmark.js";
import { compare, perSecond, timeEachAwaited } from "./measure.js";

const processCount = 3;
const callCount = 10;

const asker = program(import.meta.url, async (linux) => {
  for (let call = 0; call < callCount; call++) await linux.getpid();
});

// Ten calls, as its children.
const askers = async (linux: Linux): Promise<void> => {
  await linux.spawn(asker);
  await linux.spawn(asker);
  for (let call = 4; call < callCount; call++) await linux.getpid();
  await linux.waitpid(-1);
  await linux.waitpid(-1);
};

const byte = new Uint8Array(1);

const writer = program(import.meta.url, async (linux) => {
  const to = linux.fds.to as number;
  for (let call = 1; call < callCount; call++) await linux.write(to, byte);
  await linux.close(to);
});

const reader = program(import.meta.url, async (linux) => {
  const from = linux.fds.from as number;
  for (let call = 1; call < callCount; call++) await linux.read(from, byte);
  await linux.close(from);
});

const writerAndReader = async (linux: Linux): Promise<void> => {
  const [from, to] = await linux.pipe2(O_CLOEXEC);
  await linux.spawn(writer, { fds: { to } });
  await linux.spawn(reader, { fds: { from } });
  await linux.close(from);
  await linux.close(to);
  for (let call = 7; call < callCount; call++) await linux.getpid();
  await linux.waitpid(-1);
  await linux.waitpid(-1);
};

/** As many awaits as three processes make calls, each settled in a tick of its own: the code behind it runs before the next. */
async function bareLoop(): Promise<void> {
  for (let call = 0; call < processCount * callCount; call++) {
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
}

export const explore: Benchmark = {
  name: "explore",
  kernel: "model",
  async run(effort) {
    return [
      await rate(effort, "writing to and reading from a pipe", writerAndReader),
      await rate(effort, "asking for their pid: the scheduling alone", askers),
    ];
  },
};

async function rate(effort: Effort, doing: string, main: (linux: Linux) => Promise<void>): Promise<Row> {
  const schedules = 3_000 * effort.scale;
  let seed = 0;
  const searchAll = async (): Promise<number> => {
    const start = process.hrtime.bigint();
    await search({ seed: seed++, schedules, strategy: "random" }, main);
    return Number(process.hrtime.bigint() - start) / schedules;
  };
  const rateOf = perSecond("schedules");
  return compare(effort, {
    what: `explore, random: ${processCount} processes × ${callCount} calls, ${doing}`,
    ours: searchAll,
    peer: () => timeEachAwaited(schedules, bareLoop),
    peerName: `a loop of ${processCount * callCount} awaits`,
    show: (ns) => rateOf(1e9 / ns),
    // Nanoseconds each: the quotient of the rates is the other way round.
    ratio: (ours, peer) => peer / ours,
    goal: { atLeast: 0.4 },
  });
}
