// Checks of options before anything is touched: a TypeError names what is wrong.
import { argumentError, argumentMistake } from "./errors.js";

/** Options that may be left out. */
export function optionsOf<Options extends object>(
  caller: string,
  options: Options | undefined,
): Partial<Options> {
  if (options === undefined) return {};
  if (typeof options === "object" && options !== null) return options;
  throw argumentError(caller, "options", "an object", options);
}

/** A boolean that is false if it is left out. */
export function flag(caller: string, option: string, value: unknown): boolean {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw argumentError(caller, `options.${option}`, "a boolean", value);
}

/** A boolean that means something only for what is made: set without `create` it would be missed, so it is refused. */
export function flagOfNew(caller: string, option: string, value: unknown, isCreating: boolean): boolean {
  const isSet = flag(caller, option, value);
  if (isSet && !isCreating) {
    throw argumentMistake(caller, `options.${option}`, "left out without create", "true");
  }
  return isSet;
}

/** A count of at least 1. */
export function positive(caller: string, argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw argumentError(caller, argument, "an integer of at least 1", value);
}
