// How an executor's threads give their answers: a file with one slot a thread. A thread writes its slot, then
// counts its sequence number up; the controller reads all sequence numbers at once. No thread waits for another here,
// so that the only sleep of a thread is the call it makes, or its wait for the next command.
import { chmodSync, closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { GONE } from "../../assembly/abi/model.js";
import { HarnessError } from "../executor.js";
import { gone, type Outcome } from "../outcome.js";

/** Processes that may be alive at once, and slots of each: for its main thread, and others. */
const MAX_EXECUTORS = 48;
const THREADS = 4;
const SLOTS = MAX_EXECUTORS * THREADS;

const SEQUENCES_SIZE = 4096;
const HEADER_SIZE = 4096;
/** Bytes that a read can return: what a pipe of the largest usual size holds. Most slots stay holes in the file. */
const MAX_READ = 1048576;
const SLOT_SIZE = HEADER_SIZE + MAX_READ;
const FILE_SIZE = SEQUENCES_SIZE + SLOTS * SLOT_SIZE;

const HEADER_WORDS = 4;
const MAX_VALUES = HEADER_SIZE / 4 - HEADER_WORDS;

const slotAt = (slot: number): number => SEQUENCES_SIZE + slot * SLOT_SIZE;

/** In place of a result: the harness failed, and the bytes say how. */
export const FAILED = -0x20000;

/** A thread's side of its slot. */
export class SlotWriter {
  readonly #file: number;
  readonly #slot: number;
  readonly #header = new Int32Array(HEADER_SIZE / 4);
  readonly #sequence = new Int32Array(1);

  constructor(file: number, slot: number) {
    this.#file = file;
    this.#slot = slot;
  }

  /** Gives the answer to command number `sequence`. */
  write(sequence: number, { result, values, bytes }: Outcome): void {
    if (values.length > MAX_VALUES) throw new RangeError(`${values.length} values`);
    const header = this.#header;
    header[0] = result;
    header[1] = values.length;
    header[2] = bytes?.length ?? -1;
    header.set(values, HEADER_WORDS);
    const at = slotAt(this.#slot);
    writeSync(this.#file, header, 0, (HEADER_WORDS + values.length) * 4, at);
    if (bytes !== undefined && bytes.length > 0)
      writeSync(this.#file, bytes, 0, bytes.length, at + HEADER_SIZE);
    this.#sequence[0] = sequence;
    writeSync(this.#file, this.#sequence, 0, 4, this.#slot * 4);
  }
}

/** The controller's side of all slots. */
export class Slots {
  readonly #file: number;
  /** By number of the process, whether it has its slots. */
  readonly #isTaken: boolean[] = new Array(MAX_EXECUTORS).fill(false);
  readonly #sequences = new Int32Array(SLOTS);
  readonly #header = new Int32Array(HEADER_SIZE / 4);

  constructor(path: string) {
    this.#file = openSync(path, "w+");
    ftruncateSync(this.#file, FILE_SIZE);
    // Processes of all users write into it.
    chmodSync(path, 0o666);
  }

  /** Slots for another process, with no answer in them: the first. */
  take(): number {
    const place = this.#isTaken.indexOf(false);
    if (place < 0) throw new HarnessError("too many processes");
    this.#isTaken[place] = true;
    const none = new Int32Array(THREADS);
    writeSync(this.#file, none, 0, none.byteLength, place * none.byteLength);
    return place * THREADS;
  }

  /** Whether there are slots for another process, and some to spare. */
  get hasRoom(): boolean {
    return this.#isTaken.filter((taken) => !taken).length > MAX_EXECUTORS / 4;
  }

  give(firstSlot: number): void {
    this.#isTaken[firstSlot / THREADS] = false;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The number of the last command that each slot has answered. */
  sequences(): Int32Array {
    readSync(this.#file, this.#sequences, 0, SLOTS * 4, 0);
    return this.#sequences;
  }

  /** The answer that stands in a slot. */
  read(slot: number): Outcome {
    const header = this.#header;
    readSync(this.#file, header, 0, 64, slotAt(slot));
    const [result, valueCount, byteCount] = header as unknown as [number, number, number];
    if (result === FAILED) throw new HarnessError(Buffer.from(this.#bytes(slot, byteCount)).toString());
    if (result === GONE) return gone;
    if (valueCount > 16 - HEADER_WORDS) {
      readSync(this.#file, header, 0, (HEADER_WORDS + valueCount) * 4, slotAt(slot));
    }
    return {
      result,
      values: Array.from(header.subarray(HEADER_WORDS, HEADER_WORDS + valueCount)),
      bytes: byteCount < 0 ? undefined : this.#bytes(slot, byteCount),
    };
  }

  #bytes(slot: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (count > 0) readSync(this.#file, bytes, 0, count, slotAt(slot) + HEADER_SIZE);
    return bytes;
  }
}
