// Objects of shared memory: bytes that lie in one piece, and never move. Each has as much set aside as an object may have at
// most (`machine.sharedObjectMax`), so that views of it stay what they are whatever its size becomes.
//
// Bytes that were never written are zero, and beyond `dirtyEnd` none can have been. So a snapshot holds an object up to its last byte
// that is not zero, however large it is.
import { machine } from "./machine";
import { SHARED_BYTES, SHARED_OBJECT_SIZE, SHARED_OBJECTS } from "./memory";
import { pool, SHARED_OBJECT_POOL } from "./pool";

@unmanaged
export class SharedObject {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  /** Its inode, plus 1; 0 for the memory of a mapping without a file. */
  inode: u32;
  /** Its segment of System V shared memory, plus 1; 0 if it has none (core/shared-segment.ts). */
  segment: u32;
  /** Bytes. */
  size: u32;
  /** F_SEAL_*. */
  seals: u32;
  /** Whether it is a file of memfd_create(2). */
  isMemoryFile: u32;
  /** Parts of address spaces that show it, and those among them through which it can be written, or could be. */
  mappings: u32;
  writableMappings: u32;
  /** Where the bytes end that write(2) may have written. */
  writtenEnd: u32;
  /** Where the bytes end that mappings for writing show, or have shown: views of them may outlive a mapping. */
  mappedEnd: u32;
  /** Bytes of it that are in the snapshot that is being made, or was put back. */
  savedBytes: u32;

  /** Where the bytes end that may not be zero. */
  get dirtyEnd(): u32 {
    return max(this.writtenEnd, this.mappedEnd);
  }
}

export function sharedObjectAt(index: u32): SharedObject {
  return changetype<SharedObject>(SHARED_OBJECTS + index * SHARED_OBJECT_SIZE);
}

export function sharedObjectIndex(object: SharedObject): u32 {
  return <u32>((changetype<usize>(object) - SHARED_OBJECTS) / SHARED_OBJECT_SIZE);
}

/** The address of an object's bytes. */
export function bytesOf(object: SharedObject): usize {
  return SHARED_BYTES + sharedObjectIndex(object) * machine.sharedObjectMax;
}

/** Takes an empty object; null if the model has no room for another. */
export function takeSharedObject(): SharedObject | null {
  if (offsetof<SharedObject>() != SHARED_OBJECT_SIZE)
    ERROR("SHARED_OBJECT_SIZE is not the size of SharedObject");
  const objects = pool(SHARED_OBJECT_POOL);
  if (objects.isFull()) return null;
  const object = sharedObjectAt(objects.take());
  object.used = 1;
  return object;
}

/** Gives an object back, and its bytes. */
export function freeSharedObject(object: SharedObject): void {
  memory.fill(bytesOf(object), 0, object.dirtyEnd);
  pool(SHARED_OBJECT_POOL).free(sharedObjectIndex(object));
}

/** Sets the size, zeroing what is cut off. */
export function resizeSharedObject(object: SharedObject, size: u32): void {
  if (size < object.size && size < object.dirtyEnd) {
    memory.fill(bytesOf(object) + size, 0, object.dirtyEnd - size);
    object.writtenEnd = min(object.writtenEnd, size);
  }
  object.size = size;
}

/** Copies the bytes of all objects in use, as far as they are not zero, to an address. Returns where they end there. */
export function saveSharedBytes(to: usize): usize {
  const count = pool(SHARED_OBJECT_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const object = sharedObjectAt(index);
    if (object.savedBytes) memory.copy(to, bytesOf(object), object.savedBytes);
    to += object.savedBytes;
  }
  return to;
}

/** Puts the bytes of all objects back, which are zero by now. */
export function restoreSharedBytes(from: usize): void {
  const count = pool(SHARED_OBJECT_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const object = sharedObjectAt(index);
    if (object.savedBytes) memory.copy(bytesOf(object), from, object.savedBytes);
    from += object.savedBytes;
  }
}

/** Notes in each object how many of its bytes a snapshot must hold. */
export function measureSharedBytes(): void {
  const count = pool(SHARED_OBJECT_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const object = sharedObjectAt(index);
    const bytes = bytesOf(object);
    let end = (object.dirtyEnd + 7) & ~7;
    while (end && !load<u64>(bytes + end - 8)) end -= 8;
    object.savedBytes = end;
    // It tells nothing but how the object came to be.
    object.writtenEnd = end;
  }
}

/** Zeroes the bytes of all objects. */
export function zeroSharedBytes(): void {
  const count = pool(SHARED_OBJECT_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const object = sharedObjectAt(index);
    memory.fill(bytesOf(object), 0, object.dirtyEnd);
  }
}
