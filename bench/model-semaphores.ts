// How long a semaphore takes on the model, given and taken, against a real one by C.
import { linux } from "../backends/linux/index.js";
import { IPC_PRIVATE, IPC_RMID } from "../src/constants.js";
import { syscalls } from "../src/syscalls.js";
import type { Benchmark } from "./benchmark.js";
import { compilePairs } from "./compiled.js";
import { perform, semaphoreMachine } from "./machines.js";
import { compareWithC, timeEach } from "./measure.js";
import { undoAtEnd } from "./undo.js";

const { sync } = linux;

export const modelSemaphores: Benchmark = {
  name: "model-semaphores",
  kernel: "both",
  async run(effort) {
    const { machine, process, semid } = semaphoreMachine();
    const { semop } = syscalls;
    const more = [{ num: 0, op: 1, flg: 0 }];
    const less = [{ num: 0, op: -1, flg: 0 }];
    const [moreCall, lessCall] = [semop.marshal(semid, more), semop.marshal(semid, less)];
    const real = sync.semget(IPC_PRIVATE, 1, 0o600);
    const removeReal = undoAtEnd(() => void sync.semctl(real, 0, IPC_RMID));
    const compiled = compilePairs();
    const count = 50_000 * effort.scale;
    const against = {
      peer: compiled && (() => compiled.semop(real, Math.ceil(count / 4))),
      peerName: "semop +1 and -1 in C",
      goal: { atMost: 0.1 },
    };
    const rows = [
      await compareWithC(effort, {
        what: "model: semop +1 and -1, arguments checked, a task each",
        ours: () =>
          timeEach(count, () => {
            perform(machine, process, semop.marshal(semid, more));
            perform(machine, process, semop.marshal(semid, less));
          }),
        ...against,
      }),
      await compareWithC(effort, {
        what: "model: the same, attempts alone",
        ours: () =>
          timeEach(count, () => {
            perform(machine, process, moreCall);
            perform(machine, process, lessCall);
          }),
        ...against,
      }),
    ];
    removeReal();
    compiled?.remove();
    return rows;
  },
};
