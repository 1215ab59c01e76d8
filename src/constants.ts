/** Linux's numbers, spelled as in the manual. One table for the model, the real backend and the user. */
export * from "../assembly/abi/capability.js";
export * from "../assembly/abi/errno.js";
export * from "../assembly/abi/fcntl.js";
export * from "../assembly/abi/futex.js";
export * from "../assembly/abi/ioctl.js";
export * from "../assembly/abi/ipc.js";
export * from "../assembly/abi/limits.js";
export * from "../assembly/abi/memfd.js";
export * from "../assembly/abi/mman.js";
export * from "../assembly/abi/mqueue.js";
export * from "../assembly/abi/poll.js";
export * from "../assembly/abi/sem.js";
export { SEM_VALUE_MAX } from "../assembly/abi/semaphore.js";
export * from "../assembly/abi/signal.js";
export * from "../assembly/abi/splice.js";
export * from "../assembly/abi/stat.js";
export * from "../assembly/abi/time.js";
export * from "../assembly/abi/wait.js";
