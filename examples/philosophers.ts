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
// All is taken with SEM_UNDO: the forks of a philosopher who is killed are put down by the kernel, and the others eat on.
import {
  IPC_PRIVATE,
  IPC_RMID,
  type Linux,
  Pipe,
  PipeWriter,
  program,
  SEM_UNDO,
  SETALL,
  WIFSIGNALED,
} from "linux-ipc";

/** Who sit around the table, and forks on it. */
export const count = 5;

/** The semaphore behind the forks: seats that are free. */
const SEATS = count;

/** The forks beside a philosopher. */
const leftOf = (philosopher: number): number => philosopher;
const rightOf = (philosopher: number): number => (philosopher + 1) % count;

/** Takes one of each of some semaphores, at once; waits until all are there. */
const take = (linux: Linux, set: number, ...nums: readonly number[]): Promise<void> =>
  linux.semop(
    set,
    nums.map((num) => ({ num, op: -1, flg: SEM_UNDO })),
  );

/** Gives one of each back. */
const give = (linux: Linux, set: number, ...nums: readonly number[]): Promise<void> =>
  linux.semop(
    set,
    nums.map((num) => ({ num, op: 1, flg: SEM_UNDO })),
  );

/** Takes both forks, eats, and puts them down. */
type Manners = (linux: Linux, set: number, philosopher: number, eat: () => Promise<void>) => Promise<void>;

const manners = {
  async leftFirst(linux, set, philosopher, eat) {
    await take(linux, set, leftOf(philosopher));
    await take(linux, set, rightOf(philosopher));
    await eat();
    await give(linux, set, leftOf(philosopher));
    await give(linux, set, rightOf(philosopher));
  },
  async inOrder(linux, set, philosopher, eat) {
    const [lower, higher] = [leftOf(philosopher), rightOf(philosopher)].sort((a, b) => a - b);
    await take(linux, set, lower as number);
    await take(linux, set, higher as number);
    await eat();
    await give(linux, set, higher as number);
    await give(linux, set, lower as number);
  },
  async withOneLess(linux, set, philosopher, eat) {
    await take(linux, set, SEATS);
    await manners.leftFirst(linux, set, philosopher, eat);
    await give(linux, set, SEATS);
  },
  async bothAtOnce(linux, set, philosopher, eat) {
    const forks = [leftOf(philosopher), rightOf(philosopher)];
    await take(linux, set, ...forks);
    await eat();
    await give(linux, set, ...forks);
  },
} satisfies Record<string, Manners>;

/** How they take their forks. */
export type Way = keyof typeof manners;

/** Eats some meals, and says of each when it begins and when it ends. */
export const philosopher = program(
  import.meta.url,
  async function philosopher(linux, way: Way, set: number, number: number, meals: number) {
    const table = PipeWriter.from(linux, "table");
    for (let meal = 0; meal < meals; meal++) {
      await manners[way](linux, set, number, async () => {
        await table.write(`${number} begins\n`);
        await table.write(`${number} ends\n`);
      });
    }
  },
);

/** What was seen at a table. */
export interface Dinner {
  /** Meals that were ended. */
  readonly meals: number;
  /** Meals that began while a neighbour was eating. */
  readonly disputes: number;
  /** Philosophers who were killed. */
  readonly deaths: number;
}

/** Has all of them dine. @param meals of each */
export async function dine(linux: Linux, way: Way, meals = 1): Promise<Dinner> {
  const set = await linux.semget(IPC_PRIVATE, count + 1, 0o600);
  try {
    await linux.semctl(set, 0, SETALL, [...Array<number>(count).fill(1), count - 1]);
    return await watch(linux, way, set, meals);
  } finally {
    await linux.semctl(set, 0, IPC_RMID);
  }
}

async function watch(linux: Linux, way: Way, set: number, meals: number): Promise<Dinner> {
  await using table = await Pipe.create(linux);
  const pids: number[] = [];
  while (pids.length < count) {
    const args = [way, set, pids.length, meals] as const;
    pids.push(await linux.spawn(philosopher, { args: [...args], fds: { table: table.writer.fd } }));
  }
  await table.writer.close();
  const eating = new Set<number>();
  const seen = { meals: 0, disputes: 0, deaths: 0 };
  for await (const line of table.reader.lines()) {
    const [number, what] = line.split(" ") as [string, string];
    const philosopher = Number(number);
    if (what === "begins") {
      eating.add(philosopher);
      // Whose left neighbour's right fork is our left one.
      for (const next of [rightOf(philosopher), (philosopher + count - 1) % count]) {
        if (eating.has(next)) seen.disputes++;
      }
    } else if (eating.delete(philosopher)) seen.meals++;
  }
  for (const pid of pids) {
    const { status } = await linux.waitpid(pid);
    if (WIFSIGNALED(status)) seen.deaths++;
  }
  return seen;
}
