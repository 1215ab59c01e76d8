// Calls on System V message queues on the model: msgget(2), msgsnd(2), msgrcv(2), msgctl(2), ftok(3). No message is longer
// than the window: machine.ts sees to it that msgmax is not.
import { IPC_STAT } from "../../assembly/abi/ipc.js";
import { WINDOW_SIZE } from "../../assembly/abi/model.js";
import { byteLengthOf } from "../../src/byte-length.js";
import type { SysvMessage } from "../../src/call.js";
import {
  msgctlAnswer,
  type QueueLimits,
  type QueueSettings,
  type QueueStatus,
  type ReceivedSysvMessage,
} from "../../src/sysv-queue.js";
import { permissionsIn } from "./ipc.js";
import { type Attempt, drainWindow, fillWindow, type Memory } from "./memory.js";
import { fillPath } from "./path.js";

const INT_MAX = 0x7fffffff;

const low = (type: bigint): number => Number(BigInt.asIntN(32, type));
const high = (type: bigint): number => Number(BigInt.asIntN(32, type >> 32n));

export const msgget: Attempt = ({ kernel }, task, call) => kernel.msgget(task, call.a, call.b);

// The model has the message from the first attempt on.
export const msgsnd: Attempt = (memory, task, call, isNew) => {
  const { kernel } = memory;
  if (!isNew) return kernel.resume(task);
  const { type, bytes } = call.payload as SysvMessage;
  const length = byteLengthOf(bytes);
  if (length <= WINDOW_SIZE) fillWindow(memory, bytes, 0);
  return kernel.msgsnd(task, call.a, low(type), high(type), Math.min(length, INT_MAX), call.b);
};

export const msgrcv: Attempt = (memory, task, call, isNew) => {
  const { kernel, times, out } = memory;
  const { type, bytes } = call.payload as SysvMessage;
  const room = Math.min(byteLengthOf(bytes), INT_MAX);
  const result = isNew
    ? kernel.msgrcv(task, call.a, room, low(type), high(type), call.b)
    : kernel.resume(task);
  if (result < 0) return result;
  drainWindow(memory, bytes, 0, result);
  call.value = { length: result, type: times[out >> 1] as bigint } satisfies ReceivedSysvMessage;
  return result;
};

export const msgctl: Attempt = (memory, task, call) => {
  const { uid, gid, mode, qbytes } = (call.payload as QueueSettings | undefined) ?? nothing;
  const result = memory.kernel.msgctl(task, call.a, call.b, uid, gid, mode, qbytes | 0);
  if (result >= 0) call.value = told(memory, call.b, result);
  return result;
};

const nothing: QueueSettings = { uid: 0, gid: 0, mode: 0, qbytes: 0 };

const told = (memory: Memory, command: number, result: number): QueueStatus | QueueLimits | undefined =>
  msgctlAnswer(
    command,
    () => statusIn(memory, command, result),
    () => limitsIn(memory, result),
  );

function limitsIn({ words, out }: Memory, index: number): QueueLimits {
  const [msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg] = words.subarray(
    out,
    out + 8,
  ) as unknown as EightNumbers;
  return { index, msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg };
}

type EightNumbers = [number, number, number, number, number, number, number, number];

function statusIn({ words, times, out }: Memory, command: number, result: number): QueueStatus {
  const word = (place: number): number => words[out + place] as number;
  const time = (place: number): bigint => times[(out >> 1) + place] as bigint;
  return {
    ...(command !== IPC_STAT && { id: result }),
    perm: permissionsIn(word),
    qnum: word(7),
    cbytes: word(8),
    qbytes: Number(BigInt.asUintN(64, time(6))),
    lspid: word(9),
    lrpid: word(10),
    stime: time(7),
    rtime: time(8),
    ctime: time(9),
  };
}

export const ftok: Attempt = (memory, task, call) => {
  const result = memory.kernel.ftok(task, fillPath(memory, call), call.a);
  if (result === 0) call.value = memory.words[memory.out];
  return result;
};
