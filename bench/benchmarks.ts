import type { Benchmark } from "./benchmark.js";
import { conformance } from "./conformance.js";
import { explore } from "./explore.js";
import { lines } from "./lines.js";
import { linuxPipe } from "./linux-pipe.js";
import { linuxQueues } from "./linux-queues.js";
import { locks } from "./locks.js";
import { mappedMemory } from "./mapped-memory.js";
import { memory } from "./memory.js";
import { messageLatency } from "./message-latency.js";
import { messageRates } from "./message-rates.js";
import { modelPipe } from "./model-pipe.js";
import { modelQueues } from "./model-queues.js";
import { modelSemaphores } from "./model-semaphores.js";
import { pingPong } from "./ping-pong.js";
import { readiness } from "./readiness.js";
import { restore } from "./restore.js";
import { sharedMemory } from "./shared-memory.js";
import { splice } from "./splice.js";
import { throughput } from "./throughput.js";
import { waiters } from "./waiters.js";

/** All benchmarks, in the order of the table. */
export const benchmarks: readonly Benchmark[] = [
  modelPipe,
  modelQueues,
  modelSemaphores,
  mappedMemory,
  explore,
  restore,
  memory,
  linuxPipe,
  linuxQueues,
  locks,
  readiness,
  messageLatency,
  pingPong,
  waiters,
  splice,
  throughput,
  sharedMemory,
  messageRates,
  lines,
  conformance,
];
