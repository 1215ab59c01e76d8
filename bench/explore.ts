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

/** How an await of the bare loop is settled. */
type Settle = (resolve: () => void) => void;

/** After all microtasks that there are: what a search must wait for as well, to know what the programs do next. */
const onceQuiet: Settle = (resolve) => queueMicrotask(() => process.nextTick(resolve));

/** In the next tick, which may come before other microtasks: cheaper than a search can be. */
const inATick: Settle = (resolve) => process.nextTick(resolve);

/** As many awaits as three processes make calls. */
const bareLoop = (settle: Settle) => async (): Promise<void> => {
  for (let call = 0; call < processCount * callCount; call++) await new Promise<void>(settle);
};

export const explore: Benchmark = {
  name: "explore",
  kernel: "model",
  async run(effort) {
    return [
      ...(await rates(effort, "writing to and reading from a pipe", writerAndReader)),
      ...(await rates(effort, "asking for their pid: the scheduling alone", askers)),
    ];
  },
};

async function rates(effort: Effort, doing: string, main: (linux: Linux) => Promise<void>): Promise<Row[]> {
  const awaits = processCount * callCount;
  return [
    {
      ...(await rate(
        effort,
        doing,
        main,
        bareLoop(onceQuiet),
        `a loop of ${awaits} awaits, each once all is quiet`,
      )),
      goal: { atLeast: 0.4 },
    },
    await rate(effort, doing, main, bareLoop(inATick), `a loop of ${awaits} awaits, each in a tick`),
  ];
}

async function rate(
  effort: Effort,
  doing: string,
  main: (linux: Linux) => Promise<void>,
  loop: () => Promise<void>,
  peerName: string,
): Promise<Row> {
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
    peer: () => timeEachAwaited(schedules, loop),
    peerName,
    show: (ns) => rateOf(1e9 / ns),
    // Nanoseconds each: the quotient of the rates is the other way round.
    ratio: (ours, peer) => peer / ours,
  });
}
