// Ends as web streams. A stream owns its end: it closes it when it is over, cancelled or broken. Nothing is read before
// somebody asks for it, and one chunk is written at a time.
import type { TimedWaitOptions } from "../timeout.js";
import { chunkSizeOf } from "./chunks.js";
import type { IterationOptions } from "./iteration.js";
import type { Source } from "./source.js";

/** Options of a stream: what ends it is the stream's own `cancel` or `abort`. */
export type StreamOptions = Omit<IterationOptions, "signal">;

/** A stream of bytes: the type of a `Response`'s body, which every version of TypeScript's libraries has as it needs it. */
export type ByteStream = NonNullable<Response["body"]>;

/** @param close closes the end */
export function readableStream(
  source: Source,
  close: () => Promise<void>,
  options: StreamOptions | undefined,
): ByteStream {
  const size = chunkSizeOf("toReadableStream", options);
  const ender = new AbortController();
  const waitOptions = waitOptionsOf(options, ender.signal);
  source.begin(ender);
  const finish = async (): Promise<void> => {
    source.end(ender);
    await close();
  };
  return new ReadableStream(
    {
      type: "bytes",
      async pull(controller: ReadableByteStreamController) {
        try {
          const { byobRequest } = controller;
          const view = byobRequest?.view;
          if (byobRequest && view) {
            const { buffer, byteOffset, byteLength } = view;
            const room = new Uint8Array(buffer, byteOffset, byteLength);
            const count = await source.readInto(room, waitOptions, ender);
            if (ender.signal.aborted) return;
            if (count === 0) {
              await finish();
              controller.close();
            }
            byobRequest.respond(count);
            return;
          }
          const chunk = await source.read(size, waitOptions, ender);
          if (ender.signal.aborted) return;
          if (chunk === null) {
            await finish();
            controller.close();
          } else {
            controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
          }
        } catch (error) {
          if (ender.signal.aborted) return;
          await finish().catch(ignore);
          throw error;
        }
      },
      async cancel() {
        ender.abort();
        await finish();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * @param write writes all of a chunk
 * @param close closes the end
 */
export function writableStream(
  write: (chunk: Uint8Array | string, options: TimedWaitOptions) => Promise<unknown>,
  close: () => Promise<void>,
  options: StreamOptions | undefined,
): WritableStream<Uint8Array | string> {
  return new WritableStream<Uint8Array | string>({
    async write(chunk, controller) {
      try {
        await write(chunk, waitOptionsOf(options, controller.signal));
      } catch (error) {
        await close().catch(ignore);
        throw error;
      }
    },
    close,
    abort: close,
  });
}

const waitOptionsOf = (options: StreamOptions | undefined, signal: AbortSignal): TimedWaitOptions =>
  options?.timeout === undefined ? { signal } : { signal, timeout: options.timeout };

const ignore = (): void => {};
