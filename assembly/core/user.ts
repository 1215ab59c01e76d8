// Users, as far as something is counted for them: pages in pipes (struct user_struct, account_pipe_buffers in fs/pipe.c), and
// bytes of message queues (struct ucounts, UCOUNT_RLIMIT_MSGQUEUE).
import { USER_SIZE, USERS } from "./memory";
import { pool, USER_POOL } from "./pool";

@unmanaged
export class User {
  /** Pipes and message queues that are counted for it: 0 only in a free record. */
  uses: u32;
  uid: u32;
  /** Page slots of all of those pipes. */
  pipePages: u32;
  unused: u32;
  /** What its message queues may come to hold, in bytes. */
  messageBytes: u64;
}

export function userAt(index: u32): User {
  return changetype<User>(USERS + index * USER_SIZE);
}

function userIndex(user: User): u32 {
  return <u32>((changetype<usize>(user) - USERS) / USER_SIZE);
}

/** The record of a user for whom something is counted; null if nothing is. */
export function findUser(uid: u32): User | null {
  const count = pool(USER_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const user = userAt(index);
    if (user.uses && user.uid == uid) return user;
  }
  return null;
}

/** Counts a new pipe for a user. Returns the index of his record, or -1 if there are too many users. */
export function addPipeOf(uid: u32, pages: u32): i32 {
  const user = useOf(uid);
  if (!user) return -1;
  user.pipePages += pages;
  return userIndex(user);
}

/** Takes a pipe off its user's count. */
export function removePipeOf(index: u32, pages: u32): void {
  userAt(index).pipePages -= pages;
  endUse(index);
}

/** Counts a new message queue for a user. Returns the index of his record, or -1 if there are too many users. */
export function addQueueOf(uid: u32, bytes: u64): i32 {
  const user = useOf(uid);
  if (!user) return -1;
  user.messageBytes += bytes;
  return userIndex(user);
}

/** Takes a message queue off its user's count. */
export function removeQueueOf(index: u32, bytes: u64): void {
  userAt(index).messageBytes -= bytes;
  endUse(index);
}

/** A user's record, with one more use; null if there are too many users. */
function useOf(uid: u32): User | null {
  if (offsetof<User>() != USER_SIZE) ERROR("USER_SIZE is not the size of User");
  let user = findUser(uid);
  if (!user) {
    const users = pool(USER_POOL);
    const index = users.take();
    if (index == users.capacity) return null;
    user = userAt(index);
    user.uid = uid;
  }
  user.uses++;
  return user;
}

function endUse(index: u32): void {
  const user = userAt(index);
  if (user.uses == 1) pool(USER_POOL).free(index);
  else user.uses--;
}
