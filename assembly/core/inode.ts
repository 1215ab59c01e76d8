// The directory tree: directories, FIFOs, message queues and shared memory, in memory. There are no hard links, so a name belongs to its inode. An inode
// lives while it has its name, or somebody has it open.
import { NAME_MAX } from "../abi/limits";
import { S_IFDIR, S_IFMT, S_ISVTX } from "../abi/stat";
import { INODE_SIZE, INODES, NAME_PIECE_SIZE, NAME_PIECES, OUT } from "./memory";
import { INODE_POOL, NAME_PIECE_POOL, pool } from "./pool";

@unmanaged
export class Inode {
  /** Type and permissions: 0 only in a free record. */
  mode: u32;
  uid: u32;
  gid: u32;
  /** Its name, and for a directory itself and its subdirectories: 0 once it is removed. */
  nlink: u32;
  /** Open files on a directory, a message queue or shared memory. */
  opens: u32;
  /** The pipe that those share who have a FIFO open, plus 1; of a message queue, the queue; of shared memory, the object. */
  pipe: u32;
  /** The directory that it is in; the root is in itself. */
  parent: u32;
  /** The next one in the same directory, and the first one in this directory, plus 1. */
  nextSibling: u32;
  firstChild: u32;
  /** Its name: bytes, and the first piece plus 1. */
  nameLength: u32;
  namePiece: u32;

  get isDirectory(): bool {
    return (this.mode & S_IFMT) == S_IFDIR;
  }

  get isRemoved(): bool {
    return this.nlink == 0;
  }
}

/** A piece of a name. */
@unmanaged
class NamePiece {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  /** The next piece, plus 1. */
  next: u32;
  text0: u64;
  text1: u64;
  text2: u64;
}

const PIECE_LENGTH: u32 = 24;

export const ROOT: u32 = 0;
/** Where processes begin, as if they had been started there. */
export const TMP: u32 = 1;
/** Where message queues have their names: a file system of its own, which no path leads to. */
export const MESSAGE_QUEUE_DIRECTORY: u32 = 2;
/** Where shared memory has its names, likewise: /dev/shm. */
export const SHARED_MEMORY_DIRECTORY: u32 = 3;

export function inodeAt(index: u32): Inode {
  return changetype<Inode>(INODES + index * INODE_SIZE);
}

export function inodeIndex(inode: Inode): u32 {
  return <u32>((changetype<usize>(inode) - INODES) / INODE_SIZE);
}

function pieceAt(indexPlus1: u32): NamePiece {
  return changetype<NamePiece>(NAME_PIECES + (indexPlus1 - 1) * NAME_PIECE_SIZE);
}

function textOf(piece: NamePiece): usize {
  return changetype<usize>(piece) + offsetof<NamePiece>("text0");
}

/** The tree of a new machine: / and /tmp, and the directory of message queues apart. */
export function createTree(): void {
  const root = inodeAt(pool(INODE_POOL).take());
  root.mode = S_IFDIR | 0o755;
  root.nlink = 2;
  root.opens = 1;
  root.parent = ROOT;
  store<u32>(OUT, TMP_NAME);
  const tmp = addInode(root, OUT, 3, S_IFDIR | S_ISVTX | 0o777, 0, 0)!;
  assert(inodeIndex(tmp) == TMP, "/tmp comes after /");
  // Somebody works there: it lives on when it is removed.
  tmp.opens = 1;
  createDirectoryApart(MESSAGE_QUEUE_DIRECTORY);
  createDirectoryApart(SHARED_MEMORY_DIRECTORY);
}

/** A directory that no path leads to, and that everybody may make names in: mqueue_fill_super. */
function createDirectoryApart(place: u32): void {
  const index = pool(INODE_POOL).take();
  assert(index == place, "a directory apart that does not come in its turn");
  const directory = inodeAt(index);
  directory.mode = S_IFDIR | S_ISVTX | 0o777;
  directory.nlink = 2;
  directory.opens = 1;
  directory.parent = index;
}

/** "tmp", as bytes. */
const TMP_NAME: u32 = 0x706d74;

/** Finds a name in a directory; null if it is not there. */
export function findChild(directory: Inode, name: usize, length: u32): Inode | null {
  for (let index = directory.firstChild; index; ) {
    const child = inodeAt(index - 1);
    if (child.nameLength == length && hasName(child, name)) return child;
    index = child.nextSibling;
  }
  return null;
}

