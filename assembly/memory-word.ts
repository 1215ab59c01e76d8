// Words of memory, one access a step: what `Atomics` do to arrays, as calls that others can come between.
import {
  CALL_MEMORY_ADD,
  CALL_MEMORY_COMPARE_EXCHANGE,
  CALL_MEMORY_LOAD,
  CALL_MEMORY_STORE,
} from "./abi/calls";
import { EFAULT, EINVAL } from "./abi/errno";
import { PROT_WRITE } from "./abi/mman";
import { callerOf } from "./calls";
import { OUT } from "./core/memory";
import { Task } from "./core/task";
import { ANY_BITS, keyOf, READABLE, wakeFutex } from "./futex";
import { placeOf } from "./mapping";

/** An access to the word at `address`: 0, with what it had before in OUT, or -errno. `task.a` is a value, `task.b` what is expected. */
export function accessWord(task: Task, address: i64): i32 {
  if (address & 3) return -EINVAL;
  const isLoad = task.call == CALL_MEMORY_LOAD;
  const place = placeOf(callerOf(task), address, 4, isLoad ? READABLE : PROT_WRITE);
  if (!place) return -EFAULT;
  const before = load<i32>(place);
  store<i32>(OUT, before);
  switch (task.call) {
    case CALL_MEMORY_STORE:
      store<i32>(place, task.a);
      break;
    case CALL_MEMORY_ADD:
      store<i32>(place, before + task.a);
      break;
    case CALL_MEMORY_COMPARE_EXCHANGE:
      if (before == task.b) store<i32>(place, task.a);
      break;
  }
  return 0;
}

/** Wakes up to `count` who wait at a word: how many, or -errno. */
export function notifyAtWord(task: Task, address: i64, count: i32): i32 {
  const key = keyOf(callerOf(task), address, false);
  if (key < 0) return <i32>key;
  return count > 0 ? wakeFutex(key, count, ANY_BITS) : 0;
}
