// The descriptors of an executor's own process: all numbers below the first of the case are taken, so that the kernel gives
// the case the same numbers as the model.
import { closeSync, openSync } from "node:fs";
import { pidfdOpen } from "./libc.js";

export class RuntimeDescriptors {
  readonly #first: number;
  /** Those that only take up a number. */
  readonly #fillers: number[] = [];

  constructor(firstDescriptor: number) {
    this.#first = firstDescriptor;
  }

  /** Takes all numbers below the first that are free. @returns how many were */
  settle(): number {
    for (let taken = 0; ; taken++) {
      const fd = openSync("/dev/null", "r");
      if (fd >= this.#first) {
        closeSync(fd);
        return taken;
      }
      this.#fillers.push(fd);
    }
  }

  /** A pidfd of another process, in the place of a descriptor that only took up a number. */
  meet(pid: number): number {
    closeSync(this.#fillers.pop() as number);
    return pidfdOpen(pid);
  }
}
