// Memory that ends where nothing may be read or written: a kernel that is told its address and goes beyond its end finds EFAULT, and
// nobody else's memory. For calls that are told no length.
import { ENOMEM } from "../../assembly/abi/errno.js";
import * as libc from "./libc.js";

// sys/mman.h: the same on x64 and arm64.
const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;

/**
 * Lets a call work on `size` bytes that are mapped for it alone.
 * @returns what `use` gives, or -ENOMEM
 */
export function withGuardedMemory(size: number, use: (address: number) => number): number {
  const { pageSize } = libc;
  const length = Math.ceil(size / pageSize) * pageSize;
  const access = PROT_READ | PROT_WRITE;
  const start = libc.mmap(0, length + pageSize, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start === -1) return -ENOMEM;
  try {
    if (libc.mprotect(start + length, pageSize, PROT_NONE) === -1) return -ENOMEM;
    return use(start + length - size);
  } finally {
    libc.munmap(start, length + pageSize);
  }
}
