// A publisher and its subscribers, who know each other by names only. A subscriber makes a queue of its own and sends its name to the
// topic, which is a queue, too; the publisher opens what it is told there, and sends each event to each of those queues.
//
// Each subscriber has its own bounded queue, so the question is what becomes of an event when one is full. `hasty` waits for
// room: then the slowest subscriber holds up the publisher, and with it all others, and one that has stopped stops all. `mended`
// never waits. It drops the event for this subscriber alone, counts, and says with the next event that fits how many are missing. So
// what a subscriber received and what it was told to have missed is together all there was, and in order.
//
// The last place of each queue is kept for the end, so that this always fits, and the count with it. Nobody else sends to that
// queue: room that the publisher has seen is there until it uses it.
//
// A subscriber that is killed leaves its queue behind, full at some time, and costs the publisher nothing. A publisher that is
// killed leaves its subscribers waiting: the next one would have to find them, say by names that are known beforehand.
import { type Linux, MessageQueue, Pipe, PipeReader, PipeWriter, program } from "linux-ipc";

/** What the publisher sends. */
type Message = {
  /** Undefined: there will be no more. */
  readonly event?: string;
  /** Events that were dropped since the last message. */
  readonly missed: number;
};

/** What a subscriber tells at its end. */
export type Report = {
  readonly name: string;
  readonly events: readonly string[];
  readonly missed: number;
};

/** Somebody who subscribes. */
export type Subscription = {
  /** The name of its queue. */
  readonly name: string;
  /** Messages that the queue holds, the end among them. */
  readonly capacity: number;
};

const messageSize = 128;

/** Subscribes, and takes what comes until the end. If it has a gate it does not look until that is closed. */
export const subscriber = program(
  import.meta.url,
  async function subscriber(linux, topic: string, { name, capacity }: Subscription) {
    await using queue = await MessageQueue.open(linux, name, {
      access: "read",
      create: true,
      exclusive: true,
      maxMessages: capacity,
      messageSize,
      unlinkOnClose: true,
    });
    const registrations = await MessageQueue.open(linux, topic, { access: "write" });
    await registrations.send(name);
    await registrations.close();
    if (linux.fds.gate !== undefined) await PipeReader.from(linux, "gate").readAll();
    const events: string[] = [];
    let missed = 0;
    for await (const { text } of queue) {
      const message = JSON.parse(text) as Message;
      missed += message.missed;
      if (message.event === undefined) break;
      events.push(message.event);
    }
    const report: Report = { name, events, missed };
    await PipeWriter.from(linux, "reports").write(`${JSON.stringify(report)}\n`);
  },
);

/** A subscriber as the publisher sees it. */
interface Subscriber {
  readonly queue: MessageQueue;
  /** Events that were dropped since the last message. */
  missed: number;
}

type Publish = (subscriber: Subscriber, event: string) => Promise<void>;

/** Waits for room. */
export const hastyPublisher = program(
  import.meta.url,
  async function publisher(linux, topic: string, audience: number, events: readonly string[]) {
    await publishAll(linux, topic, audience, events, async ({ queue }, event) => {
      await queue.send(textOf({ event, missed: 0 }));
    });
  },
);

/** Drops what has no room, and says so. */
export const mendedPublisher = program(
  import.meta.url,
  async function publisher(linux, topic: string, audience: number, events: readonly string[]) {
    await publishAll(linux, topic, audience, events, async (subscriber, event) => {
      const { queue, missed } = subscriber;
      const { messages, maxMessages } = await queue.attributes();
      const hasRoom = messages < maxMessages - 1;
      if (hasRoom && (await queue.trySend(textOf({ event, missed })))) subscriber.missed = 0;
      else subscriber.missed++;
    });
  },
);

const textOf = (message: Message): string => JSON.stringify(message);

/** Begins when there are so many subscribers, takes others up as they come, and ends when all is published. */
async function publishAll(
  linux: Linux,
  topic: string,
  audience: number,
  events: readonly string[],
  publish: Publish,
): Promise<void> {
  await using registrations = await MessageQueue.open(linux, topic, { access: "read" });
  const subscribers: Subscriber[] = [];
  async function admit(name: string): Promise<void> {
    subscribers.push({ queue: await MessageQueue.open(linux, name, { access: "write" }), missed: 0 });
  }
  while (subscribers.length < audience) await admit((await registrations.receive()).text);
  for (const event of events) {
    for (;;) {
      const late = await registrations.tryReceive();
      if (late === undefined) break;
      await admit(late.text);
    }
    for (const subscriber of subscribers) await publish(subscriber, event);
  }
  for (const { queue, missed } of subscribers) {
    await queue.trySend(textOf({ missed }));
    await queue.close();
  }
}

/** Who takes part. */
export interface Cast {
  readonly publisher: typeof mendedPublisher;
  readonly subscriptions: readonly Subscription[];
  /** One that does not look into its queue before the publisher is done; undefined: there is none. */
  readonly sleeper?: Subscription;
}

/** Publishes events. @returns what the subscribers tell, by their names */
export async function publish(
  linux: Linux,
  topic: string,
  events: readonly string[],
  { publisher, subscriptions, sleeper }: Cast,
): Promise<Report[]> {
  await using registrations = await MessageQueue.open(linux, topic, {
    create: true,
    exclusive: true,
    maxMessages: 8,
    messageSize,
    unlinkOnClose: true,
  });
  void registrations;
  await using reports = await Pipe.create(linux);
  await using gate = await Pipe.create(linux);
  const pids: number[] = [];
  for (const subscription of subscriptions) {
    const fds = { reports: reports.writer.fd };
    pids.push(await linux.spawn(subscriber, { args: [topic, subscription], fds }));
  }
  if (sleeper !== undefined) {
    const fds = { reports: reports.writer.fd, gate: gate.reader.fd };
    pids.push(await linux.spawn(subscriber, { args: [topic, sleeper], fds }));
  }
  const publisherPid = await linux.spawn(publisher, { args: [topic, pids.length, events] });
  await linux.waitpid(publisherPid);
  await gate.writer.close();
  await reports.writer.close();
  const lines = (await reports.reader.text()).split("\n").slice(0, -1);
  for (const pid of pids) await linux.waitpid(pid);
  return lines.map((line) => JSON.parse(line) as Report).sort((a, b) => (a.name < b.name ? -1 : 1));
}
