// How long a message through a queue takes on the model, against a real one.
import { linux } from "../backends/linux/index.js";
import { syscalls } from "../src/syscalls.js";
import type { Benchmark } from "./benchmark.js";
import { perform, queueMachine } from "./machines.js";
import { compare, timeEach } from "./measure.js";
import { messageSize, posixQueue, sysvQueue } from "./queues.js";

export const modelQueues: Benchmark = {
  name: "model-queues",
  kernel: "both",
  async run(effort) {
    const { machine, process, mqdes, msqid } = queueMachine();
    const message = new Uint8Array(messageSize).fill(1);
    // The model's queues have the default msgsize.
    const buffer = new Uint8Array(8192);
    const { mq_send, mq_receive, msgsnd, msgrcv } = syscalls;
    const { sync } = linux;
    const realPosix = posixQueue();
    const realSysv = sysvQueue();
    const count = 20_000 * effort.scale;
    const goal = { atMost: 0.1 };
    const rows = [
      await compare(effort, {
        what: `model: mq_send + mq_receive, ${messageSize} bytes, arguments checked, a task each`,
        ours: () =>
          timeEach(count, () => {
            perform(machine, process, mq_send.marshal(mqdes, message, 0));
            perform(machine, process, mq_receive.marshal(mqdes, buffer));
          }),
        peer: () =>
          timeEach(count / 10, () => {
            sync.mq_send(realPosix, message, 0);
            sync.mq_receive(realPosix, buffer);
          }),
        peerName: "linux.sync",
        goal,
      }),
      await compare(effort, {
        what: `model: msgsnd + msgrcv, ${messageSize} bytes, arguments checked, a task each`,
        ours: () =>
          timeEach(count, () => {
            perform(machine, process, msgsnd.marshal(msqid, 1, message, 0));
            perform(machine, process, msgrcv.marshal(msqid, buffer, 0, 0));
          }),
        peer: () =>
          timeEach(count / 10, () => {
            sync.msgsnd(realSysv.msqid, 1, message, 0);
            sync.msgrcv(realSysv.msqid, buffer, 0, 0);
          }),
        peerName: "linux.sync",
        goal,
      }),
    ];
    realSysv.remove();
    return rows;
  },
};
