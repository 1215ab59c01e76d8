// Several workers on one queue. Each job goes to whoever is free first, and to one worker only: a message is received once. No
// worker knows of the others, and there is nothing to divide up beforehand. Who gets how many is not said.
//
// A pipe has an end, which all its readers see. A queue has none, so the end is a message as well: an empty one. And that is
// received once, like any other. `hasty` sends one: the worker that gets it ends, and the others wait for ever. With one worker
// that is well. `mended` sends one for each worker: each takes one and looks no further.
import { type Linux, MessageQueue, program } from "linux-ipc";

/** Squares numbers until there is an end. */
export const worker = program(
  import.meta.url,
  async function worker(linux, numbersName: string, squaresName: string) {
    await using numbers = await MessageQueue.open(linux, numbersName, { access: "read" });
    await using squares = await MessageQueue.open(linux, squaresName, { access: "write" });
    for await (const { text } of numbers) {
      if (text === "") break;
      await squares.send(`${Number(text) ** 2}`);
    }
  },
);

/** Has numbers squared, and sends one end. @returns the squares, in order */
export async function hasty(
  linux: Linux,
  name: string,
  numbers: readonly number[],
  workerCount: number,
): Promise<number[]> {
  return await balance(linux, name, numbers, workerCount, 1);
}

/** Has numbers squared, and sends as many ends as there are workers. @returns the squares, in order */
export async function mended(
  linux: Linux,
  name: string,
  numbers: readonly number[],
  workerCount: number,
): Promise<number[]> {
  return await balance(linux, name, numbers, workerCount, workerCount);
}

async function balance(
  linux: Linux,
  name: string,
  numbers: readonly number[],
  workerCount: number,
  endCount: number,
): Promise<number[]> {
  const names = [`${name}-numbers`, `${name}-squares`] as const;
  const options = { create: true, exclusive: true, maxMessages: 4, messageSize: 32 };
  await using numberQueue = await MessageQueue.open(linux, names[0], {
    ...options,
    access: "write",
    unlinkOnClose: true,
  });
  await using squareQueue = await MessageQueue.open(linux, names[1], {
    ...options,
    access: "read",
    unlinkOnClose: true,
  });
  const pids: number[] = [];
  while (pids.length < workerCount) pids.push(await linux.spawn(worker, { args: [...names] }));
  const squares: number[] = [];
  async function collect(): Promise<void> {
    while (squares.length < numbers.length) squares.push(Number((await squareQueue.receive()).text));
  }
  async function distribute(): Promise<void> {
    for (const number of numbers) await numberQueue.send(`${number}`);
    // Of one priority what was sent last is received last: an end, when all jobs are taken.
    for (let i = 0; i < endCount; i++) await numberQueue.send("");
  }
  // Both at once: a queue that is full of squares would hold up the workers, and they this process.
  await Promise.all([collect(), distribute()]);
  for (const pid of pids) await linux.waitpid(pid);
  // All are gone. What was done twice would be here.
  for (;;) {
    const square = await squareQueue.tryReceive();
    if (square === undefined) break;
    squares.push(Number(square.text));
  }
  return squares.sort((a, b) => a - b);
}
