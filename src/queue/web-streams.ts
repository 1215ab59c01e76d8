// Messages as web streams. A stream leaves the queue open, which others may use beside it. No message is taken before somebody
// asks for one, and one that comes when the stream is cancelled is put back.
import { isEndOf, type MessageSink, type MessageSource } from "./messages.js";

export function readableMessages<Message>(source: MessageSource<Message>): ReadableStream<Message> {
  const ender = new AbortController();
  let pulling: Promise<void> | undefined;
  const pull = async (controller: ReadableStreamDefaultController<Message>): Promise<void> => {
    try {
      await source.deliver(ender.signal, (message) => {
        // Cancelled, or its reader was released: then nobody waits for it, and the next read asks again.
        if (ender.signal.aborted || !stream.locked) return false;
        try {
          controller.enqueue(message);
          return true;
        } catch {
          // See `size`: the stream has failed.
          return false;
        }
      });
    } catch (error) {
      if (ender.signal.aborted) return;
      if (!isEndOf(source, error)) throw error;
      controller.close();
    }
  };
  const stream = new ReadableStream<Message>(
    {
      pull(controller) {
        pulling = pull(controller);
        return pulling;
      },
      // Until the message that may have come is back.
      async cancel() {
        ender.abort("the stream was cancelled");
        await pulling;
      },
    },
    {
      highWaterMark: 0,
      // Asked for only if nobody reads: the reader that had asked was released, and the next one has not asked yet. In the stream the
      // message would be lost if that were cancelled.
      size() {
        throw new Error("the stream's reader was released while a read waited, and another one did not read");
      },
    },
  );
  return stream;
}

export const writableMessages = <Chunk>(send: MessageSink<Chunk>): WritableStream<Chunk> =>
  new WritableStream<Chunk>({ write: (chunk, controller) => send(chunk, controller.signal) });
