// Work that is handed over: a producer puts jobs into a queue and goes on, a worker does them later, and results come back through a
// second queue. Neither needs the other to be there: `later` has a worker started when all is handed over. The jobs are kept until
// then, and the urgent ones are done first.
//
// A queue is bounded, and that is its other use: who produces faster than others work is made to wait. But so the two queues are the
// two pipes of a filter (filter.ts), with the same trap. `hasty` hands over all jobs and then takes the results: that is well while
// the queues hold all of them, whatever happens, and with a few more it stops for ever. `mended` takes results while it hands over
// jobs, and is well with any number.
import { type Linux, MessageQueue, program } from "linux-ipc";

/** What is to be done. */
export type Job = {
  readonly text: string;
  /** 0 to 32767; the highest is done first. */
  readonly priority: number;
};

/** Messages that each queue holds. More than 10 are not for everybody: msg_max, mq_overview(7). */
export const capacity = 8;

/** Does what is in the one queue, and puts each result into the other, until there is an empty job. */
export const worker = program(
  import.meta.url,
  async function worker(linux, jobsName: string, resultsName: string) {
    await using jobs = await MessageQueue.open(linux, jobsName, { access: "read" });
    await using results = await MessageQueue.open(linux, resultsName, { access: "write" });
    for await (const { text, priority } of jobs) {
      if (text === "") break;
      await results.send(text.toUpperCase(), { priority });
    }
  },
);

/** Hands over jobs, and has a worker started only then. @returns the results as they came */
export async function later(linux: Linux, name: string, jobs: readonly Job[]): Promise<string[]> {
  return await withQueues(linux, name, async ({ handOver, startWorker, take }) => {
    await handOver(jobs);
    // Here the producer does what it likes. Whoever starts the worker does so at any time.
    await startWorker();
    return await take(jobs.length);
  });
}

/** Hands over all jobs, then takes all results. @returns them as they came */
export async function hasty(linux: Linux, name: string, jobs: readonly Job[]): Promise<string[]> {
  return await withQueues(linux, name, async ({ handOver, startWorker, take }) => {
    await startWorker();
    await handOver(jobs);
    return await take(jobs.length);
  });
}

/** Takes results while it hands over jobs. @returns them as they came */
export async function mended(linux: Linux, name: string, jobs: readonly Job[]): Promise<string[]> {
  return await withQueues(linux, name, async ({ handOver, startWorker, take }) => {
    await startWorker();
    const [results] = await Promise.all([take(jobs.length), handOver(jobs)]);
    return results;
  });
}

/** What a producer can do. */
interface Office {
  readonly startWorker: () => Promise<void>;
  readonly handOver: (jobs: readonly Job[]) => Promise<void>;
  readonly take: (count: number) => Promise<string[]>;
}

/** Makes the queues for some work, and waits for the worker at the end. */
async function withQueues(
  linux: Linux,
  name: string,
  work: (office: Office) => Promise<string[]>,
): Promise<string[]> {
  const [jobsName, resultsName] = [`${name}-jobs`, `${name}-results`];
  const options = {
    create: true,
    exclusive: true,
    maxMessages: capacity,
    messageSize: 64,
    unlinkOnClose: true,
  };
  await using jobQueue = await MessageQueue.open(linux, jobsName, { ...options, access: "write" });
  await using resultQueue = await MessageQueue.open(linux, resultsName, { ...options, access: "read" });
  const pids: number[] = [];
  const results = await work({
    async startWorker() {
      pids.push(await linux.spawn(worker, { args: [jobsName, resultsName] }));
    },
    async handOver(jobs) {
      for (const { text, priority } of jobs) await jobQueue.send(text, { priority });
      // No priority is lower, and it is the last: it comes after all jobs.
      await jobQueue.send("", { priority: 0 });
    },
    async take(count) {
      const taken: string[] = [];
      while (taken.length < count) taken.push((await resultQueue.receive()).text);
      return taken;
    },
  });
  for (const pid of pids) await linux.waitpid(pid);
  return results;
}
