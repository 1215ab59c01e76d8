const getter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "byteLength")
  ?.get as () => number;

/**
 * The bytes that a typed array really has: an object's own `length` or `byteLength` can lie, and node aborts on a length that is
 * beyond the memory. 0 if the array's buffer was detached.
 * @throws TypeError for anything but a typed array, a proxy of one included
 */
export const byteLengthOf = (bytes: unknown): number => Reflect.apply(getter, bytes, []);
