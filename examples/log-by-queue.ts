// A message queue as a log: any process that knows its name writes records, and one collector receives them all. What a FIFO gives
// (log-collector.ts) and what a queue gives:
//
//                     FIFO                                     POSIX message queue
//   a record is       whole up to PIPE_BUF (4096 bytes),       whole always; longer than the queue takes is EMSGSIZE
//                     beyond that torn when the pipe is full
//   it holds          bytes, 64 KiB                            records, 10 (msg_max), whatever their length
//   when it is full   writers wait                             writers wait
//   order             as written                               the most severe first; as written among those of one severity
//   without readers   who opens it waits                       records are kept, until the machine stops
//   its end           the last writer has closed it            none
//
// So a record of an emergency overtakes what lies before it, and the order of one writer's records holds within a severity. And the collector
// learns from elsewhere that there will be no more: here its writers are its children. A child that was waited for has sent what it ever
// sent, so what can be received after that without waiting is the rest. That holds for one that was killed, too: what it sent is there.
import { type Linux, type Message, MessageQueue, program } from "linux-ipc";

/** As syslog(3) has them: the lowest number is the most severe. */
const LOG_EMERG = 0;
const LOG_INFO = 6;
const LOG_DEBUG = 7;

/** The most severe has the highest priority. */
const priorityOf = (severity: number): number => LOG_DEBUG - severity;

/** How much is written. */
export type Load = {
  readonly writers: number;
  /** Records of each writer and severity. */
  readonly records: number;
  /** Bytes of each. */
  readonly size: number;
};

/** What came out. */
export interface Collected {
  readonly records: number;
  /** Records that are not what was written. */
  readonly torn: number;
  /** Records that did not follow the one before them of the same writer and severity. */
  readonly misplaced: number;
}

/** Writes records of two severities in turn, each numbered. */
export const writer = program(
  import.meta.url,
  async function writer(linux, queueName: string, name: string, load: Load) {
    await using log = await MessageQueue.open(linux, queueName, { access: "write" });
    for (let number = 0; number < load.records; number++) {
      for (const severity of [LOG_INFO, LOG_EMERG]) {
        await log.send(recordOf(name, number, load.size), { priority: priorityOf(severity) });
      }
    }
  },
);

/** A record that is filled up with its writer's name. */
const recordOf = (name: string, number: number, size: number): string =>
  `${name} ${number} `.padEnd(size, name);

/** Makes a log, starts its writers, and receives what they write. */
export async function collect(linux: Linux, queueName: string, load: Load): Promise<Collected> {
  await using log = await MessageQueue.open(linux, queueName, {
    access: "read",
    create: true,
    exclusive: true,
    maxMessages: 4,
    messageSize: load.size,
    unlinkOnClose: true,
  });
  const pids: number[] = [];
  while (pids.length < load.writers) {
    const name = String.fromCharCode(97 + pids.length);
    pids.push(await linux.spawn(writer, { args: [queueName, name, load] }));
  }
  const count = { records: 0, torn: 0, misplaced: 0 };
  /** How many there were of each writer and severity. */
  const counts = new Map<string, number>();
  function take({ text, priority }: Message): void {
    const [name, number] = text.split(" ") as [string, string];
    const sequence = `${name} ${priority}`;
    const expected = counts.get(sequence) ?? 0;
    counts.set(sequence, expected + 1);
    count.records++;
    if (text !== recordOf(name, Number(number), load.size)) count.torn++;
    if (Number(number) !== expected) count.misplaced++;
  }
  const ended = new AbortController();
  const ends = Promise.all(pids.map((pid) => linux.waitpid(pid))).then(() => ended.abort());
  try {
    // An abort takes nothing: a record is received, or it is in the queue still.
    for await (const record of log.messages({ signal: ended.signal })) take(record);
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  await ends;
  for (;;) {
    const rest = await log.tryReceive();
    if (rest === undefined) return count;
    take(rest);
  }
}
