// What all System V objects of the model tell of themselves first.
import type { IpcPermissions } from "../../src/sysv-queue.js";

/** Whose an object is, from the words of an answer. */
export const permissionsIn = (word: (place: number) => number): IpcPermissions => ({
  key: word(0),
  uid: word(1) >>> 0,
  gid: word(2) >>> 0,
  cuid: word(3) >>> 0,
  cgid: word(4) >>> 0,
  mode: word(5),
  seq: word(6),
});
