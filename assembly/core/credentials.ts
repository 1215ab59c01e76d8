// Who a process is, and what it may: credentials(7), capabilities(7). There is no call that changes capabilities alone: they
// follow the user IDs, as in cap_emulate_setxuid (security/commoncap.c).
import { CAP_SETGID, CAP_SETUID } from "../abi/capability";
import { EINVAL, ENOMEM, EPERM } from "../abi/errno";
import { MAX_GROUPS } from "../abi/model";
import { machine } from "./machine";
import { GROUP_LIST_SIZE, GROUP_LISTS } from "./memory";
import { GROUP_LIST_POOL, pool } from "./pool";
import { Process } from "./process";

/** Gives a process a user and a group, and of capabilities what the user has. */
export function setCredentials(process: Process, uid: u32, gid: u32): void {
  process.ruid = uid;
  process.euid = uid;
  process.suid = uid;
  process.rgid = gid;
  process.egid = gid;
  process.sgid = gid;
  process.permitted = uid == 0 ? machine.capabilities : 0;
  process.effective = process.permitted;
}

/** A child has its parent's credentials. Returns false if there are too many lists of groups. */
export function inheritCredentials(parent: Process, child: Process): bool {
  if (parent.groups && !setGroups(child, groupsAddress(parent), groupCount(parent))) return false;
  child.ruid = parent.ruid;
  child.euid = parent.euid;
  child.suid = parent.suid;
  child.rgid = parent.rgid;
  child.egid = parent.egid;
  child.sgid = parent.sgid;
  child.permitted = parent.permitted;
  child.effective = parent.effective;
  child.umask = parent.umask;
  return true;
}

/** Gives up what a dead process's credentials hold. */
export function dropCredentials(process: Process): void {
  if (process.groups) pool(GROUP_LIST_POOL).free(process.groups - 1);
  process.groups = 0;
}

/** A list of groups: its length plus 1, which is 0 only in a free record, then the groups. */
function groupListAt(indexPlus1: u32): usize {
  return GROUP_LISTS + (indexPlus1 - 1) * GROUP_LIST_SIZE;
}

export function groupCount(process: Process): u32 {
  return process.groups ? load<u32>(groupListAt(process.groups)) - 1 : 0;
}

/** Where a process's supplementary groups lie, which it must have. */
export function groupsAddress(process: Process): usize {
  return groupListAt(process.groups) + 4;
}

/** Whether a group is the effective one of a process, or a supplementary one: in_group_p. */
export function isInGroup(process: Process, gid: u32): bool {
  if (process.egid == gid) return true;
  const count = groupCount(process);
  for (let place: u32 = 0; place < count; place++) {
    if (load<u32>(groupsAddress(process) + place * 4) == gid) return true;
  }
  return false;
}

/** Copies the groups of a process to an address. Returns how many there are. */
export function copyGroups(process: Process, to: usize): i32 {
  const count = groupCount(process);
  if (count) memory.copy(to, groupsAddress(process), count * 4);
  return count;
}

/** Gives a process other supplementary groups. Returns false if there are too many lists. */
function setGroups(process: Process, from: usize, count: u32): bool {
  if (!process.groups) {
    const lists = pool(GROUP_LIST_POOL);
    if (!count) return true;
    const index = lists.take();
    if (index == lists.capacity) return false;
    process.groups = index + 1;
  }
  if (!count) {
    dropCredentials(process);
    return true;
  }
  const list = groupListAt(process.groups);
  memory.fill(list, 0, GROUP_LIST_SIZE);
  store<u32>(list, count + 1);
  memory.copy(list + 4, from, count * 4);
  sortGroups(list + 4, count);
  return true;
}

/** As the kernel keeps them, and getgroups(2) gives them: groups_sort. */
function sortGroups(address: usize, count: u32): void {
  for (let end: u32 = 1; end < count; end++) {
    const group = load<u32>(address + end * 4);
    let place = end;
    while (place > 0 && load<u32>(address + (place - 1) * 4) > group) {
      store<u32>(address + place * 4, load<u32>(address + (place - 1) * 4));
      place--;
    }
    store<u32>(address + place * 4, group);
  }
}

const NGROUPS_MAX: u32 = 65536;

/** setgroups(2) of `count` groups at an address: may_setgroups first. */
export function changeGroups(process: Process, from: usize, count: u32): i32 {
  if (!process.can(CAP_SETGID)) return -EPERM;
  return assignGroups(process, from, count);
}

/** Gives a process groups without asking whether it may. Returns 0 or -errno. */
export function assignGroups(process: Process, from: usize, count: u32): i32 {
  if (count > NGROUPS_MAX) return -EINVAL;
  if (count > <u32>MAX_GROUPS) return -ENOMEM;
  return setGroups(process, from, count) ? 0 : -ENOMEM;
}

/** setresuid(2): -1 leaves an ID. Each may become any of the three, or with CAP_SETUID whatever is asked for. */
export function changeUsers(process: Process, ruid: i32, euid: i32, suid: i32): i32 {
  const may = process.can(CAP_SETUID);
  if (!may && !(isOwnUser(process, ruid) && isOwnUser(process, euid) && isOwnUser(process, suid)))
    return -EPERM;
  const wasRoot = process.ruid == 0 || process.euid == 0 || process.suid == 0;
  const oldEffective = process.euid;
  if (ruid != -1) process.ruid = ruid;
  if (euid != -1) process.euid = euid;
  if (suid != -1) process.suid = suid;
  const isRoot = process.ruid == 0 || process.euid == 0 || process.suid == 0;
  if (wasRoot && !isRoot) process.permitted = 0;
  if ((wasRoot && !isRoot) || (oldEffective == 0 && process.euid != 0)) process.effective = 0;
  if (oldEffective != 0 && process.euid == 0) process.effective = process.permitted;
  return 0;
}

function isOwnUser(process: Process, uid: i32): bool {
  return uid == -1 || process.ruid == <u32>uid || process.euid == <u32>uid || process.suid == <u32>uid;
}

/** setresgid(2). */
export function changeUserGroups(process: Process, rgid: i32, egid: i32, sgid: i32): i32 {
  const may = process.can(CAP_SETGID);
  if (!may && !(isOwnGroup(process, rgid) && isOwnGroup(process, egid) && isOwnGroup(process, sgid)))
    return -EPERM;
  if (rgid != -1) process.rgid = rgid;
  if (egid != -1) process.egid = egid;
  if (sgid != -1) process.sgid = sgid;
  return 0;
}

function isOwnGroup(process: Process, gid: i32): bool {
  return gid == -1 || process.rgid == <u32>gid || process.egid == <u32>gid || process.sgid == <u32>gid;
}
