// Rows of calls on System V shared memory.
import * as n from "../../assembly/abi/calls.js";
import { IPC_SET } from "../../assembly/abi/ipc.js";
import { exactLong, int, ownerSettings, size } from "../arguments.js";
import { Call } from "../call.js";
import { BUFFER_IS_OURS, type Rows, row } from "../syscall.js";

const MOMENT = "a moment between two instructions";

export const sysvSharedMemoryCalls = {
  shmget: row(
    "shmget",
    n.CALL_SHMGET,
    ["key", "size", "shmflg"],
    {
      support: "partial",
      missing: "SHM_HUGETLB is ENOSYS; kernel.shm_rmid_forced is taken to be 0",
      touches: ["System V shared memory", "credentials"],
      errors: [
        { errno: "EACCES", when: "the segment's mode forbids what shmflg asks for" },
        { errno: "EEXIST", when: "IPC_CREAT and IPC_EXCL, and the key has a segment" },
        {
          errno: "EINVAL",
          when: "size is 0 or above shmmax for a new segment, or more than the segment has",
        },
        { errno: "ENFILE", when: "the system's limit on open files", unreachable: "file-max is global" },
        { errno: "ENOENT", when: "the key has no segment, and IPC_CREAT is not set" },
        {
          errno: "ENOMEM",
          when: "no memory; on the model more than an object may have, or no object left",
          unreachable: "on a real kernel it cannot be provoked",
        },
        { errno: "ENOSPC", when: "there are shmmni segments, or shmall pages of them" },
        { errno: "EPERM", when: "SHM_HUGETLB without CAP_IPC_LOCK", unreachable: "SHM_HUGETLB is ENOSYS" },
      ],
    },
    (self, key, bytes, shmflg) =>
      new Call(
        self,
        int("shmget", "key", key),
        0,
        int("shmget", "shmflg", shmflg),
        size("shmget", "size", bytes),
      ),
  ),
  shmat: row(
    "shmat",
    n.CALL_SHMAT,
    ["shmid", "shmaddr", "shmflg"],
    {
      manual: "shmop(2)",
      result: "value",
      support: "partial",
      missing:
        "an address must lie in the range of an own attachment, in a hole of it or with SHM_REMAP, any other is EINVAL; SHM_EXEC is ENOSYS; at " +
        "most 4 GiB; on a real kernel what a Worker has attached is detached when the Worker ends",
      touches: ["System V shared memory", "address space", "credentials"],
      errors: [
        { errno: "EACCES", when: "the segment's mode forbids to read it, or to write it without SHM_RDONLY" },
        { errno: "EBUSY", when: "SHM_REMAP, and a call of this process waits in the range" },
        { errno: "EIDRM", when: "the segment is removed at that moment", unreachable: MOMENT },
        {
          errno: "EINVAL",
          when: "no such segment, an odd address without SHM_RND, SHM_REMAP without an address, or an address where it may not be",
        },
        { errno: "ENOMEM", when: "no address space, or too many mappings", unreachable: "65,530 of them" },
      ],
    },
    (self, shmid, shmaddr, shmflg) => {
      const address = shmaddr === null || shmaddr === undefined ? 0 : exactLong("shmat", "shmaddr", shmaddr);
      return new Call(self, int("shmat", "shmid", shmid), 0, int("shmat", "shmflg", shmflg), address);
    },
  ),
  shmdt: row(
    "shmdt",
    n.CALL_SHMDT,
    ["shmaddr"],
    {
      manual: "shmop(2)",
      result: "nothing",
      touches: ["System V shared memory", "address space"],
      support: "partial",
      missing: "EBUSY while a call of this process waits there, which in C goes on",
      errors: [
        { errno: "EBUSY", when: "a call of this process waits in the range of the attachment" },
        { errno: "EINVAL", when: "nothing is attached at shmaddr" },
      ],
    },
    (self, shmaddr) => new Call(self, 0, 0, 0, exactLong("shmdt", "shmaddr", shmaddr)),
  ),
  shmctl: row(
    "shmctl",
    n.CALL_SHMCTL,
    ["shmid", "cmd", "argument"],
    {
      result: "value",
      support: "partial",
      missing: "on the model all pages of a segment are in memory: shm_rss of SHM_INFO",
      touches: ["System V shared memory", "credentials"],
      errors: [
        { errno: "EACCES", when: "the segment's mode forbids to read it" },
        { errno: "EFAULT", when: "the status is not valid", unreachable: BUFFER_IS_OURS },
        { errno: "EIDRM", when: "the segment is removed at that moment", unreachable: MOMENT },
        { errno: "EINVAL", when: "no such segment or command, or an ID that no user can have" },
        { errno: "ENOMEM", when: "SHM_LOCK beyond RLIMIT_MEMLOCK" },
        {
          errno: "EOVERFLOW",
          when: "an ID that the status does not hold",
          unreachable: "all of 32 bits do",
        },
        {
          errno: "EPERM",
          when: "IPC_SET, IPC_RMID, SHM_LOCK or SHM_UNLOCK on another's segment; SHM_LOCK with RLIMIT_MEMLOCK 0",
        },
      ],
    },
    (self, shmid, cmd, argument) => {
      const id = int("shmctl", "shmid", shmid);
      const command = int("shmctl", "cmd", cmd);
      const settings = command === IPC_SET ? ownerSettings("shmctl", "argument", argument) : undefined;
      return new Call(self, id, command, 0, settings);
    },
  ),
} satisfies Rows;
