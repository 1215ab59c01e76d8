// Which messages a receiver wants, and how long they may be: msgop(2).
import { E2BIG } from "../../assembly/abi/errno.js";
import { MSG_EXCEPT, MSG_NOERROR } from "../../assembly/abi/ipc.js";
import { size } from "../arguments.js";
import { argumentError, SyscallError } from "../errors.js";
import { flag, optionsOf } from "../options.js";
import type { TimedWaitOptions } from "../timeout.js";
import { SysvMessage } from "./message.js";

/**
 * Which messages are wanted: 0, any; a type above 0, the first of it; `upTo`, the first of the least type up to that one;
 * `except`, the first of any other type.
 */
export type MessageSelection =
  | number
  | bigint
  | { readonly upTo: number | bigint; readonly except?: never }
  | { readonly except: number | bigint; readonly upTo?: never };

/** Options of receiving into a buffer. */
export interface SelectionOptions {
  /** Which messages are wanted: any, if left out. */
  readonly type?: MessageSelection;
  /** Cuts off what there is no room for, and drops it. Left out, a message that is too long is E2BIG, and stays. */
  readonly truncate?: boolean;
}

/** Options of receiving. */
export interface ReceiveOptions extends SelectionOptions {
  /** Bytes of the longest message that is taken. Of any length if left out. */
  readonly maxBytes?: number;
}

export type TimedReceiveOptions = ReceiveOptions & TimedWaitOptions;

/** Options of a stream that receives. */
export type SysvStreamOptions = ReceiveOptions & Omit<TimedWaitOptions, "signal">;

/** What msgrcv(2) is asked for. */
export interface Wish {
  /** As msgrcv(2) takes it. */
  readonly type: bigint;
  /** MSG_EXCEPT or 0. */
  readonly flags: number;
  /** Infinity: of any length. */
  readonly maxBytes: number;
  readonly truncates: boolean;
}

const LARGEST_TYPE = (1n << 63n) - 1n;

/** A type that a message can have. @throws TypeError naming the argument */
export function messageType(caller: string, argument: string, value: unknown): bigint {
  const type = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof type === "bigint" && type > 0n && type <= LARGEST_TYPE) return type;
  throw argumentError(caller, argument, "an integer of at least 1, or a bigint that fits in 64 bits", value);
}

/** @throws TypeError naming the option */
export function wishOf(caller: string, options: ReceiveOptions | undefined): Wish {
  const { type, maxBytes, truncate } = optionsOf<ReceiveOptions>(caller, options);
  return {
    ...selected(caller, type),
    maxBytes: maxBytes === undefined ? Number.POSITIVE_INFINITY : size(caller, "options.maxBytes", maxBytes),
    truncates: flag(caller, "truncate", truncate),
  };
}

function selected(caller: string, type: unknown): Pick<Wish, "type" | "flags"> {
  if (type === undefined || type === 0 || type === 0n) return { type: 0n, flags: 0 };
  if (typeof type !== "object" || type === null) {
    return { type: messageType(caller, "options.type", type), flags: 0 };
  }
  const { upTo, except } = type as { upTo?: unknown; except?: unknown };
  if ((upTo === undefined) === (except === undefined)) {
    throw argumentError(caller, "options.type", "a type, { upTo } or { except }", type);
  }
  if (upTo !== undefined) return { type: -messageType(caller, "options.type.upTo", upTo), flags: 0 };
  return { type: messageType(caller, "options.type.except", except), flags: MSG_EXCEPT };
}

/** The flags of a receive with so much room. */
export const flagsFor = ({ flags, maxBytes, truncates }: Wish, room: number): number =>
  // What is cut off is gone: not before there is all the room that is asked for.
  flags | (truncates && room >= maxBytes ? MSG_NOERROR : 0);

/**
 * Takes the message that is wanted out of a list, as msgrcv(2) does: find_msg.
 * @throws SyscallError E2BIG it is too long, and stays
 */
export function takeWanted(messages: SysvMessage[], wish: Wish): SysvMessage | undefined {
  const index = wantedIndex(messages, wish);
  const message = messages[index];
  if (message === undefined) return undefined;
  const { bytes, type } = message;
  if (bytes.length > wish.maxBytes && !wish.truncates) throw tooLongError(wish.maxBytes);
  messages.splice(index, 1);
  return bytes.length > wish.maxBytes ? new SysvMessage(bytes.slice(0, wish.maxBytes), type) : message;
}

/** @returns -1 if there is none */
function wantedIndex(messages: readonly SysvMessage[], { type, flags }: Wish): number {
  if (type < 0n) {
    const least = messages
      .map(({ type: each }) => each)
      .filter((each) => each <= -type)
      .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
    return messages.findIndex((message) => message.type === least);
  }
  const isExcept = (flags & MSG_EXCEPT) !== 0;
  return messages.findIndex((message) => type === 0n || (message.type === type) !== isExcept);
}

const tooLongError = (maxBytes: number): SyscallError =>
  new SyscallError(E2BIG, "msgrcv", { hint: tooLongHint(maxBytes) });

/** What is said of a message that is longer than the receiver takes. */
export const tooLongHint = (maxBytes: number): string =>
  `it is longer than ${maxBytes} bytes, and stays in the queue: take more, or truncate it`;
