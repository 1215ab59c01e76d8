// Mappings: mmap(2), munmap(2), mprotect(2), msync(2), and guarded access to what is mapped.
//
// A process has parts of address space, each a run of pages of one object with one protection. All parts that one mmap made, and
// what later calls split them into, have the same origin: the range that it was given, which nothing else gets before the last
// part of it is gone. A call works on parts of one origin, whatever lies beside it.
//
// What is attached of System V shared memory is mapped too. There every part is counted and noted (core/shared-segment.ts), so the
// kernel's own parts are kept: they are split as it splits them, and never joined, but what moves from one to its neighbour.
//
// A private mapping is a copy that is made at once, where Linux copies a page when it is first written to. Memory without a file
// is an object without an inode.
//
// Models mm/mmap.c of Linux 6.18: do_mmap, do_munmap; mprotect_fixup (mm/mprotect.c), vma_merge_existing_range and __split_vma (mm/vma.c),
// mm/msync.c, check_write_seal (mm/memfd.c) and process_vm_rw_single_vec (mm/process_vm_access.c).
import { EACCES, EBADF, EBUSY, EFAULT, EINVAL, ENODEV, ENOMEM, EOVERFLOW, EPERM } from "./abi/errno";
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from "./abi/memfd";
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED_VALIDATE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_READ,
  PROT_WRITE,
} from "./abi/mman";
import { FILE_SHARED_MEMORY, MORE } from "./abi/model";
import { fileOf } from "./core/descriptor";
import { OpenFile } from "./core/file";
import { machine } from "./core/machine";
import { MAPPED_PART_SIZE, MAPPED_PARTS, OUT, WINDOW } from "./core/memory";
import { isSemaphoreWaitedIn, isWaitedIn } from "./core/memory-wait";
import { MAPPED_PART_POOL, pool } from "./core/pool";
import { Process, processAt, processIndex } from "./core/process";
import {
  bytesOf,
  SharedObject,
  sharedObjectAt,
  sharedObjectIndex,
  takeSharedObject,
} from "./core/shared-object";
import { noteAttached, noteDetached } from "./core/shared-segment";
import { Task } from "./core/task";
import { windowEnd } from "./pipe";
import { evictIfUnused, objectOf } from "./shared-memory";

@unmanaged
export class MappedPart {
  /** Index of its process, plus 1: 0 only in a free record. */
  process: u32;
  /** The range that its mmap was given, in pages. */
  origin: u32;
  originPages: u32;
  /** Its own part of that. */
  start: u32;
  pages: u32;
  /** Index of the object that it shows, and from which page of it on. */
  object: u32;
  objectPage: u32;
  /** PROT_*. */
  protection: u32;
  /** PART_*. */
  flags: u32;
  /** How often sem_open(3) has opened it, if it is a semaphore's; 0 for what mmap made. */
  opens: u32;
  /** With how many slashes the name begins that a semaphore was opened by. */
  slashes: u32;

  get end(): u32 {
    return this.start + this.pages;
  }

  /** Whether it shows the object itself, and no copy. */
  get isShared(): bool {
    return (this.flags & PART_SHARED) != 0;
  }

  /** Whether the object can be written through it, now or after an mprotect: is_shared_maywrite. */
  get isSharedWritable(): bool {
    const both = PART_SHARED | PART_MAY_WRITE;
    return (this.flags & both) == both;
  }

  get isOfSegment(): bool {
    return (this.flags & PART_OF_SEGMENT) != 0;
  }

  /** The page at which the segment was attached that it shows a part of. */
  get attachedAt(): u32 {
    return this.start - this.objectPage;
  }
}

/** What is written shows in the object. */
const PART_SHARED: u32 = 1;
/** It may be written to, if its protection allows it. */
const PART_MAY_WRITE: u32 = 2;
/** It shows a file, or the copy of one: bytes beyond its end are not there. */
export const PART_OF_FILE: u32 = 4;
/** It shows a segment of System V shared memory. */
const PART_OF_SEGMENT: u32 = 8;

/** The first page that is given, and what 47 bits of address space have room for. */
const FIRST_PAGE: u32 = 16;
const ADDRESS_SPACE: i64 = 0x7ffffffff000;

export function partAt(index: u32): MappedPart {
  return changetype<MappedPart>(MAPPED_PARTS + index * MAPPED_PART_SIZE);
}

function partIndex(part: MappedPart): u32 {
  return <u32>((changetype<usize>(part) - MAPPED_PARTS) / MAPPED_PART_SIZE);
}

