// How long a semaphore takes on the model, given and taken, against a real one by C.
import { linux } from "../backends/linux/index.js";
import type { Call } from "../src/call.js";
import { IPC_PRIVATE, IPC_RMID } from "../src/constants.js";
import { syscalls } from "../src/syscalls.js";
import type { Benchmark, Row } from "./benchmark.js";
import { compilePairs } from "./compiled.js";
import { perform, semaphoreMachine } from "./machines.js";
import { compareWithC, timeEach } from "./measure.js";
import { undoAtEnd } from "./undo.js";

const { sync } = linux;

/** Calls that were made before. */
const constant = ([give, take]: readonly [Call, Call]): [() => Call, () => Call] => [() => give, () => take];

export const modelSemaphores: Benchmark = {
  name: "model-semaphores",
  kernel: "both",
  async run(effort) {
    const { machine, process, semid, address } = semaphoreMachine();
    const { semop, sem_post, sem_wait } = syscalls;
    const real = sync.semget(IPC_PRIVATE, 1, 0o600);
    const removeReal = undoAtEnd(() => void sync.semctl(real, 0, IPC_RMID));
    const compiled = compilePairs();
    const count = 50_000 * effort.scale;
    const peer = compiled && (() => compiled.semop(real, Math.ceil(count / 4)));
    const row = (what: string, give: () => Call, take: () => Call): Promise<Row> =>
      compareWithC(effort, {
        what: `model: ${what}`,
        ours: () =>
          timeEach(count, () => {
            perform(machine, process, give());
            perform(machine, process, take());
          }),
        peer,
        peerName: "semop +1 and -1 in C",
        goal: { atMost: 0.1 },
      });
    const more = [{ num: 0, op: 1, flg: 0 }];
    const less = [{ num: 0, op: -1, flg: 0 }];
    const calls = [semop.marshal(semid, more), semop.marshal(semid, less)] as const;
    const posixCalls = [sem_post.marshal(address), sem_wait.marshal(address)] as const;
    const rows = [
      await row(
        "semop +1 and -1, arguments checked, a task each",
        () => semop.marshal(semid, more),
        () => semop.marshal(semid, less),
      ),
      await row("the same, attempts alone", ...constant(calls)),
      await row(
        "sem_post + sem_wait, arguments checked, a task each",
        () => sem_post.marshal(address),
        () => sem_wait.marshal(address),
      ),
      await row("the same, attempts alone", ...constant(posixCalls)),
    ];
    removeReal();
    compiled?.remove();
    return rows;
  },
};
