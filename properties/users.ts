// The users that the processes of a case belong to. A case names them, so that a saved one reads well.
import { randomInt } from "node:crypto";
import * as k from "../src/constants.js";

export interface Ids {
  readonly uid: number;
  /** The real user, if it is another than the effective and the saved one. */
  readonly ruid?: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Who a process is when its case begins: the same for the machine and for the real process. */
export interface Credentials extends Ids {
  /** A bit each. Only user 0 has any. */
  readonly capabilities: bigint;
}

interface User extends Ids {
  /** What it has of all that there are; left out: none. */
  readonly capabilities?: (available: bigint) => bigint;
}

const bits = (...numbers: readonly number[]): bigint =>
  numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n);

/** What would let user 0 pass by the rules about files. */
const powersOverFiles = bits(k.CAP_DAC_OVERRIDE, k.CAP_DAC_READ_SEARCH, k.CAP_FOWNER, k.CAP_FSETID);

const users = {
  root: { uid: 0, gid: 0, groups: [], capabilities: (available) => available },
  /** User 0 who may do no more than others. */
  powerless: { uid: 0, gid: 0, groups: [] },
  /** User 0 who is like others as far as files go, but may become them. */
  changer: { uid: 0, gid: 0, groups: [], capabilities: (available) => available & ~powersOverFiles },
  /** User 0 who may read everything, and write no more than others. */
  reader: {
    uid: 0,
    gid: 0,
    groups: [7],
    capabilities: (available) => available & bits(k.CAP_DAC_READ_SEARCH, k.CAP_FOWNER),
  },
  alice: { uid: 1000, gid: 1000, groups: [] },
  bob: { uid: 1001, gid: 1001, groups: [50, 1000] },
  carol: { uid: 1002, gid: 1000, groups: [] },
} satisfies Record<string, User>;

export type UserName = keyof typeof users;

export const userNames = Object.keys(users) as UserName[];

/**
 * What a process of a user is at its start.
 * @param available the capabilities that this machine's root has
 */
export function credentialsOf(name: UserName, available: bigint): Credentials {
  const { capabilities, ...ids }: User = users[name];
  return { ...ids, capabilities: capabilities?.(available) ?? 0n };
}

export function idsOf(name: UserName): Ids {
  const { uid, gid, groups } = users[name];
  return { uid, gid, groups };
}

/** What IDs the processes of users have. */
export type IdsOf = (name: UserName) => Ids;

/**
 * The kernel counts what message queues may hold for the real user, in whatever namespace (RLIMIT_MSGQUEUE), and what is locked
 * (RLIMIT_MEMLOCK). So that nothing of anybody else is counted, of other campaigns among them, each user's processes are really of a user that nobody else is likely
 * to be.
 */
const firstQueueOwner = randomInt(2 ** 30, 2 ** 31 - 2 ** 16);

export function idsOfQueueOwners(name: UserName): Ids {
  const ids = idsOf(name);
  return { ...ids, ruid: firstQueueOwner + ids.uid };
}

/** Whom a process is started as that is to be the user: only root can become others. */
export const startingUser = (name: UserName): UserName => (users[name].uid === 0 ? name : "root");