function partCount(): u32 {
  return pool(MAPPED_PART_POOL).high;
}

/** The part of a process that has a page; null if none has. */
function partWith(process: Process, page: u32): MappedPart | null {
  const owner = processIndex(process) + 1;
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (part.process == owner && part.start <= page && page < part.end) return part;
  }
  return null;
}

/** A part of the mapping whose range has some pages of a process; null if no mapping has them all. Semaphores are none. */
function mappingWith(process: Process, page: u64, pages: u64): MappedPart | null {
  const owner = processIndex(process) + 1;
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (part.process != owner || part.opens || page < <u64>part.origin) continue;
    if (page + pages <= <u64>part.origin + part.originPages) return part;
  }
  return null;
}

function pagesOf(length: i64): u64 {
  return (<u64>length + machine.pageSize - 1) / machine.pageSize;
}

function endOf(page: u64): i64 {
  return <i64>page * machine.pageSize;
}

function isAligned(place: i64): bool {
  return (place & (machine.pageSize - 1)) == 0;
}

// mmap(2)

/** mmap(2): 0, with the address in the first two words of OUT; or -errno. */
export function mapMemory(
  process: Process,
  length: i64,
  protection: i32,
  flags: i32,
  fd: i32,
  offset: i64,
): i32 {
  if (offsetof<MappedPart>() != MAPPED_PART_SIZE) ERROR("MAPPED_PART_SIZE is not the size of MappedPart");
  if (!isAligned(offset)) return -EINVAL;
  const isAnonymous = (flags & MAP_ANONYMOUS) != 0;
  const file: OpenFile | null = isAnonymous ? null : fileOf(process, fd);
  if (!file && !isAnonymous) return -EBADF;
  if (length == 0) return -EINVAL;
  if (length > ADDRESS_SPACE) return -ENOMEM;
  const type = flags & MAP_SHARED_VALIDATE;
  if (type == 0 || (!file && type == MAP_SHARED_VALIDATE)) return file && offset < 0 ? -EOVERFLOW : -EINVAL;
  const isShared = type != MAP_PRIVATE;
  let partFlags: u32 = PART_MAY_WRITE | (isShared ? PART_SHARED : 0);
  if (file) {
    const mistake = fileMistake(file, protection, isShared, offset);
    if (mistake) return mistake;
    partFlags |= PART_OF_FILE;
    if (isShared && (!file.isWritable || isSealed(objectOf(file)))) partFlags &= ~PART_MAY_WRITE;
  }
  const start = file && isShared ? <u64>offset : 0;
  const pages = pagesOf(length);
  if (start + pages * machine.pageSize > machine.sharedObjectMax) return -ENOMEM;
  if (pool(MAPPED_PART_POOL).isFull()) return -ENOMEM;
  const object = file && isShared ? objectOf(file) : copyOf(file, offset, <u32>pages * machine.pageSize);
  if (!object) return -ENOMEM;
  const part = addPart(process, <u32>pages);
  part.object = sharedObjectIndex(object);
  part.objectPage = <u32>(start / machine.pageSize);
  part.protection = protection;
  part.flags = partFlags;
  return showObject(part);
}

/** A new mapping, which shows nothing yet. There must be room for it. */
function addPart(process: Process, pages: u32): MappedPart {
  const origin = freeRange(process, pages);
  const part = partAt(pool(MAPPED_PART_POOL).take());
  part.process = processIndex(process) + 1;
  part.origin = origin;
  part.originPages = pages;
  part.start = origin;
  part.pages = pages;
  return part;
}

/** Lets a new mapping show its object: 0, with the address and the process in OUT. */
function showObject(part: MappedPart): i32 {
  const object = sharedObjectAt(part.object);
  count(part, 1);
  // Views of it can be written to, whatever its protection.
  object.mappedEnd = max<u32>(object.mappedEnd, (part.objectPage + part.pages) * machine.pageSize);
  return answerMapping(part);
}

/** Tells of a mapping: 0, with the address and the process in OUT. */
export function answerMapping(part: MappedPart): i32 {
  store<u64>(OUT, <u64>part.origin * machine.pageSize);
  store<u32>(OUT + 8, part.process - 1);
  return 0;
}

/** What a file can refuse: file_mmap_ok, do_mmap, shmem_mmap. */
function fileMistake(file: OpenFile, protection: i32, isShared: bool, offset: i64): i32 {
  if (offset < 0) return -EOVERFLOW;
  if (isShared && protection & PROT_WRITE && !file.isWritable) return -EACCES;
  if (!file.isReadable) return -EACCES;
  if (file.kind != FILE_SHARED_MEMORY) return -ENODEV;
  return isShared && protection & PROT_WRITE && isSealed(objectOf(file)) ? -EPERM : 0;
}

