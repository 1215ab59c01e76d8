// To be told once of a message that finds a queue empty: mq_notify(3), by a signal, which sigwait(3) takes.
import { SIGEV_SIGNAL } from "../../assembly/abi/mqueue.js";
import { SIGIO, SIGPWR, SIGURG, SIGUSR2, SIGWINCH } from "../../assembly/abi/signal.js";
import { abortSignal } from "../arguments.js";
import { asyncDispose } from "../dispose.js";
import { abortError, argumentError, codeOf, explain, isAbortError, type SyscallError } from "../errors.js";
import type { Handle } from "../handle.js";
import type { Linux } from "../linux.js";
import { optionsOf } from "../options.js";
import { catchableSignals } from "../signals.js";
import { withTimeout } from "../timeout.js";

/** Options of asking to be told. */
export interface NotifyOptions {
  /**
   * The signal by which the kernel tells, which this process catches from then on until it ends: one that `sigwait` waits for. The
   * first of SIGUSR2, SIGURG, SIGIO, SIGPWR and SIGWINCH by which no other notification of this process is told, if left out.
   */
  readonly signo?: number;
  /** Cancels it. */
  readonly signal?: AbortSignal;
}

/** A registration to be told of a message. */
export interface MessageNotification {
  /** The signal by which the kernel tells. */
  readonly signo: number;
  /**
   * Resolves when a message has come into the empty queue: look what is there. Also by the same signal from elsewhere. Rejects with
   * an AbortError if it is cancelled, and with EBADF if the object is closed; unhandled, that is no error.
   */
  readonly arrived: Promise<void>;
  /** Withdraws it, unless the message has come. A second call does nothing. */
  cancel(): Promise<void>;
  /** `cancel`, for `await using`. */
  [asyncDispose](): Promise<void>;
}

const preferred: readonly number[] = [SIGUSR2, SIGURG, SIGIO, SIGPWR, SIGWINCH];

/** The signals by which notifications of a process are told now. */
const taken = new WeakMap<Linux, Set<number>>();

function signalsOf(linux: Linux): Set<number> {
  const signals = taken.get(linux) ?? new Set();
  taken.set(linux, signals);
  return signals;
}

/** Chooses a signal, and keeps others from choosing it. */
function takeSignal(linux: Linux, wanted: number | undefined): number {
  const signals = signalsOf(linux);
  const signo = wanted ?? preferred.find((each) => !signals.has(each));
  if (signo === undefined || signals.has(signo)) {
    const which = signo === undefined ? "all signals are" : `${catchableSignals.get(signo)} is`;
    const error = new Error(
      `notify: ${which} taken by other notifications of this process, which must end first`,
    );
    throw Object.assign(error, { code: "ERR_INVALID_STATE" });
  }
  signals.add(signo);
  return signo;
}

/** The notifications of one queue's object. */
export class Notifications {
  readonly #queue: Handle;
  readonly #live = new Set<Notification>();

  constructor(queue: Handle) {
    this.#queue = queue;
  }

  /** Asks to be told. */
  async add(options: NotifyOptions | undefined): Promise<MessageNotification> {
    const { signo: wanted } = optionsOf<NotifyOptions>("notify", options);
    if (wanted !== undefined && !catchableSignals.has(wanted)) {
      const names = [...catchableSignals.values()].join(", ");
      throw argumentError("notify", "options.signo", `one of ${names}`, wanted);
    }
    const signal = abortSignal("notify", options);
    if (signal?.aborted) throw abortError("notify", signal.reason);
    const { linux } = this.#queue;
    this.#queue.openNumber("notify");
    const signo = takeSignal(linux, wanted);
    try {
      await dropPending(linux, signo);
      await linux.mq_notify(this.#queue.openNumber("notify"), { notify: SIGEV_SIGNAL, signo });
      // Closed meanwhile: withdrawn, by the kernel.
      this.#queue.openNumber("notify");
    } catch (error) {
      signalsOf(linux).delete(signo);
      if (codeOf(error) === "EBUSY") {
        explain(error as SyscallError, "a process is told of the next message already: this one, or another");
      }
      throw this.#queue.named(error);
    }
    const notification = new Notification(this.#queue, signo, () => this.#live.delete(notification));
    this.#live.add(notification);
    notification.begin(signal);
    return notification;
  }

  /** Ends all of them: the kernel withdraws them when the queue's descriptor is closed. */
  close(): void {
    for (const notification of this.#live) void notification.cancel();
  }
}

/** Takes a signal that came before: for a notification that was cancelled, or from elsewhere. */
async function dropPending(linux: Linux, signo: number): Promise<void> {
  try {
    await withTimeout(linux, "notify", { timeout: 0 }, (waitOptions) => linux.sigwait([signo], waitOptions));
  } catch (error) {
    if (codeOf(error) !== "TIMEOUT_ERR") throw error;
  }
}

class Notification implements MessageNotification {
  readonly arrived: Promise<void>;
  readonly #queue: Handle;
  readonly #ender = new AbortController();
  readonly #onEnd: () => void;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #ended: Promise<void> | undefined;
  #isOver = false;
  #cancelling: Promise<void> | undefined;

  constructor(
    queue: Handle,
    readonly signo: number,
    onEnd: () => void,
  ) {
    this.#queue = queue;
    this.#onEnd = onEnd;
    this.arrived = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.arrived.catch(() => undefined);
  }

  /** @param signal cancels it */
  begin(signal: AbortSignal | undefined): void {
    const onAbort = (): void => void this.cancel().catch(() => undefined);
    signal?.addEventListener("abort", onAbort);
    this.#ended = this.#wait(signal).finally(() => {
      this.#isOver = true;
      signal?.removeEventListener("abort", onAbort);
      signalsOf(this.#queue.linux).delete(this.signo);
      this.#onEnd();
    });
    if (signal?.aborted) onAbort();
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const queue = this.#queue;
    try {
      await queue.linux.sigwait([this.signo], { signal: this.#ender.signal });
      this.#resolve();
    } catch (error) {
      if (!isAbortError(error)) this.#reject(queue.named(error));
      else if (queue.isClosed) this.#reject(queue.named(queue.closedError("notify")));
      else this.#reject(queue.named(abortError("notify", signal?.reason)));
    }
  }

  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancel();
    return this.#cancelling;
  }

  async #cancel(): Promise<void> {
    if (this.#isOver) return;
    const queue = this.#queue;
    try {
      // The process's own registration, if it is not used up; that of another process it leaves alone.
      if (!queue.isClosed) await queue.linux.mq_notify(queue.openNumber("notify"), null);
    } catch (error) {
      if (!queue.isClosed) throw queue.named(error);
    } finally {
      this.#ender.abort("cancelled");
      await this.#ended;
    }
  }

  [asyncDispose](): Promise<void> {
    return this.cancel();
  }
}
