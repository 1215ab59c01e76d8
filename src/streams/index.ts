/** Ends of pipes, and message queues, as node's streams: the entry `linux-ipc/streams`. Web streams are in `linux-ipc` itself. */
export { type NodeMessageReadableOptions, type NodeReadableOptions, toNodeReadable } from "./readable.js";
export { type NodeMessageWritableOptions, type NodeWritableOptions, toNodeWritable } from "./writable.js";