function hasName(inode: Inode, name: usize): bool {
  let piece = inode.namePiece;
  for (let done: u32 = 0; done < inode.nameLength; done += PIECE_LENGTH) {
    const record = pieceAt(piece);
    if (memory.compare(textOf(record), name + done, min(PIECE_LENGTH, inode.nameLength - done)) != 0)
      return false;
    piece = record.next;
  }
  return true;
}

/** Copies the name of an inode to an address. */
export function copyName(inode: Inode, to: usize): void {
  let piece = inode.namePiece;
  for (let done: u32 = 0; done < inode.nameLength; done += PIECE_LENGTH) {
    const record = pieceAt(piece);
    memory.copy(to + done, textOf(record), min(PIECE_LENGTH, inode.nameLength - done));
    piece = record.next;
  }
}

/** Makes a directory, a FIFO or a message queue with a name that is free; null if the model has no room for it. */
export function addInode(
  directory: Inode,
  name: usize,
  length: u32,
  mode: u32,
  uid: u32,
  gid: u32,
): Inode | null {
  if (offsetof<Inode>() != INODE_SIZE) ERROR("INODE_SIZE is not the size of Inode");
  if (offsetof<NamePiece>() != NAME_PIECE_SIZE) ERROR("NAME_PIECE_SIZE is not the size of NamePiece");
  const pieces = pool(NAME_PIECE_POOL);
  if (pool(INODE_POOL).isFull() || pieces.high + NAME_MAX / PIECE_LENGTH + 1 > pieces.capacity) return null;
  const index = pool(INODE_POOL).take();
  const inode = inodeAt(index);
  inode.mode = mode;
  inode.uid = uid;
  inode.gid = gid;
  inode.nlink = inode.isDirectory ? 2 : 1;
  inode.parent = inodeIndex(directory);
  inode.nameLength = length;
  inode.namePiece = addPieces(name, length);
  inode.nextSibling = directory.firstChild;
  directory.firstChild = index + 1;
  if (inode.isDirectory) directory.nlink++;
  return inode;
}

/** Makes a file that never had a name; null if the model has no room for it. */
export function addNamelessInode(mode: u32, uid: u32, gid: u32): Inode | null {
  if (pool(INODE_POOL).isFull()) return null;
  const inode = inodeAt(pool(INODE_POOL).take());
  inode.mode = mode;
  inode.uid = uid;
  inode.gid = gid;
  return inode;
}

/** Keeps a name in pieces. Returns the first, plus 1. */
function addPieces(name: usize, length: u32): u32 {
  let first: u32 = 0;
  let last: u32 = 0;
  for (let done: u32 = 0; done < length; done += PIECE_LENGTH) {
    const index = pool(NAME_PIECE_POOL).take() + 1;
    const piece = pieceAt(index);
    piece.used = 1;
    memory.copy(textOf(piece), name + done, min(PIECE_LENGTH, length - done));
    if (last) pieceAt(last).next = index;
    else first = index;
    last = index;
  }
  return first;
}

/** Takes a name away; the inode goes with it, unless somebody has it open. */
export function removeName(inode: Inode): void {
  const directory = inodeAt(inode.parent);
  const index = inodeIndex(inode) + 1;
  if (directory.firstChild == index) {
    directory.firstChild = inode.nextSibling;
  } else {
    let sibling = inodeAt(directory.firstChild - 1);
    while (sibling.nextSibling != index) sibling = inodeAt(sibling.nextSibling - 1);
    sibling.nextSibling = inode.nextSibling;
  }
  inode.nextSibling = 0;
  if (inode.isDirectory) directory.nlink--;
  inode.nlink = 0;
  freePieces(inode);
  freeIfUnused(inode);
}

function freePieces(inode: Inode): void {
  for (let index = inode.namePiece; index; ) {
    const next = pieceAt(index).next;
    pool(NAME_PIECE_POOL).free(index - 1);
    index = next;
  }
  inode.namePiece = 0;
  inode.nameLength = 0;
}

/** A removed inode that nobody has open is no more. */
export function freeIfUnused(inode: Inode): void {
  if (inode.isRemoved && inode.opens == 0 && inode.pipe == 0) pool(INODE_POOL).free(inodeIndex(inode));
}
