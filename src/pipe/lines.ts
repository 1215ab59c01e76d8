// Lines of text. All complete lines of what was read are decoded in one go, then cut out of that string: to decode each line
// by itself costs several times as much. A newline is the byte 10 and nothing else, so a character that lies across two reads
// is never cut in two: what follows the last newline waits, as bytes, for the rest of its line.
//
// The buffer:   |  lines, decoded to #text  |  begun line  |  room for the next read  |
//               0                       #blockEnd       #filled
import { abortSignal } from "../arguments.js";
import { abortError, argumentError, tooLongError } from "../errors.js";
import { flag, optionsOf, positive } from "../options.js";
import { chunkSizeOf } from "./chunks.js";
import { type IterationOptions, ReaderIteration } from "./iteration.js";
import type { Source } from "./source.js";

/** How bytes become text. */
export interface TextOptions {
  /** A label of TextDecoder: "utf-8" if left out. Bytes that are no text in it become U+FFFD. A byte order mark is kept. */
  readonly encoding?: string;
  /** Makes bytes that are no text in the encoding a TypeError. */
  readonly fatal?: boolean;
}

/** Options of an iteration over lines. */
export interface LineOptions extends IterationOptions, TextOptions {
  /** Bytes of the longest line, without its newline; a longer one ends the iteration with an error. 16 MiB if left out. */
  readonly maxLength?: number;
  /** Takes a carriage return before a newline as part of it. Left out, it is part of the line, as for grep and wc. */
  readonly crlf?: boolean;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const DEFAULT_MAX_LENGTH = 16 * 1024 * 1024;
/** Room for a begun line beside a read, before the buffer has to grow. */
const BEGUN_ROOM = 4096;

// In these the byte 10 is not always a newline, or what a byte means depends on the lines before it.
const unsuitable: ReadonlySet<string> = new Set(["utf-16le", "utf-16be", "iso-2022-jp", "replacement"]);

export class Lines extends ReaderIteration<string> {
  readonly #options: LineOptions | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #chunkSize: number;
  readonly #maxLength: number;
  readonly #isCrlf: boolean;
  readonly #decoder: TextDecoder;
  #buffer: Uint8Array;
  #blockEnd = 0;
  #filled = 0;
  /** The lines of the block, each with its newline. */
  #text = "";
  /** Where in the text the next line begins. */
  #at = 0;
  /** Lines of the block that were given out. */
  #given = 0;
  /** The line after the block is longer than allowed. */
  #isTooLong = false;

  constructor(source: Source, options: LineOptions | undefined) {
    super(source);
    this.#options = options;
    this.#chunkSize = chunkSizeOf("lines", options);
    this.#signal = abortSignal("lines", options);
    this.#maxLength = positive("lines", "options.maxLength", options?.maxLength ?? DEFAULT_MAX_LENGTH);
    this.#isCrlf = flag("lines", "crlf", options?.crlf);
    this.#decoder = decoderFor("lines", options);
    if (unsuitable.has(this.#decoder.encoding)) {
      throw argumentError("lines", "options.encoding", "one with the bytes of ASCII", options?.encoding);
    }
    this.#buffer = new Uint8Array(this.#chunkSize + BEGUN_ROOM);
  }

  override next(): Promise<IteratorResult<string, undefined>> {
    if (this.#at < this.#text.length && this.isIdle && !this.#signal?.aborted) {
      return Promise.resolve({ done: false, value: this.#cut() });
    }
    return super.next();
  }

  /** Cuts the next line out of the text. */
  #cut(): string {
    const text = this.#text;
    const start = this.#at;
    const end = text.indexOf("\n", start);
    this.#at = end + 1;
    this.#given++;
    const isCrlf = this.#isCrlf && end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN;
    return text.slice(start, isCrlf ? end - 1 : end);
  }

  protected async step(): Promise<string | null> {
    // Also between two lines that are there already: a loop that is told to end does.
    if (this.#signal?.aborted) throw abortError("read", this.#signal.reason);
    while (this.#at >= this.#text.length) {
      this.#dropBlock();
      if (this.#isTooLong || this.#filled > this.#maxLength)
        throw tooLongError("lines", "a line", this.#maxLength);
      this.#makeRoom();
      const room = this.#buffer.subarray(this.#filled, this.#filled + this.#chunkSize);
      const count = await this.source.readInto(room, this.#options, this);
      if (count === 0) return this.#lastLine();
      this.#add(count);
    }
    return this.#cut();
  }

  /** Moves the begun line to the start of the buffer. */
  #dropBlock(): void {
    if (this.#blockEnd === 0) return;
    this.#buffer.copyWithin(0, this.#blockEnd, this.#filled);
    this.#filled -= this.#blockEnd;
    this.#blockEnd = 0;
    this.#text = "";
    this.#at = 0;
    this.#given = 0;
  }

  #makeRoom(): void {
    const needed = this.#filled + this.#chunkSize;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  /** Takes in what was read behind the begun line. */
  #add(count: number): void {
    const from = this.#filled;
    this.#filled += count;
    const last = this.#buffer.subarray(from, this.#filled).lastIndexOf(NEWLINE);
    if (last === -1) return;
    let end = from + last + 1;
    if (end - 1 > this.#maxLength) end = this.#shortLinesEnd(end);
    // First: bytes that are no text throw, and are put back then.
    this.#text = this.#decoder.decode(this.#buffer.subarray(0, end));
    this.#blockEnd = end;
  }

  /** Where the lines before the first that is too long end. */
  #shortLinesEnd(end: number): number {
    let start = 0;
    while (start < end) {
      const newline = this.#buffer.indexOf(NEWLINE, start);
      if (newline - start > this.#maxLength) {
        this.#isTooLong = true;
        break;
      }
      start = newline + 1;
    }
    return start;
  }

  #lastLine(): string | null {
    if (this.#filled === 0) return null;
    const line = this.#decoder.decode(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
    return line;
  }

  protected rest(): Uint8Array {
    let start = 0;
    for (; this.#given > 0; this.#given--) start = this.#buffer.indexOf(NEWLINE, start) + 1;
    // The buffer is nobody else's: it goes with what is left in it.
    const rest = this.#buffer.subarray(start, this.#filled);
    this.#text = "";
    this.#at = 0;
    return rest;
  }
}

/** @throws TypeError the encoding is not known */
export function decoderFor(caller: string, options: TextOptions | undefined): TextDecoder {
  const { encoding = "utf-8", fatal } = optionsOf(caller, options);
  const isFatal = flag(caller, "fatal", fatal);
  try {
    return new TextDecoder(encoding, { fatal: isFatal, ignoreBOM: true });
  } catch {
    throw argumentError(caller, "options.encoding", "a label of TextDecoder", encoding);
  }
}
