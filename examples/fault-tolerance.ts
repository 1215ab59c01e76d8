// Jobs that are done though workers are killed. A supervisor gives them out, learns of every death, and gives again what the dead
// worker had not acknowledged. All goes through one System V queue (sysvipc(7)), by the types of its messages:
//
//   1           an acknowledgement: this worker has done this job
//   2           a death, which the supervisor tells itself when waitpid(2) has told it
//   3, 4, ...   jobs: each worker has a type of its own, which no other gets after it
//
// The supervisor receives the lowest type up to 2. So it looks at a death only when there is no acknowledgement left; and what a
// worker sent before it died was in the queue before waitpid told of the death.
//
// Where SIGKILL may strike a worker, and what becomes of its job:
//   before it receives it       the job lies in the queue under the worker's type: it is taken back, and given to another
//   while it is handed over     it is in no queue and in no process any more: not acknowledged, so given to another
//   with it, done or half done  nobody can tell which: not acknowledged, so given to another, who does it again
//   after it acknowledged it    the acknowledgement is read before the death: it is not given again
//
// What is promised, whichever workers are killed at whatever moments, if the supervisor lives: each job is done at least once,
// and acknowledged exactly once. A worker that dies has had at most one job in its hands, which may so be done once more. So
// what a job does must bear that, or know the job by its number: between the work and its acknowledgement there is always a
// moment, and no queue can take it away. `hastyWorker` acknowledges first. That looks the same until it is killed in that moment:
// then its job is acknowledged, and was never done.
//
// A job that is in the hands of several workers when they die may be what ends them. So it is given up after a number of deaths, if
// the team says one, and that is the one way in which a job is not acknowledged.
//
// What is not promised. If the supervisor dies, the jobs that are not acknowledged are lost, for it alone knows them; but nothing is
// left behind. A pipe tells its workers, as its only writer is gone: each does the job that it has, and they remove the queue. (Only
// where no worker was started yet nobody does: ipcrm(1).) A worker that hangs is not dead: its jobs wait until somebody kills it.
// And a queue lives in the kernel's memory: with the machine all of it ends.
import { type Linux, Pipe, PipeReader, PipeWriter, type Program, program, SysvMessageQueue } from "linux-ipc";

const ACKNOWLEDGEMENT = 1;
const DEATH = 2;
const FIRST_WORKER = 3;

/** Jobs that a worker has at most: the one that it does, and one that it finds when that is done. So the queue is never full. */
const jobsAtOnce = 2;

/** A worker is given the identifier of the queue, and its own number, which is the type of its jobs. */
export type Worker = Program<[number, number]>;

/** Does a job, then acknowledges it. */
export const worker = program(import.meta.url, async function worker(linux, id: number, number: number) {
  await serve(linux, id, number, async (job, acknowledge) => {
    await perform(linux, job);
    await acknowledge();
  });
});

/** Acknowledges a job, then does it. */
export const hastyWorker = program(import.meta.url, async function worker(linux, id: number, number: number) {
  await serve(linux, id, number, async (job, acknowledge) => {
    await acknowledge();
    await perform(linux, job);
  });
});

/** Does a job, and acknowledges it; a negative one ends it. */
export const fragileWorker = program(
  import.meta.url,
  async function worker(linux, id: number, number: number) {
    await serve(linux, id, number, async (job, acknowledge) => {
      if (job < 0) await linux.exit(1);
      await perform(linux, job);
      await acknowledge();
    });
  },
);

/** What a job does to the world: it leaves its number in a pipe, where one can see how often it was done. */
async function perform(linux: Linux, job: number): Promise<void> {
  await PipeWriter.from(linux, "ledger").write(`${job}\n`);
}

