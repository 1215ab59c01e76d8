// A jobserver as make(1) has it: a pipe that holds one byte for each job slot. Who starts a job reads a byte, and writes
// it back when the job is done.
//
// The jobs here take two slots each, one at a time. Nearly always one worker gets both before the next worker looks, and
// all is well. But if each worker gets one, none is left, and all wait for ever: `hasty` does that, `mended` cannot.
import { type Linux, O_CLOEXEC, type Program, program } from "linux-ipc";

const workerCount = 2;
const slotCount = 2;

/** Takes two slots, does its job, gives both back. */
export const hastyWorker = program(import.meta.url, async function worker(linux) {
  const { take, give } = linux.fds as { take: number; give: number };
  await linux.read(take, new Uint8Array(1));
  await linux.read(take, new Uint8Array(1));
  await linux.write(give, new Uint8Array(2));
});

/**
 * The same, but it takes slots only while it holds the turn, of which there is one. So at most one worker is ever short
 * of a slot: the slots that it lacks are held by workers that have all they need, and those give them back.
 */
export const mendedWorker = program(import.meta.url, async function worker(linux) {
  const { take, give, takeTurn, giveTurn } = linux.fds as {
    take: number;
    give: number;
    takeTurn: number;
    giveTurn: number;
  };
  await linux.read(takeTurn, new Uint8Array(1));
  await linux.read(take, new Uint8Array(1));
  await linux.read(take, new Uint8Array(1));
  await linux.write(giveTurn, new Uint8Array(1));
  await linux.write(give, new Uint8Array(2));
});

/** The part of make that has the bug: exit status 0 if all workers did their job. */
export const hasty = program(import.meta.url, async function make(linux) {
  const [take, give] = await tokens(linux, slotCount);
  return await runWorkers(linux, hastyWorker, { take, give });
});

/** The same with mended workers. */
export const mended = program(import.meta.url, async function make(linux) {
  const [take, give] = await tokens(linux, slotCount);
  const [takeTurn, giveTurn] = await tokens(linux, 1);
  return await runWorkers(linux, mendedWorker, { take, give, takeTurn, giveTurn });
});

/** A pipe that holds `count` bytes: what semaphores were before there were semaphores. */
async function tokens(linux: Linux, count: number): Promise<readonly [number, number]> {
  // Children get the ends that `spawn` names, and no other.
  const [take, give] = await linux.pipe2(O_CLOEXEC);
  await linux.write(give, new Uint8Array(count));
  return [take, give];
}

async function runWorkers(linux: Linux, worker: Program<[]>, fds: Record<string, number>): Promise<number> {
  const pids: number[] = [];
  for (let i = 0; i < workerCount; i++) pids.push(await linux.spawn(worker, { fds }));
  for (const fd of Object.values(fds)) await linux.close(fd);
  let failures = 0;
  for (const pid of pids) {
    const { status } = await linux.waitpid(pid);
    if (status !== 0) failures++;
  }
  return failures === 0 ? 0 : 1;
}
