// The descriptors of an executor's own process: all numbers below the first of the case are taken, so that the kernel gives
// the case the same numbers as the model.
import { closeSync, openSync } from "node:fs";

/** Takes all numbers below the first that are free. @returns how many were */
export function occupyBelow(firstDescriptor: number): number {
  for (let taken = 0; ; taken++) {
    const fd = openSync("/dev/null", "r");
    if (fd >= firstDescriptor) {
      closeSync(fd);
      return taken;
    }
  }
}