/** Whether no new mapping may write: F_SEAL_WRITE, F_SEAL_FUTURE_WRITE. */
function isSealed(object: SharedObject): bool {
  return (object.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0;
}

/** Memory of a mapping's own: what a file has from a place on, or zero. Null if the model has no room for it. */
function copyOf(file: OpenFile | null, offset: i64, length: u32): SharedObject | null {
  const copy = takeSharedObject();
  if (!copy) return null;
  copy.size = length;
  if (!file) return copy;
  const source = objectOf(file);
  // The whole of the last page is there.
  const end = (source.size + machine.pageSize - 1) & ~(machine.pageSize - 1);
  copy.size = offset < <i64>end ? min<u32>(length, end - <u32>offset) : 0;
  if (!copy.size) return copy;
  memory.copy(bytesOf(copy), bytesOf(source) + <u32>offset, copy.size);
  copy.writtenEnd = copy.size;
  return copy;
}

/** Where so many pages are free, with a page between them and any other mapping. */
function freeRange(process: Process, pages: u32): u32 {
  const owner = processIndex(process) + 1;
  let candidate = FIRST_PAGE;
  for (let index: u32 = 0; index < partCount(); ) {
    const part = partAt(index);
    const isBefore = candidate + pages < part.origin;
    const isBehind = candidate > part.origin + part.originPages;
    if (part.process != owner || isBefore || isBehind) {
      index++;
      continue;
    }
    candidate = part.origin + part.originPages + 1;
    index = 0;
  }
  return candidate;
}

/** Counts a part at its object, or no more. */
function count(part: MappedPart, change: i32): void {
  const object = sharedObjectAt(part.object);
  object.mappings += change;
  if (part.isSharedWritable) object.writableMappings += change;
}

// munmap(2), mprotect(2), msync(2)

/** munmap(2): what is not mapped any more is no mistake, within the range of a mapping. Nobody may wait in that. */
export function unmapMemory(process: Process, address: i64, length: i64): i32 {
  if (!isAligned(address) || length == 0) return -EINVAL;
  const pages = pagesOf(length);
  const first = <u64>address / machine.pageSize;
  const mapping = mappingWith(process, first, pages);
  if (!mapping) return -EINVAL;
  if (isWaitedInMapping(process, mapping)) return -EBUSY;
  if (!canSplit()) return -ENOMEM;
  unmapPages(process, <u32>first, <u32>(first + pages));
  return 0;
}

function unmapPages(process: Process, first: u32, end: u32): void {
  for (let page = first; page < end; ) {
    const part = partWith(process, page);
    if (!part) {
      page++;
      continue;
    }
    const cut = clip(part, page, end);
    page = cut.end;
    remove(cut);
  }
}

/** Whether a call waits anywhere in the range that a mapping was given. */
export function isWaitedInMapping(process: Process, part: MappedPart): bool {
  const start = <i64>part.origin * machine.pageSize;
  return isWaitedIn(processIndex(process), start, start + <i64>part.originPages * machine.pageSize);
}

function remove(part: MappedPart): void {
  const object = sharedObjectAt(part.object);
  const process = processAt(part.process - 1);
  count(part, -1);
  pool(MAPPED_PART_POOL).free(partIndex(part));
  if (object.segment) noteDetached(object, process);
  else evictIfUnused(object);
}

/** Whether a call may split parts: it makes two more at most. */
function canSplit(): bool {
  const parts = pool(MAPPED_PART_POOL);
  return parts.high + 2 <= parts.capacity;
}

/** The part of a part that lies between two pages: what is before and behind becomes parts of their own. */
function clip(part: MappedPart, start: u32, end: u32): MappedPart {
  const rest = part.start < start ? split(part, start) : part;
  if (rest.end > end) split(rest, end);
  return rest;
}

/** Splits a part in two. Returns the second. */
function split(part: MappedPart, page: u32): MappedPart {
  const second = partAt(pool(MAPPED_PART_POOL).take());
  memory.copy(changetype<usize>(second), changetype<usize>(part), MAPPED_PART_SIZE);
  second.start = page;
  second.pages = part.end - page;
  second.objectPage += page - part.start;
  part.pages = page - part.start;
  count(second, 1);
  if (part.isOfSegment) noteAttached(sharedObjectAt(part.object), processAt(part.process - 1));
  return second;
}

/** mprotect(2): the pages before one that cannot be changed are changed. */
export function protectMemory(process: Process, address: i64, length: i64, protection: i32): i32 {
  if (!isAligned(address)) return -EINVAL;
  if (length == 0) return 0;
  if (protection & ~(PROT_READ | PROT_WRITE)) return -EINVAL;
  const pages = pagesOf(length);
  const first = <u64>address / machine.pageSize;
  const mapping = mappingWith(process, first, pages);
  if (!mapping) return -ENOMEM;
  if (
    protection != (PROT_READ | PROT_WRITE) &&
    isSemaphoreWaitedIn(processIndex(process), address, endOf(first + pages))
  ) {
    return -EBUSY;
  }
  if (!canSplit()) return -ENOMEM;
  const result = protectPages(process, <u32>first, <u32>(first + pages), protection);
  if (!mapping.isOfSegment) join(process, mapping.origin);
  return result;
}

function protectPages(process: Process, first: u32, end: u32, protection: i32): i32 {
  for (let page = first; page < end; ) {
    const part = partWith(process, page);
    if (!part) return -ENOMEM;
    if (protection & PROT_WRITE && !(part.flags & PART_MAY_WRITE)) return -EACCES;
    const last = min(part.end, end);
    if (!part.isOfSegment || !isMoved(process, part, page, last, protection)) {
      clip(part, page, last).protection = protection;
    }
    page = last;
  }
  return 0;
}

/**
 * Whether the pages of an attached part need no part of their own: they have the protection, or go over to the neighbour that has
 * it. A part is never wholly taken over, for it would have to be closed (can_merge_remove_vma).
 */
function isMoved(process: Process, part: MappedPart, first: u32, end: u32, protection: u32): bool {
  if (part.protection == protection) return true;
  const isAtStart = first == part.start;
  const isAtEnd = end == part.end;
  if (isAtStart == isAtEnd) return false;
  const neighbour = partWith(process, isAtStart ? first - 1 : end);
  if (!neighbour || !isContinued(part, neighbour) || neighbour.protection != protection) return false;
  const moved = end - first;
  const shifted = isAtStart ? part : neighbour;
  const pages: u32 = isAtStart ? moved : -moved;
  shifted.start += pages;
  shifted.objectPage += pages;
  neighbour.pages += moved;
  part.pages -= moved;
  return true;
}

/** Whether two parts side by side show the same attachment. */
function isContinued(part: MappedPart, neighbour: MappedPart): bool {
  return neighbour.isOfSegment && neighbour.object == part.object && neighbour.attachedAt == part.attachedAt;
}

/** Makes one of neighbours that are alike, so that what was split and is the same again leaves no trace. */
function join(process: Process, origin: u32): void {
  const owner = processIndex(process) + 1;
  for (let index: u32 = 0; index < partCount(); ) {
    const part = partAt(index);
    const isOfMapping = part.process == owner && part.origin == origin;
    const next = isOfMapping && part.end < origin + part.originPages ? partWith(process, part.end) : null;
    if (!next || next.protection != part.protection) {
      index++;
      continue;
    }
    part.pages += next.pages;
    count(next, -1);
    pool(MAPPED_PART_POOL).free(partIndex(next));
  }
}

/** msync(2): there is no disk, so all is where it belongs. */
export function syncMemory(process: Process, address: i64, length: i64, flags: i32): i32 {
  if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !isAligned(address)) return -EINVAL;
  if (flags & MS_ASYNC && flags & MS_SYNC) return -EINVAL;
  if (length == 0) return 0;
  const pages = pagesOf(length);
  const first = <u64>address / machine.pageSize;
  if (!mappingWith(process, first, pages)) return -ENOMEM;
  const end = <u32>(first + pages);
  for (let page = <u32>first; page < end; page++) if (!partWith(process, page)) return -ENOMEM;
  return 0;
}

