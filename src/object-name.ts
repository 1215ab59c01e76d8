// The name by which others find an object that this process has open. To remove it leaves the object to who has it open.
import { codeOf } from "./errors.js";
import type { Linux } from "./linux.js";

export class ObjectName {
  readonly #linux: Linux;
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
    linux: Linux,
    readonly text: string | undefined,
    readonly isOwned: boolean,
    remove: (name: string) => Promise<void>,
    howToName: string,
  ) {
    this.#linux = linux;
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

  /** Removes the name if it is still that of the object which this descriptor is open on. */
  async unlinkOwn(fd: number): Promise<void> {
    // Somebody may have removed the name, and it may be another object's by now: fstat(2) tells.
    if ((await this.#linux.fstat(fd)).nlink === 0) return;
    await this.unlink().catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }
}
