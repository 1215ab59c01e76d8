/**
 * The key of the method that `await using` calls. Where it is not there yet, the one that compilers use in its place: then
 * `await using` works if it is compiled away.
 */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
