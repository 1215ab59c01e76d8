// A lane: a Worker that makes a call that blocks (lanes.ts). A thread that is inside of a C function cannot be terminated,
// and would hold up the end of the process: a signal gets it out.
//
// Who owns the lane sends it, on every way it can end but one: a Worker that is terminated runs no more JavaScript. So a
// Worker's lane leaves its call ten times a second by a timer of its own, and enters it again if it may. Nobody can tell a
// reader that left for a moment from one that has not come yet; but of several who wait in line it is the last again.
import { parentPort, workerData } from "node:worker_threads";
import { EINTR } from "../../assembly/abi/errno.js";
import { callPlainly, type LaneOutcome, type LaneReply, type NumberedRequest } from "./lane-calls.js";
import { BEGUN, CANCELLED, DONE, type LaneData, RESULT, THREAD } from "./lane-states.js";
import { admitOnly, ownThread, signalOften } from "./thread-signals.js";

const LOOK_INTERVAL_NS = 100_000_000n;

const { memory, signal, isOrphanable } = workerData as LaneData;
const states = new Int32Array(memory);

admitOnly(signal);
Atomics.store(states, THREAD, ownThread());

parentPort?.on("message", (request: NumberedRequest) => {
  const { number } = request;
  Atomics.store(states, BEGUN, number);
  const stop = isOrphanable ? signalOften(signal, LOOK_INTERVAL_NS) : undefined;
  const { result, value } = callUntilDone(request);
  stop?.();
  Atomics.store(states, RESULT, result);
  Atomics.store(states, DONE, number);
  Atomics.notify(states, DONE);
  parentPort?.postMessage({ number, result, value } satisfies LaneReply);
});

function callUntilDone(request: NumberedRequest): LaneOutcome {
  while (Atomics.load(states, CANCELLED) < request.number) {
    const outcome = callPlainly(request);
    // A signal that no thread may block is no reason for an awaited call to end.
    if (outcome.result !== -EINTR) return outcome;
  }
  return { result: -EINTR, value: undefined };
}