/** A process that ends has no address space any more: exit_mm. */
export function unmapAll(process: Process): void {
  const owner = processIndex(process) + 1;
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (part.process == owner) remove(part);
  }
}

// Semaphores with names, which semaphore-open.ts maps

/** The mapping of an object that a process has opened as a semaphore by a name with so many slashes in front; null if there is none. */
export function semaphoreMapping(process: Process, object: SharedObject, slashes: u32): MappedPart | null {
  const owner = processIndex(process) + 1;
  const shown = sharedObjectIndex(object);
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (part.process == owner && part.opens && part.object == shown && part.slashes == slashes) return part;
  }
  return null;
}

/** Maps the first page of an object for a semaphore, not opened yet; null if the model has no room for it. */
export function mapSemaphore(process: Process, object: SharedObject, slashes: u32): MappedPart | null {
  if (pool(MAPPED_PART_POOL).isFull()) return null;
  const part = addPart(process, 1);
  part.object = sharedObjectIndex(object);
  part.protection = PROT_READ | PROT_WRITE;
  part.flags = PART_SHARED | PART_MAY_WRITE | PART_OF_FILE;
  part.slashes = slashes;
  showObject(part);
  return part;
}

/** The semaphore that sem_open gave an address to; null if none has it. */
export function findSemaphore(process: Process, address: i64): MappedPart | null {
  const part = isAligned(address) ? partOf(process, address) : null;
  return part && part.opens ? part : null;
}

