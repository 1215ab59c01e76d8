// The peer of the queues' benchmarks: the same C functions by ffi-rs alone, in the fastest form that it has (its addon without
// its wrapper, parameters described once, addresses as integers, one piece of memory for all calls), and with the least that a
// careful caller does: copy a message into that memory, look at the result, copy a message out, and read what came with it.
import { allocate, requireAddon } from "../backends/linux/ffi.js";

const addon = requireAddon();
const { I32, I64 } = addon.DataType;

function bindRaw(funcName: string, retType: unknown, paramsType: unknown[]): (values: unknown[]) => number {
  const parameters = {
    library: "process",
    funcName,
    retType,
    paramsType,
    paramsValue: [] as unknown[],
    freeResultMemory: false,
  };
  return (values) => {
    parameters.paramsValue = values;
    return addon.load(parameters) as number;
  };
}

function checked(result: number): number {
  if (result === -1) throw new Error("a raw call failed");
  return result;
}

const ROOM = 8192;

/** One message through a POSIX queue: mq_send(3), mq_receive(3). */
export function rawPosixPair(queue: number, message: Uint8Array, buffer: Uint8Array): () => void {
  const send = bindRaw("mq_send", I32, [I32, I64, I64, I32]);
  const receive = bindRaw("mq_receive", I64, [I32, I64, I64, I64]);
  // The priority, then the bytes.
  const { address, bytes, view } = allocate(8 + ROOM);
  let priority = 0;
  return () => {
    bytes.set(message, 8);
    checked(send([queue, address + 8, message.length, 0]));
    const length = checked(receive([queue, address + 8, buffer.length, address]));
    buffer.set(bytes.subarray(8, 8 + length));
    priority = view.getUint32(0, true);
    if (priority !== 0) throw new Error("not the message that was sent");
  };
}

/** One message through a System V queue: msgsnd(2), msgrcv(2). */
export function rawSysvPair(msqid: number, message: Uint8Array, buffer: Uint8Array): () => void {
  const send = bindRaw("msgsnd", I32, [I32, I64, I64, I32]);
  const receive = bindRaw("msgrcv", I64, [I32, I64, I64, I64, I32]);
  // struct msgbuf { long mtype; char mtext[]; }
  const { address, bytes, view } = allocate(8 + ROOM);
  return () => {
    view.setBigInt64(0, 1n, true);
    bytes.set(message, 8);
    checked(send([msqid, address, message.length, 0]));
    const length = checked(receive([msqid, address, buffer.length, 0, 0]));
    buffer.set(bytes.subarray(8, 8 + length));
    if (view.getBigInt64(0, true) !== 1n) throw new Error("not the message that was sent");
  };
}
