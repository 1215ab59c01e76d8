// The Worker that waits for events where the event loop cannot: loop.ts. It sleeps in poll(2) on the epoll
// descriptor and consumes nothing.
//
// It never sleeps there for long: a thread that is inside of a C function cannot be terminated, and would
// hold up the end of the process.
import { parentPort, workerData } from "node:worker_threads";
import { POLLIN } from "../../assembly/abi/poll.js";
import * as libc from "./libc.js";
import { PARKED, READY, REPORTED, STATE, STOPPED, WATCHING } from "./lookout-states.js";

const MAX_SLEEP_MS = 100;

const { memory, epoll } = workerData as { memory: SharedArrayBuffer; epoll: number };
const states = new Int32Array(memory);
const { address, view } = libc.scratch;

for (;;) {
  const state = Atomics.load(states, STATE);
  if (state === STOPPED) break;
  if (state === PARKED) {
    Atomics.wait(states, STATE, PARKED);
    continue;
  }
  view.setInt32(0, epoll, true);
  view.setUint16(4, POLLIN, true);
  if (libc.poll(address, 1, MAX_SLEEP_MS) <= 0 || Atomics.load(states, STATE) !== WATCHING) continue;
  Atomics.store(states, READY, REPORTED);
  parentPort?.postMessage(undefined);
  Atomics.wait(states, READY, REPORTED);
}