/** Takes a semaphore out of the address space. */
export function unmapSemaphore(part: MappedPart): void {
  remove(part);
}

// Attachments

/** Whether pages lie in the range of an own attachment, and nothing is mapped there, or may be replaced. */
export function mayAttachAt(process: Process, page: u64, pages: u32, replaces: bool): bool {
  const mapping = mappingWith(process, page, pages);
  if (!mapping || !mapping.isOfSegment) return false;
  if (replaces) return true;
  const first = <u32>page;
  for (let at = first; at < first + pages; at++) if (partWith(process, at)) return false;
  return true;
}

/** Whether a call of a process waits in the range of an own attachment that has some pages. */
export function isWaitedInPages(process: Process, page: u64, pages: u32): bool {
  return isWaitedInMapping(process, mappingWith(process, page, pages)!);
}

/** Attaches the whole object of a segment, at a page where it may be or, for 0, where it is free. Returns its first page; 0 without room. */
export function attachObject(
  process: Process,
  object: SharedObject,
  page: u32,
  pages: u32,
  isReadOnly: bool,
): u32 {
  const parts = pool(MAPPED_PART_POOL);
  // What is there already is split in two places at most.
  if (parts.high + (page ? 3 : 1) > parts.capacity) return 0;
  const part = page ? replacePages(process, object, page, pages) : addPart(process, pages);
  part.object = sharedObjectIndex(object);
  part.protection = isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  part.flags = PART_SHARED | PART_OF_FILE | PART_OF_SEGMENT | (isReadOnly ? 0 : PART_MAY_WRITE);
  count(part, 1);
  noteAttached(object, process);
  if (!isReadOnly) object.mappedEnd = pages * machine.pageSize;
  return part.start;
}

/** A part of an own attachment's range, which shows nothing yet, in place of what is there. */
function replacePages(process: Process, object: SharedObject, page: u32, pages: u32): MappedPart {
  const mapping = mappingWith(process, page, pages)!;
  const origin = mapping.origin;
  const originPages = mapping.originPages;
  // What goes now may be all that there is of the same segment.
  object.mappings++;
  unmapPages(process, page, page + pages);
  object.mappings--;
  const part = partAt(pool(MAPPED_PART_POOL).take());
  part.process = processIndex(process) + 1;
  part.origin = origin;
  part.originPages = originPages;
  part.start = page;
  part.pages = pages;
  return part;
}

/** Detaches what is left of what was attached at a page: 0 or -errno. Nobody may wait in the range that it has a part of. */
export function detachObject(process: Process, page: u64): i32 {
  const found = lowestAttachedAt(process, page);
  if (!found) return -EINVAL;
  if (isWaitedInMapping(process, found)) return -EBUSY;
  // Something else may have been attached at the same place, over its first pages: this goes alone.
  const object = found.object;
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (isAttachedAt(part, process, page) && part.object == object) remove(part);
  }
  return 0;
}

function lowestAttachedAt(process: Process, page: u64): MappedPart | null {
  let lowest: MappedPart | null = null;
  for (let index: u32 = 0; index < partCount(); index++) {
    const part = partAt(index);
    if (!isAttachedAt(part, process, page)) continue;
    if (!lowest || part.start < lowest.start) lowest = part;
  }
  return lowest;
}

function isAttachedAt(part: MappedPart, process: Process, page: u64): bool {
  return part.process == processIndex(process) + 1 && part.isOfSegment && part.attachedAt == page;
}

// Access

/** One attempt at copying mapped bytes to the window: how many until one is not there or may not be read, -EFAULT or MORE. */
export function readMapped(task: Task, length: u32): i32 {
  return moveMapped(task, length, PROT_READ);
}

