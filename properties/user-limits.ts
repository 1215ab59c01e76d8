// What an ordinary user's pipes may hold: pipe-max-size for one, pipe-user-pages-soft for all of them. The same calls on both
// kernels: what they come to is compared.
import type { SyscallError } from "../src/errors.js";
import { F_GETPIPE_SZ, F_SETPIPE_SZ, type Linux } from "../src/index.js";

/** A user that nobody is: the kernel counts the pages of all processes of a user. */
export const NOBODY = 64321;

/** How many pipes of `largest` bytes a user may have. */
export const pipesOf = (pages: number, largest: number, pageSize: number): number =>
  Math.floor((pages * pageSize) / largest);

/**
 * Fills what a user may have with pipes of the largest size, and tries to get more.
 * @param pipes how many pipes of that size he may have
 * @returns what the calls came to: a result, or an error's name
 */
export async function useUp(linux: Linux, pipes: number, largest: number): Promise<(number | string)[]> {
  const outcomes: (number | string)[] = [];
  const note = async (made: Promise<number>): Promise<void> => {
    outcomes.push(await made.catch((error: unknown) => (error as SyscallError).code));
  };
  const [first] = await linux.pipe2();
  await note(linux.fcntl(first, F_SETPIPE_SZ, largest + 1));
  await note(linux.fcntl(first, F_SETPIPE_SZ, largest));
  for (let made = 1; made < pipes; made++) {
    const [fd] = await linux.pipe2();
    if ((await linux.fcntl(fd, F_SETPIPE_SZ, largest)) !== largest)
      throw new Error("a pipe has another size");
  }
  // There is nothing left: the next one gets two pages, and may not grow.
  const [last] = await linux.pipe2();
  await note(linux.fcntl(last, F_GETPIPE_SZ));
  await note(linux.fcntl(last, F_SETPIPE_SZ, 4 * 4096));
  await note(linux.fcntl(last, F_SETPIPE_SZ, 4096));
  // Less of one is more for another.
  await note(linux.fcntl(first, F_SETPIPE_SZ, 8 * 4096));
  await note(linux.fcntl(last, F_SETPIPE_SZ, 16 * 4096));
  await note(linux.fcntl(first, F_SETPIPE_SZ, largest));
  const [usual] = await linux.pipe2();
  await note(linux.fcntl(usual, F_GETPIPE_SZ));
  return outcomes;
}
