// What the error of a failed call names: the descriptor, the path or the queue that the call was made on, or the executable.
import type { Call, QueueOpening, SemaphoreOpening, SpawnRequest } from "./call.js";
import type { SyscallErrorDetails } from "./errors.js";

/** The descriptor or the path that is a call's first argument; of two descriptors the first. */
export function placeOf({ syscall, a, payload }: Call): Pick<SyscallErrorDetails, "fd" | "path"> {
  const first = syscall.parameters[0];
  if (first === undefined) return {};
  if (first === "name")
    return {
      path: typeof payload === "string" ? payload : (payload as QueueOpening | SemaphoreOpening).name,
    };
  if (first === "path") return { path: payload as string };
  if (first === "program") {
    const { program } = payload as SpawnRequest;
    return "path" in program ? { path: program.path } : {};
  }
  return isDescriptor(first) ? { fd: a } : {};
}

/** Whether a parameter of this name is a descriptor. */
export const isDescriptor = (parameter: string): boolean => parameter === "mqdes" || parameter.includes("fd");
