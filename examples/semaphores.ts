// The two uses of a semaphore. It is a number that is never below 0: P takes one, and waits while there is none (acquire); V gives one
// (release). What it is for is said by the number it begins with.
//
// At 1 it keeps others out. Who has taken it is alone with what it guards until it gives it back. Here authors write paragraphs into one
// pipe, each line by a write of its own, so that without a semaphore the lines of different authors get mixed. A P is
// followed by a V of the same process, and so both are done with undo (SEM_UNDO): a semaphore that is held by a process which dies is given
// back by the kernel (semop(2)).
//
// At 0 it tells that something has happened. Who waits for it does P, and who has done it does V, in another process. Here each step of a
// work begins when the step before it is done, in whatever order their processes were started. There undo is a trap: what
// has happened is not undone by the end of the process that has done it. `undone` has it, and waits for ever in all schedules in which
// a step ends before the next one looks.
import { type Linux, Pipe, PipeWriter, program, SysvSemaphoreSet } from "linux-ipc";

/** Lines of a paragraph. */
const lineCount = 3;

/** Writes a paragraph, alone or not. */
export const author = program(
  import.meta.url,
  async function author(linux, id: number, name: string, isAlone: boolean) {
    const set = SysvSemaphoreSet.from(linux, id);
    const paper = PipeWriter.from(linux, "paper");
    async function writeAll(): Promise<void> {
      for (let line = 0; line < lineCount; line++) await paper.write(`${name}\n`);
    }
    // With undo, as always there.
    await (isAlone ? set.withPermit(0, writeAll) : writeAll());
  },
);

/** Has paragraphs written, by one author at a time or not. @returns the names of those whose paragraph is in one piece, sorted */
export async function write(linux: Linux, names: readonly string[], isAlone: boolean): Promise<string[]> {
  const lines = await withPaper(linux, [1], (id, fds) =>
    names.map((name) => linux.spawn(author, { args: [id, name, isAlone], fds })),
  );
  const isWhole = (name: string): boolean => {
    const first = lines.indexOf(name);
    return first >= 0 && lines.slice(first, first + lineCount).join() === Array(lineCount).fill(name).join();
  };
  return names.filter(isWhole).sort();
}

/** Does a step of a work once the step before it is done, and says so to the next. */
export const worker = program(
  import.meta.url,
  async function worker(linux, id: number, step: number, undo: boolean) {
    const done = SysvSemaphoreSet.from(linux, id);
    await done.acquire(step, { undo });
    await PipeWriter.from(linux, "paper").write(`step ${step}\n`);
    await done.release(step + 1, { undo });
  },
);

/** Has a work done, whose last step is started first. @returns the steps as they were done */
export const inOrder = (linux: Linux, stepCount: number): Promise<string[]> => work(linux, stepCount, false);

/** The same, and what has happened is undone. */
export const undone = (linux: Linux, stepCount: number): Promise<string[]> => work(linux, stepCount, true);

async function work(linux: Linux, stepCount: number, undo: boolean): Promise<string[]> {
  const steps = Array.from({ length: stepCount }, (_, step) => step);
  // Nothing has to be done before the first step.
  const values = [1, ...steps.map(() => 0)];
  return await withPaper(linux, values, (id, fds) =>
    steps.reverse().map((step) => linux.spawn(worker, { args: [id, step, undo], fds })),
  );
}

/**
 * Makes semaphores, and a paper that processes write on.
 * @param start starts them: their pids
 * @returns the lines that they have written
 */
async function withPaper(
  linux: Linux,
  values: readonly number[],
  start: (id: number, fds: { paper: number }) => Promise<number>[],
): Promise<string[]> {
  await using paper = await Pipe.create(linux);
  await using set = await SysvSemaphoreSet.createPrivate(linux, { values, removeOnClose: true });
  const pids = await Promise.all(start(set.id, { paper: paper.writer.fd }));
  await paper.writer.close();
  const text = await paper.reader.text();
  for (const pid of pids) await linux.waitpid(pid);
  return text.split("\n").slice(0, -1);
}
