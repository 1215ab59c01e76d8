// The directory that the processes of a case work in: empty, root's, of mode 01777, as /tmp of the model is. It lies in one
// of the campaign, where its processes find the channels to their controller too.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeQueueNames } from "./queue-names.js";
import { removeSharedMemory } from "./shared-memory-names.js";

const MODE = 0o1777;
const S_IFMT = 0o170000;

/** A file system in memory, if there is one; isolation.ts mounts one there that ends with the campaign. */
const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export class CaseFolders {
  /** The campaign's own: others may pass through it. */
  readonly parent: string;
  #count = 0;
  #current: string;
  readonly #remove = (): void => remove(this.parent);

  constructor() {
    this.parent = mkdtempSync(join(base, "linux-ipc-"));
    chmodSync(this.parent, 0o711);
    // Whatever ends the campaign's process but a signal.
    process.on("exit", this.#remove);
    this.#current = this.#make();
  }

  /** Where the next case, or the present one, works. */
  get current(): string {
    return this.#current;
  }

  /** Leaves a case's directory for a new one, unless it is as it was. */
  renew(): void {
    removeQueueNames();
    removeSharedMemory();
    if (isClean(this.#current)) return;
    const left = this.#current;
    this.#current = this.#make();
    remove(left);
  }

  #make(): string {
    const folder = join(this.parent, `case${this.#count++}`);
    mkdirSync(folder);
    // The umask does not matter to chmod(2).
    chmodSync(folder, MODE);
    return folder;
  }

  dispose(): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}

function isClean(folder: string): boolean {
  const { mode, uid, gid } = statSync(folder);
  return (mode & ~S_IFMT) === MODE && uid === 0 && gid === 0 && readdirSync(folder).length === 0;
}

/** Removes a directory with all that is in it, whatever the modes are. */
function remove(folder: string): void {
  openUp(folder);
  rmSync(folder, { recursive: true, force: true });
}

function openUp(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openUp(join(folder, entry.name));
  }
}
