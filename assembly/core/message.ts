// Messages: what message queues hold, POSIX and System V. The bytes lie in blocks, for a message may be of any length.
import { MAX_MESSAGE_BLOCKS } from "../abi/model";
import { MESSAGE_BLOCK_SIZE, MESSAGE_BLOCKS, MESSAGE_SIZE, MESSAGES } from "./memory";
import { MESSAGE_BLOCK_POOL, MESSAGE_POOL, pool } from "./pool";

@unmanaged
export class Message {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  /** The next one in its queue, plus 1. */
  next: u32;
  /** Bytes. */
  length: u32;
  /** The first block, plus 1. */
  block: u32;
  /** Priority of a POSIX message, type of a System V one. */
  type: i64;
}

@unmanaged
class MessageBlock {
  /** Always 1 in use: 0 only in a free record. */
  used: u32;
  /** The next one, plus 1. */
  next: u32;
}

const BLOCK_LENGTH: u32 = MESSAGE_BLOCK_SIZE - 8;

export function messageAt(indexPlus1: u32): Message {
  return changetype<Message>(MESSAGES + (indexPlus1 - 1) * MESSAGE_SIZE);
}

function blockAt(indexPlus1: u32): MessageBlock {
  return changetype<MessageBlock>(MESSAGE_BLOCKS + (indexPlus1 - 1) * MESSAGE_BLOCK_SIZE);
}

/** Makes a message of bytes. Returns its index plus 1, or 0 if the model has no room. */
export function newMessage(type: i64, from: usize, length: u32): u32 {
  if (offsetof<Message>() != MESSAGE_SIZE) ERROR("MESSAGE_SIZE is not the size of Message");
  const blocks = pool(MESSAGE_BLOCK_POOL);
  const needed = (length + BLOCK_LENGTH - 1) / BLOCK_LENGTH;
  if (pool(MESSAGE_POOL).isFull() || !hasBlocks(needed)) return 0;
  const index = pool(MESSAGE_POOL).take() + 1;
  const message = messageAt(index);
  message.used = 1;
  message.type = type;
  message.length = length;
  let last: u32 = 0;
  for (let done: u32 = 0; done < length; done += BLOCK_LENGTH) {
    const at = blocks.take() + 1;
    const block = blockAt(at);
    block.used = 1;
    memory.copy(changetype<usize>(block) + 8, from + done, min(BLOCK_LENGTH, length - done));
    if (last) blockAt(last).next = at;
    else message.block = at;
    last = at;
  }
  return index;
}

/** Whether so many blocks are free. */
function hasBlocks(count: u32): bool {
  const blocks = pool(MESSAGE_BLOCK_POOL);
  if (blocks.high + count <= <u32>MAX_MESSAGE_BLOCKS) return true;
  let free: u32 = <u32>MAX_MESSAGE_BLOCKS - blocks.high;
  for (let index: u32 = 0; index < blocks.high && free < count; index++) if (!blocks.isUsed(index)) free++;
  return free >= count;
}

/** Copies the first `length` bytes of a message to an address. */
export function copyMessage(message: Message, to: usize, length: u32): void {
  let index = message.block;
  for (let done: u32 = 0; done < length; done += BLOCK_LENGTH) {
    const block = blockAt(index);
    memory.copy(to + done, changetype<usize>(block) + 8, min(BLOCK_LENGTH, length - done));
    index = block.next;
  }
}

export function freeMessage(indexPlus1: u32): void {
  let index = messageAt(indexPlus1).block;
  while (index) {
    const next = blockAt(index).next;
    pool(MESSAGE_BLOCK_POOL).free(index - 1);
    index = next;
  }
  pool(MESSAGE_POOL).free(indexPlus1 - 1);
}
