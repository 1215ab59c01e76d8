// What a benchmark has to undo even if it fails or is interrupted: a System V queue stays until it is removed, and a process
// that waits for a message waits for ever. All that else it leaves goes with its descriptors.
import { constants } from "node:os";

const undos = new Set<() => void>();
let isWatching = false;

/**
 * Has something undone when this process ends, in whatever way but by SIGKILL.
 * @returns undoes it now
 */
export function undoAtEnd(undo: () => void): () => void {
  if (!isWatching) watchEnd();
  undos.add(undo);
  return () => {
    if (undos.delete(undo)) undo();
  };
}

function watchEnd(): void {
  isWatching = true;
  process.once("exit", () => {
    for (const undo of undos) {
      try {
        undo();
      } catch (error) {
        // The others must be undone all the same.
        console.error(error);
      }
    }
  });
  // Their default action ends a process without "exit".
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
