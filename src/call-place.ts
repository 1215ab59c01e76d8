// What the error of a failed call names: the descriptor or the path that the call was made on, or the executable.
import type { Call, SpawnRequest } from "./call.js";
import type { SyscallErrorDetails } from "./errors.js";

/** The descriptor or the path that is a call's first argument; of two descriptors the first. */
export function placeOf({ syscall, a, payload }: Call): Pick<SyscallErrorDetails, "fd" | "path"> {
  const first = syscall.parameters[0];
  if (first === undefined) return {};
  if (first === "path") return { path: payload as string };
  if (first === "program") {
    const { program } = payload as SpawnRequest;
    return "path" in program ? { path: program.path } : {};
  }
  return first.includes("fd") ? { fd: a } : {};
}
