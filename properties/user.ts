// The user that an executor process is. Its capabilities it was started with.
import { readdirSync, readFileSync } from "node:fs";
import { resetIds, setIds } from "./libc.js";
import type { Ids } from "./users.js";

export class User {
  readonly #ids: Ids;
  #remembered: string | undefined;

  /** Makes this process the user's. */
  constructor(ids: Ids) {
    this.#ids = ids;
    // Who is no root may not set anything, and was started as it is.
    if (ids.uid !== 0) setIds(ids);
  }

  /** Remembers what the threads are now, if that was not done yet. */
  remember(): void {
    this.#remembered ??= marks();
  }

  /** Undoes what a case has changed. @returns false if that is not possible any more */
  restore(): boolean {
    resetIds(this.#ids);
    return marks() === this.#remembered;
  }
}

/** The different IDs and capabilities that threads of this process have: proc_pid_status(5). */
function marks(): string {
  const different = new Set(readdirSync("/proc/self/task").map(marksOf));
  return [...different].sort().join("\n");
}

function marksOf(thread: string): string {
  const status = readFileSync(`/proc/self/task/${thread}/status`, "latin1");
  return (status.match(/^(Uid|Gid|Groups|CapPrm|CapEff|CapBnd):.*/gm) ?? []).join("\n");
}