/** One attempt at copying bytes from the window to what is mapped. */
export function writeMapped(task: Task, length: u32): i32 {
  return moveMapped(task, length, PROT_WRITE);
}

function moveMapped(task: Task, length: u32, way: i32): i32 {
  const process = processAt(task.process);
  if (length == 0) return 0;
  const pageSize = machine.pageSize;
  while (task.done < length) {
    const address = task.long + task.done;
    const page = <u64>address / pageSize;
    const part = page < <u64>u32.MAX_VALUE ? partWith(process, <u32>page) : null;
    if (!part || !canMove(part, <u32>page, way)) return task.done ? <i32>task.done : -EFAULT;
    const inPage = <u32>(address & (pageSize - 1));
    const moved = min<u32>(pageSize - inPage, length - task.done);
    if (windowEnd(task) - task.done < moved) return MORE;
    const bytes = bytesOf(sharedObjectAt(part.object)) + objectPageOf(part, <u32>page) * pageSize + inPage;
    const window = WINDOW + (task.done - task.windowStart);
    if (way == PROT_READ) memory.copy(window, bytes, moved);
    else memory.copy(bytes, window, moved);
    task.done += moved;
  }
  return <i32>task.done;
}

function objectPageOf(part: MappedPart, page: u32): u32 {
  return part.objectPage + (page - part.start);
}

/** Whether a page can be read or written: get_user_pages. */
function canMove(part: MappedPart, page: u32, way: i32): bool {
  return (part.protection & way) != 0 && isThere(part, page);
}

/** Whether an object has a page that a part shows. */
function isThere(part: MappedPart, page: u32): bool {
  return <u64>objectPageOf(part, page) * machine.pageSize < <u64>sharedObjectAt(part.object).size;
}

/** The part of a process that has an address; null if none has. */
export function partOf(process: Process, address: i64): MappedPart | null {
  const page = <u64>address / machine.pageSize;
  return page < <u64>u32.MAX_VALUE ? partWith(process, <u32>page) : null;
}

/**
 * Where some bytes of a process lie in linear memory; 0 unless all are mapped, are there, and have one of the protections of `way`. An
 * access that needs no more than to read has both, for what can be written can be read.
 */
export function placeOf(process: Process, address: i64, length: u32, way: i32): usize {
  let place: usize = 0;
  const end = address + length;
  for (let at = address; at < end; ) {
    const part = partOf(process, at);
    const page = <u32>(<u64>at / machine.pageSize);
    if (!part || !canMove(part, page, way)) return 0;
    const inPage = <u32>(at & (machine.pageSize - 1));
    const bytes = bytesOf(sharedObjectAt(part.object)) + objectPageOf(part, page) * machine.pageSize + inPage;
    if (!place) place = bytes;
    else if (bytes != place + <usize>(at - address)) return 0;
    at += machine.pageSize - inPage;
  }
  return place;
}

/** As placeOf, of bytes that may be both read and written. */
export function writablePlace(process: Process, address: i64, length: u32): usize {
  return placeOf(process, address, length, PROT_READ) ? placeOf(process, address, length, PROT_WRITE) : 0;
}

/** Where the bytes of a whole mapping lie in linear memory; 0 unless all are mapped, are there, and may be touched. */
export function bytesOfMapping(process: Process, address: u64): usize {
  const first = partWith(process, <u32>(address / machine.pageSize));
  if (!first) return 0;
  if (first.isOfSegment) return bytesOfAttachment(process, first);
  const end = first.origin + first.originPages;
  for (let page = first.start; page < end; ) {
    const part = partWith(process, page);
    if (!part || !part.protection || !isThere(part, part.end - 1)) return 0;
    page = part.end;
  }
  return bytesOf(sharedObjectAt(first.object)) + first.objectPage * machine.pageSize;
}

/** Where the bytes of what is attached lie: 0 unless all of it is, and can be read and written, for where it cannot a store must fail. */
function bytesOfAttachment(process: Process, first: MappedPart): usize {
  const object = sharedObjectAt(first.object);
  const end = first.start + <u32>pagesOf(object.size);
  for (let page = first.start; page < end; ) {
    const part = partWith(process, page);
    if (!part || part.protection != (PROT_READ | PROT_WRITE)) return 0;
    if (!part.isOfSegment || part.object != first.object || part.attachedAt != first.start) return 0;
    page = part.end;
  }
  return bytesOf(object);
}
