// The head of this thread's robust list: get_robust_list(2). The C library has registered one for each of its threads, and keeps its own
// robust mutexes in it: it is joined, and never replaced. musl registers none before it needs one: then a list is registered here, laid
// out as glibc's.
import { ROBUST_LIST_HEAD_SIZE } from "../../assembly/abi/futex.js";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../../assembly/abi/mman.js";
import { SyscallError } from "../../src/errors.js";
import { viewOf } from "./ffi.js";
import * as libc from "./libc.js";

// Words of struct robust_list_head, which begins with the list.
const FUTEX_OFFSET = 1;
const PENDING = 2;

/** Of the list that is registered here. */
const GLIBC_FUTEX_OFFSET = -32;

/** The head that is registered now; 0 if none is. */
export function currentHead(): number {
  const { address, view } = libc.scratch;
  // It fails for no thread of this process.
  libc.syscall4(libc.SYS_get_robust_list, 0, address, address + 8, 0);
  return Number(view.getBigInt64(0, true));
}

let libcs: number | undefined;

/** The head that libc has registered for this thread. Its memory stays as long as the thread. */
export function libcsHead(): number {
  libcs ??= currentHead() || register();
  return libcs;
}

function register(): number {
  // Kept until the process ends: the kernel looks at it after all of the thread's JavaScript is gone.
  const head = libc.mmap(0, libc.pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (head === -1) throw new SyscallError(libc.errno(), "get_robust_list");
  const words = wordsOf(head);
  words[0] = BigInt(head);
  words[FUTEX_OFFSET] = BigInt(GLIBC_FUTEX_OFFSET);
  libc.syscall(libc.SYS_set_robust_list, head, ROBUST_LIST_HEAD_SIZE);
  return head;
}

function wordsOf(head: number): BigInt64Array {
  const { buffer, byteOffset } = viewOf(head, ROBUST_LIST_HEAD_SIZE);
  return new BigInt64Array(buffer, byteOffset, ROBUST_LIST_HEAD_SIZE / 8);
}

let words: BigInt64Array | undefined;

/**
 * Says which lock's word this thread waits for, or was woken at: should the thread end, and nobody have the lock, the kernel wakes another
 * who waits.
 * @param place of the word; 0 for none
 */
export function setPending(place: number): void {
  if (place === 0 && words === undefined) return;
  words ??= wordsOf(libcsHead());
  words[PENDING] = place === 0 ? 0n : BigInt(place) - (words[FUTEX_OFFSET] as bigint);
}
