// The write end of a pipe or FIFO.
import { IOV_MAX, PIPE_BUF } from "../../assembly/abi/limits.js";
import { abortSignal } from "../arguments.js";
import { bytesOf } from "../data.js";
import { Descriptor, type NameOptions } from "../descriptor.js";
import { abortError, argumentError, argumentMistake } from "../errors.js";
import type { Linux, WaitOptions } from "../linux.js";
import { type TimedWaitOptions, withTimeout } from "../timeout.js";
import { Turns } from "../turns.js";
import { PIPE_END, PipeEnd } from "./end.js";
import { joined } from "./source.js";
import { type StreamOptions, writableStream } from "./web-streams.js";

/** What a write rejects with: whatever ended it, and how far it came. */
export interface WriteFailure extends Error {
  /** Bytes that are in the pipe, or were read from it already. */
  readonly bytesWritten: number;
}

/**
 * The write end of a pipe or FIFO. Writes of one writer go one after the other, whole, in the order of the calls. Those of
 * others, in this process or another, may come in between, but not within PIPE_BUF (4096) bytes.
 */
export class PipeWriter extends PipeEnd {
  readonly #turns = new Turns();

  /**
   * Makes a writer of a descriptor, which it owns from then on. No call is made.
   * @param fd its number, or the name that `spawn` passed it by: `PipeWriter.from(linux, "out")`
   * @param options `name`: what errors call it; the name that it was passed by if left out
   * @throws TypeError no descriptor was passed by that name
   */
  static from(linux: Linux, fd: number | string | undefined, options?: NameOptions): PipeWriter {
    return new PipeWriter(Descriptor.from(linux, PIPE_END, "PipeWriter.from", fd, options));
  }

  /**
   * Writes all of it: write(2), as often as it takes. The bytes must stay as they are until then.
   * @param data bytes, or text, which is written in UTF-8
   * @param options `timeout`: of all of it
   * @returns bytes written: all
   * @throws EPIPE no reader is left · EAGAIN no room, and the end is nonblocking · EBADF closed, or no write end · AbortError ·
   *   TimeoutError. Each carries `bytesWritten`: see `WriteFailure`
   */
  async write(data: Uint8Array | string, options?: TimedWaitOptions): Promise<number> {
    const bytes = bytesOf("write", "data", data);
    return await this.#transfer("write", bytes.length, options, (from, waitOptions) =>
      this.descriptor.linux.write(this.fd, from === 0 ? bytes : bytes.subarray(from), waitOptions),
    );
  }

  /**
   * Writes all pieces, one after the other: writev(2), as often as it takes. Up to PIPE_BUF bytes together go in one piece.
   * @returns bytes written: all
   * @throws as `write`
   */
  async writev(pieces: readonly (Uint8Array | string)[], options?: TimedWaitOptions): Promise<number> {
    if (!Array.isArray(pieces)) throw argumentError("writev", "pieces", "an array", pieces);
    const buffers = Array.from(pieces, (piece, index) => bytesOf("writev", `pieces[${index}]`, piece));
    const total = buffers.reduce((length, { length: more }) => length + more, 0);
    // Few bytes in many pieces are sooner copied than pointed to.
    if (total <= PIPE_BUF || buffers.length === 1) return await this.write(joined(buffers), options);
    return await this.#transfer("writev", total, options, (from, waitOptions) =>
      this.descriptor.linux.writev(this.fd, behind(buffers, from), waitOptions),
    );
  }

  /**
   * Makes a stream, which owns this end: it is closed when the stream is closed, aborted or broken. One chunk is written at a
   * time, and `ready` waits for it.
   * @param options `timeout`: of each chunk
   */
  toWritableStream(options?: StreamOptions): WritableStream<Uint8Array | string> {
    return writableStream(
      (chunk, waitOptions) => this.write(chunk, waitOptions),
      () => this.close(),
      options,
    );
  }

  /** @param attempt writes what is left: all from a place on. @returns bytes written */
  async #transfer(
    name: string,
    length: number,
    options: TimedWaitOptions | undefined,
    attempt: (from: number, options: WaitOptions | undefined) => Promise<number>,
  ): Promise<number> {
    const { descriptor } = this;
    let written = 0;
    const writeAll = async (waitOptions: WaitOptions | undefined): Promise<void> => {
      const signal = abortSignal(name, waitOptions);
      const turn = this.#turns.enter(name, signal);
      if (turn !== undefined) await turn;
      try {
        // An empty write is a call too: it tells whether the end can be written to.
        do {
          descriptor.assertOpen(name);
          const count = await attempt(written, waitOptions);
          written += count;
          // A pipe takes something of what is not nothing.
          if (count === 0 && written < length) throw changedError(name);
          // A count that is not the whole was ended by something: by the signal, or by what the next attempt will say.
          if (written < length && signal?.aborted) throw abortError(name, signal.reason);
        } while (written < length);
      } finally {
        this.#turns.leave();
      }
    };
    try {
      if (options?.timeout === undefined) await writeAll(options);
      else await withTimeout(descriptor.linux, name, options, writeAll);
      return written;
    } catch (error) {
      const told = descriptor.named(error);
      throw told instanceof Error ? Object.assign(told, { bytesWritten: written }) : told;
    }
  }
}

const changedError = (name: string): TypeError =>
  argumentMistake(name, "data", "left as it is until it is written", "detached or resized");

/** What is left of buffers from a place on: as many of them as one call takes. */
function behind(buffers: readonly Uint8Array[], from: number): readonly Uint8Array[] {
  let index = 0;
  let offset = from;
  for (; index < buffers.length; index++) {
    const { length } = buffers[index] as Uint8Array;
    if (offset < length) break;
    offset -= length;
  }
  const rest = buffers.slice(index, index + IOV_MAX);
  if (offset > 0) rest[0] = (rest[0] as Uint8Array).subarray(offset);
  return rest;
}
