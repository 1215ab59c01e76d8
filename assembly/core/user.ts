// Users, as far as pages in pipes are counted for them: struct user_struct, account_pipe_buffers (fs/pipe.c).
import { USER_SIZE, USERS } from "./memory";
import { pool, USER_POOL } from "./pool";

@unmanaged
export class User {
  /** Pipes that are counted for it: 0 only in a free record. */
  pipes: u32;
  uid: u32;
  /** Page slots of all of them. */
  pipePages: u32;
}

export function userAt(index: u32): User {
  return changetype<User>(USERS + index * USER_SIZE);
}

function userIndex(user: User): u32 {
  return <u32>((changetype<usize>(user) - USERS) / USER_SIZE);
}

/** The record of a user who owns pipes; null if he owns none. */
export function findUser(uid: u32): User | null {
  const count = pool(USER_POOL).high;
  for (let index: u32 = 0; index < count; index++) {
    const user = userAt(index);
    if (user.pipes && user.uid == uid) return user;
  }
  return null;
}

/** Counts a new pipe for a user. Returns the index of his record, or -1 if there are too many users. */
export function addPipeOf(uid: u32, pages: u32): i32 {
  if (offsetof<User>() != USER_SIZE) ERROR("USER_SIZE is not the size of User");
  let user = findUser(uid);
  if (!user) {
    const users = pool(USER_POOL);
    const index = users.take();
    if (index == users.capacity) return -1;
    user = userAt(index);
    user.uid = uid;
  }
  user.pipes++;
  user.pipePages += pages;
  return userIndex(user);
}

/** Takes a pipe off its user's count. */
export function removePipeOf(index: u32, pages: u32): void {
  const user = userAt(index);
  user.pipePages -= pages;
  if (user.pipes == 1) pool(USER_POOL).free(index);
  else user.pipes--;
}
