import type { Benchmark } from "./benchmark.js";
import { conformance } from "./conformance.js";
import { explore } from "./explore.js";
import { linuxPipe } from "./linux-pipe.js";
import { memory } from "./memory.js";
import { modelPipe } from "./model-pipe.js";
import { readiness } from "./readiness.js";
import { restore } from "./restore.js";
import { waiters } from "./waiters.js";

/** All benchmarks, in the order of the table. */
export const benchmarks: readonly Benchmark[] = [
  modelPipe,
  explore,
  restore,
  memory,
  linuxPipe,
  readiness,
  waiters,
  conformance,
];
