// Whether a FIFO is at its end that poll(2) calls not ready: nobody has it open for writing, and nobody had since it was
// opened, so nobody has hung up (pipe_poll in fs/pipe.c). A read gives 0 at once; but who cannot try one without the risk
// that it waits needs another way to know.
import { O_CLOEXEC } from "../../assembly/abi/fcntl.js";
import { SPLICE_F_NONBLOCK } from "../../assembly/abi/splice.js";
import { kindOf } from "./file-kinds.js";
import * as libc from "./libc.js";

/**
 * Asks tee(2), which takes nothing from the FIFO: it gives 0 if there is neither a byte nor a writer. A byte that has come
 * by now goes with the pipe that is made for the question.
 */
export function isAtEnd(fd: number): boolean {
  if (kindOf(fd) !== "fifo") return false;
  const { address, view } = libc.scratch;
  if (libc.pipe2(address, O_CLOEXEC) === -1) return false;
  const ends = [view.getInt32(0, true), view.getInt32(4, true)] as const;
  const result = libc.tee(fd, ends[1], 1, SPLICE_F_NONBLOCK);
  for (const end of ends) libc.close(end);
  return result === 0;
}
