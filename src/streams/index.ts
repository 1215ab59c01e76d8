/** Ends of pipes as node's streams: the entry `linux-ipc/streams`. Web streams are in `linux-ipc` itself. */
export { type NodeReadableOptions, toNodeReadable } from "./readable.js";
export { type NodeWritableOptions, toNodeWritable } from "./writable.js";
