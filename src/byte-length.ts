// What a typed array really is: its own properties, and those of its class, can say anything.
const prototype = Object.getPrototypeOf(Uint8Array.prototype);

const getter = <Value>(name: string | symbol): ((bytes: unknown) => Value) => {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => Value;
  return (bytes) => Reflect.apply(get, bytes, []);
};

/**
 * The bytes that a typed array really has: node aborts on a length beyond the memory. 0 if the array's buffer
 * was detached.
 * @throws TypeError for anything but a typed array, a proxy of one included
 */
export const byteLengthOf = getter<number>("byteLength");

const className = getter<string | undefined>(Symbol.toStringTag);

/** Whether a value is a Uint8Array, of this realm or another: no proxy of one, and not one of another kind in disguise. */
export const isUint8Array = (value: unknown): value is Uint8Array => className(value) === "Uint8Array";

const bufferOf = getter<ArrayBufferLike>("buffer");
const byteOffsetOf = getter<number>("byteOffset");

/** The same memory as a plain Uint8Array. */
export const honestView = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bufferOf(bytes), byteOffsetOf(bytes), byteLengthOf(bytes));

const { set } = Uint8Array.prototype;

/** Copies bytes to the beginning of a buffer, which has room for them. To no bytes a detached buffer does as well. */
export function copyInto(buffer: Uint8Array, bytes: Uint8Array): void {
  if (bytes.length > 0) Reflect.apply(set, buffer, [bytes]);
}
