// System V objects of a case: the model and the real kernel number them differently, and have no keys in common. Each object is
// paired when it is made.
import { IPC_PRIVATE } from "../assembly/abi/ipc.js";

/** Keys of cases are small; on the real kernel they are this much greater. */
const KEY_BASE = 0x4c490000;

/** No identifier is so high. */
const UNKNOWN = 0x7fffffff;

export const realKey = (key: number): number => (key === IPC_PRIVATE ? key : key + KEY_BASE);
export const modelKey = (key: number): number => (key === IPC_PRIVATE ? key : key - KEY_BASE);

/** The identifiers of objects of one kind. */
export class IpcIdentifiers {
  readonly #real = new Map<number, number>();
  readonly #model = new Map<number, number>();

  /** The model's identifiers of all objects ever made, the oldest first. */
  known(): number[] {
    return [...this.#real.keys()];
  }

  toReal(model: number): number {
    return this.#real.get(model) ?? model;
  }

  toModel(real: number): number {
    return this.#model.get(real) ?? real;
  }

  /**
   * Meets the identifier that the real kernel has given.
   * @param predicted what the call gives on the model
   * @returns the model's; of one that the other side does not have a number that no object has
   */
  meet(real: number, predicted: number | undefined): number {
    if (predicted !== undefined && predicted >= 0 && !this.#model.has(real) && !this.#real.has(predicted)) {
      this.#real.set(predicted, real);
      this.#model.set(real, predicted);
    }
    return this.#model.get(real) ?? UNKNOWN;
  }
}
