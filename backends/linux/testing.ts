// For tests of the real kernel: message queues that nobody else sees, and that end with the process, whatever ends it.
import * as libc from "./libc.js";

// linux/sched.h; asm/unistd.h.
const CLONE_NEWIPC = 0x08000000;
const SYS_UNSHARE = process.arch === "x64" ? 272 : 97;

/** Gives this thread, and what it starts, an IPC namespace of its own, if it may: ipc_namespaces(7). */
export const ownQueues = (): boolean => libc.syscall(SYS_UNSHARE, CLONE_NEWIPC, 0) === 0;
