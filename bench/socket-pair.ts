// Two connected sockets, which node makes only for its own children.
import { bind } from "../backends/linux/ffi.js";
import { linux } from "../backends/linux/index.js";
import { scratch } from "../backends/linux/libc.js";

// sys/socket.h, of x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

/** Two Unix stream sockets that are connected: socketpair(2). */
export function socketPair(): readonly [number, number] {
  const socketpair = bind("socketpair", "int", "int", "int", "int", "long");
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scratch.address) !== 0)
    throw new Error("no socket pair");
  const pair = [scratch.view.getInt32(0, true), scratch.view.getInt32(4, true)] as const;
  for (const fd of pair) linux.adopt(fd);
  return pair;
}
