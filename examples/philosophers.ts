// The dining philosophers (Dijkstra, 1965). They sit around a table, a fork between each two of them. Who wants to eat takes the
// fork on the left and the one on the right, and puts both down afterwards. A fork is a System V semaphore that is 1 while it lies on
// the table: semop(2).
//
// `leftFirst` is how one would do it, and nearly always all is well. But if each has taken the fork on the left, no fork is left,
// and all wait for ever. A deadlock needs four things at once (Coffman, 1971), and each of the others takes away one:
//
//   inOrder       no circle: all take the fork of the lower number first, so the last philosopher takes the right one first
//   withOneLess   no circle either: one fewer sit down than there are forks, so one of them has both
//   bothAtOnce    nobody holds a fork and waits for another: both operations are one semop, done together or not at all
//
// All is taken with undo (SEM_UNDO): the forks of a philosopher who is killed are put down by the kernel, and the others eat on.
import { type Linux, Pipe, PipeWriter, program, SysvSemaphoreSet, WIFSIGNALED } from "linux-ipc";

/** Who sit around the table, and forks on it. */
export const count = 5;

/** The semaphore behind the forks: seats that are free. */
const SEATS = count;

/** The forks beside a philosopher. */
const leftOf = (philosopher: number): number => philosopher;
const rightOf = (philosopher: number): number => (philosopher + 1) % count;

/** Takes both forks, eats, and puts them down. */
type Manners = (table: SysvSemaphoreSet, philosopher: number, eat: () => Promise<void>) => Promise<void>;

const leftFirst: Manners = (table, philosopher, eat) =>
  table.withPermit(leftOf(philosopher), () => table.withPermit(rightOf(philosopher), eat));

const inOrder: Manners = (table, philosopher, eat) => {
  const [lower, higher] = [leftOf(philosopher), rightOf(philosopher)].sort((a, b) => a - b);
  return table.withPermit(lower as number, () => table.withPermit(higher as number, eat));
};

const withOneLess: Manners = (table, philosopher, eat) =>
  table.withPermit(SEATS, () => leftFirst(table, philosopher, eat));

const bothAtOnce: Manners = async (table, philosopher, eat) => {
  const forks = [leftOf(philosopher), rightOf(philosopher)];
  await table.operate(forks.map((semaphore) => ({ semaphore, operation: -1, undo: true })));
  await eat();
  await table.operate(forks.map((semaphore) => ({ semaphore, operation: 1, undo: true })));
};

const manners = { leftFirst, inOrder, withOneLess, bothAtOnce };

/** How they take their forks. */
export type Way = keyof typeof manners;

/** Eats some meals, and says of each when it begins and when it ends. */
export const philosopher = program(
  import.meta.url,
  async function philosopher(linux, way: Way, id: number, number: number, meals: number) {
    const table = SysvSemaphoreSet.from(linux, id);
    const voice = PipeWriter.from(linux, "voice");
    for (let meal = 0; meal < meals; meal++) {
      await manners[way](table, number, async () => {
        await voice.write(`${number} begins\n`);
        await voice.write(`${number} ends\n`);
      });
    }
  },
);

/** What was seen at a table. */
export interface Dinner {
  /** Meals that were ended. */
  readonly meals: number;
  /** Meals that began while a neighbour was eating, or had been when it was killed. */
  readonly disputes: number;
  /** Philosophers who were killed. */
  readonly deaths: number;
}

/** Has all of them dine. @param meals of each */
export async function dine(linux: Linux, way: Way, meals = 1): Promise<Dinner> {
  const values = [...Array<number>(count).fill(1), count - 1];
  await using table = await SysvSemaphoreSet.createPrivate(linux, { values, removeOnClose: true });
  await using voices = await Pipe.create(linux);
  const pids: number[] = [];
  while (pids.length < count) {
    const args = [way, table.id, pids.length, meals] as const;
    pids.push(await linux.spawn(philosopher, { args: [...args], fds: { voice: voices.writer.fd } }));
  }
  await voices.writer.close();
  const eating = new Set<number>();
  const seen = { meals: 0, disputes: 0, deaths: 0 };
  for await (const line of voices.reader.lines()) {
    const [number, what] = line.split(" ") as [string, string];
    const philosopher = Number(number);
    if (what === "begins") {
      eating.add(philosopher);
      const neighbours = [(philosopher + 1) % count, (philosopher + count - 1) % count];
      seen.disputes += neighbours.filter((neighbour) => eating.has(neighbour)).length;
    } else if (eating.delete(philosopher)) seen.meals++;
  }
  for (const pid of pids) {
    const { status } = await linux.waitpid(pid);
    if (WIFSIGNALED(status)) seen.deaths++;
  }
  return seen;
}