/** Takes jobs until the queue is removed, which a worker does if nobody else has, once the supervisor is gone. */
async function serve(
  linux: Linux,
  id: number,
  number: number,
  work: (job: number, acknowledge: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const queue = SysvMessageQueue.from(linux, id);
  const ended = PipeReader.from(linux, "lifeline")
    .read(1)
    .then(() => queue.remove())
    .catch(unlessRemoved);
  try {
    for (;;) {
      const job = Number((await queue.receive({ type: number })).text);
      await work(job, () => queue.send(`${number} ${job}`, { type: ACKNOWLEDGEMENT }));
    }
  } catch (error) {
    unlessRemoved(error);
  }
  await ended;
}

/** The queue was removed while a call waited, or before. @throws any other error */
function unlessRemoved(error: unknown): void {
  const { code } = error as { code?: string };
  if (code !== "EIDRM" && code !== "EINVAL") throw error;
}

/** Who works, and who is told. */
export interface Team {
  readonly worker: Worker;
  /** How many work at a time. */
  readonly size: number;
  /** A job is given up when so many workers have died with it in their hands; left out: never. */
  readonly mostDeaths?: number;
  /** Is told of each worker that starts, those that take the place of a dead one among them. */
  readonly onStart?: (pid: number) => void;
  /** Is told of each job that is acknowledged. */
  readonly onAcknowledgement?: (job: number) => void;
}

/** How jobs ended, for the supervisor. */
export interface Ends {
  /** Those that were acknowledged, in that order; twice what was acknowledged twice. */
  readonly acknowledged: number[];
  readonly givenUp: number[];
}

/**
 * Has jobs done, and removes the queue.
 * @param jobs their numbers, all different
 * @param ledger the descriptor in which each job that is done leaves its number
 */
export async function supervise(
  linux: Linux,
  queue: SysvMessageQueue,
  ledger: number,
  jobs: readonly number[],
  team: Team,
): Promise<Ends> {
  const { worker, size, mostDeaths = Number.POSITIVE_INFINITY, onStart, onAcknowledgement } = team;
  /** Jobs that no worker has. */
  const open = [...jobs];
  /** Jobs that each living worker has, and has not acknowledged. */
  const held = new Map<number, Set<number>>();
  /** How many workers have died with a job in their hands. */
  const deathsOf = new Map<number, number>();
  const acknowledged: number[] = [];
  const givenUp: number[] = [];
  /** Of each worker that was started: tells of its death. */
  const deaths: Promise<void>[] = [];
  const lifeline = await Pipe.create(linux);

  async function start(): Promise<void> {
    const number = FIRST_WORKER + deaths.length;
    const fds = { ledger, lifeline: lifeline.reader.fd };
    const pid = await linux.spawn(worker, { args: [queue.id, number], fds });
    held.set(number, new Set());
    const tell = (): Promise<void> => queue.send(`${number}`, { type: DEATH });
    deaths.push(linux.waitpid(pid).then(tell).catch(unlessRemoved));
    onStart?.(pid);
  }

  async function giveOut(): Promise<void> {
    for (const [number, jobs] of held) {
      while (jobs.size < jobsAtOnce && open.length > 0) {
        const job = open.shift() as number;
        jobs.add(job);
        await queue.send(`${job}`, { type: number });
      }
    }
  }

  async function takeBack(number: number): Promise<void> {
    const untouched = new Set<number>();
    for (;;) {
      const message = await queue.tryReceive({ type: number });
      if (message === undefined) break;
      untouched.add(Number(message.text));
    }
    const again: number[] = [];
    for (const job of held.get(number) ?? []) {
      const count = (deathsOf.get(job) ?? 0) + (untouched.has(job) ? 0 : 1);
      deathsOf.set(job, count);
      if (count < mostDeaths) again.push(job);
      else givenUp.push(job);
    }
    open.unshift(...again);
    held.delete(number);
  }

  try {
    while (held.size < size) await start();
    while (acknowledged.length + givenUp.length < jobs.length) {
      await giveOut();
      const { type, text } = await queue.receive({ type: { upTo: DEATH } });
      const [number, job] = text.split(" ").map(Number) as [number, number];
      if (Number(type) === ACKNOWLEDGEMENT) {
        held.get(number)?.delete(job);
        acknowledged.push(job);
        onAcknowledgement?.(job);
      } else {
        await takeBack(number);
        await start();
      }
    }
  } finally {
    // Whatever has happened: the workers see the end of the pipe, and end.
    await lifeline.close();
    await Promise.all(deaths);
    // If one is left to see it.
    await queue.remove().catch(unlessRemoved);
  }
  return { acknowledged, givenUp };
}

/** A supervisor that is a process of its own. */
export const supervisor = program(
  import.meta.url,
  async function supervisor(linux, id: number, jobs: readonly number[]) {
    const queue = SysvMessageQueue.from(linux, id);
    await supervise(linux, queue, linux.fds.ledger as number, jobs, { worker, size: 2 });
  },
);

/** What came of jobs, in the order of their numbers. */
export interface Outcome extends Ends {
  /** The jobs that were done; twice what was done twice. */
  readonly done: number[];
}

/** Has jobs done, and looks what was done. */
export async function handle(linux: Linux, jobs: readonly number[], team: Team): Promise<Outcome> {
  await using queue = await SysvMessageQueue.createPrivate(linux, { removeOnClose: true });
  await using ledger = await Pipe.create(linux);
  const { acknowledged, givenUp } = await supervise(linux, queue, ledger.writer.fd, jobs, team);
  await ledger.writer.close();
  const done = (await ledger.reader.text()).split("\n").slice(0, -1).map(Number);
  return { acknowledged: inOrder(acknowledged), givenUp: inOrder(givenUp), done: inOrder(done) };
}

const inOrder = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
