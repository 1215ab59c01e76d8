// The name by which others find an object that this process has open. To remove it leaves the object to who has it open.
import { codeOf } from "./errors.js";
import type { Linux } from "./linux.js";

export class ObjectName {
  readonly #remove: (name: string) => Promise<void>;
  readonly #howToName: string;
  #unlinking: Promise<void> | undefined;

  /**
   * @param text undefined if it is not known
   * @param isOwned whether whoever has it is to remove it in the end
   * @param remove the call
   * @param howToName how an object is made that knows it, for the error
   */
  constructor(
    readonly text: string | undefined,
    readonly isOwned: boolean,
    remove: (name: string) => Promise<void>,
    howToName: string,
  ) {
    this.#remove = remove;
    this.#howToName = howToName;
  }

  /** Removes the name; a second call does nothing. @throws TypeError it is not known · as the call */
  unlink(): Promise<void> {
    this.#unlinking ??= this.#unlink();
    return this.#unlinking;
  }

  async #unlink(): Promise<void> {
    try {
      if (this.text === undefined) {
        throw new TypeError(`unlink: this object does not know its name: ${this.#howToName}`);
      }
      await this.#remove(this.text);
    } catch (error) {
      // It may go better another time.
      this.#unlinking = undefined;
      throw error;
    }
  }

  /**
   * Removes the name for its owner, if it is still the object's own: somebody may have removed it, and it may be another's by now.
   * @param isOwn asks that
   */
  async unlinkOwn(isOwn: () => Promise<boolean>): Promise<void> {
    if (!(await isOwn())) return;
    await this.unlink().catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }
}

/** Whether what a descriptor is open on has its name: fstat(2) tells. */
export const hasName = async (linux: Linux, fd: number): Promise<boolean> =>
  (await linux.fstat(fd)).nlink > 0;
