// The entry `linux-ipc/native`: the real kernel. Importing it works everywhere; off Linux its calls throw.

import { int } from "../../src/arguments.js";
import { linuxOver, syncLinuxOver } from "../../src/calls.js";
import { SyscallError } from "../../src/errors.js";
import type { Linux, SyncLinux } from "../../src/linux.js";
import { adopt } from "./descriptors.js";
import { namedDescriptors } from "./inheritance.js";
import * as libc from "./libc.js";
import { runBlocking, starterWith } from "./native.js";

/** The real kernel, as this process sees it. */
export interface NativeLinux extends Linux {
  /** The plain calls, which block the calling thread. */
  readonly sync: SyncLinux;
  /**
   * Makes a descriptor the program's that something else opened (node:fs, a library, the shell): calls on any
   * other are EBADF. It is then the program's to close.
   * @throws EBADF not open
   */
  adopt(fd: number): void;
}

/** The kernel that this process runs on. Its Workers share the descriptors and children with it. */
export const linux: NativeLinux = Object.freeze(
  Object.assign(linuxOver(starterWith(namedDescriptors)), {
    sync: syncLinuxOver(runBlocking),
    adopt(fd: number): void {
      int("adopt", "fd", fd);
      if (libc.failure !== undefined) throw libc.failure;
      const result = adopt(fd);
      if (result < 0) throw new SyscallError(-result, "adopt", { fd });
    },
  }),
);

export type { Linux, SyncLinux } from "../../src/linux.js";
