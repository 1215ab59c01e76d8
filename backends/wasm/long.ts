// A C long as the model takes it: its low and its high 32 bits.

export const lowOf = (value: bigint): number => Number(BigInt.asIntN(32, value));

export const highOf = (value: bigint): number => Number(value >> 32n);
