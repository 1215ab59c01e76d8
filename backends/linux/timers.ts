// Times that calls wait for, to the nanosecond: a timerfd(2) for each clock, set to the earliest time on it.
// Absolute times follow their clock when it is set; node's own timers count whole milliseconds and can fire
// early.
import { O_CLOEXEC, O_NONBLOCK } from "../../assembly/abi/fcntl.js";
import { POLLIN } from "../../assembly/abi/poll.js";
import type { Watch } from "../../src/waiting.js";
import { type Deadline, readClock, setTimespec } from "./clock.js";
import { moveUp } from "./descriptors.js";
import * as libc from "./libc.js";
import { type Wakeable, watchDescriptor } from "./readiness.js";

const TFD_TIMER_ABSTIME = 1;
const SETTING_OFFSET = 128;

class Timer implements Watch {
  constructor(
    readonly timers: ClockTimers,
    readonly timeNs: bigint,
    readonly waiter: Wakeable,
  ) {}

  cancel(): void {
    this.timers.remove(this);
  }
}

/** All times that are waited for on one clock. */
class ClockTimers implements Wakeable {
  /** The earliest first. */
  readonly #timers: Timer[] = [];
  #setTo: bigint | undefined;
  /** There while the descriptor is to report. It is not read: setting it anew makes it unreadable. */
  #registration: Watch | undefined;

  constructor(
    readonly clockid: number,
    readonly fd: number,
  ) {}

  /** @returns the timer, or -errno */
  add(timeNs: bigint, waiter: Wakeable): Watch | number {
    const timer = new Timer(this, timeNs, waiter);
    let low = 0;
    for (let high = this.#timers.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle] as Timer).timeNs <= timeNs) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    const result = this.#set();
    if (result < 0) timer.cancel();
    return result < 0 ? result : timer;
  }

  remove(timer: Timer): void {
    // It stays set for a timer that is gone, and wakes nobody then.
    const at = this.#timers.indexOf(timer);
    if (at !== -1) this.#timers.splice(at, 1);
  }

  wake(): boolean {
    this.#setTo = undefined;
    this.#registration?.cancel();
    this.#registration = undefined;
    const now = readClock(this.clockid) ?? 0n;
    const later = this.#timers.findIndex(({ timeNs }) => timeNs > now);
    // Those who wake take themselves out.
    const due = this.#timers.slice(0, later === -1 ? undefined : later);
    for (const { waiter } of due) waiter.wake(true);
    const result = this.#set();
    if (result < 0) this.fail(-result);
    return due.length > 0;
  }

  /** The timer itself failed: so do all who wait for it. */
  fail(errno: number): void {
    for (const { waiter } of [...this.#timers]) waiter.fail(errno);
  }

  #set(): number {
    const [first] = this.#timers;
    if (first === undefined || this.#setTo === first.timeNs) return 0;
    const { address, view } = libc.scratch;
    // struct itimerspec { it_interval; it_value; }: no interval; a value of 0 would switch it off.
    view.setBigInt64(SETTING_OFFSET, 0n, true);
    view.setBigInt64(SETTING_OFFSET + 8, 0n, true);
    setTimespec(view, SETTING_OFFSET + 16, first.timeNs > 0n ? first.timeNs : 1n);
    const setting = address + SETTING_OFFSET;
    const result = libc.resultOrErrno(libc.timerfd_settime(this.fd, TFD_TIMER_ABSTIME, setting, 0));
    if (result < 0) return result;
    this.#setTo = first.timeNs;
    if (this.#registration !== undefined) return 0;
    const watch = watchDescriptor(this.fd, POLLIN, this, { isOwn: true });
    if (typeof watch === "number") return watch;
    this.#registration = watch;
    return 0;
  }
}

const clocks = new Map<number, ClockTimers>();

/**
 * Wakes `waiter` when the time has come. Call it between `hold` and `release`. @returns the timer, or -errno
 */
export function watchTime({ clockid, timeNs }: Deadline, waiter: Wakeable): Watch | number {
  let timers = clocks.get(clockid);
  if (timers === undefined) {
    const fd = libc.resultOrErrno(libc.timerfd_create(clockid, O_CLOEXEC | O_NONBLOCK));
    if (fd < 0) return fd;
    timers = new ClockTimers(clockid, moveUp(fd));
    clocks.set(clockid, timers);
  }
  return timers.add(timeNs, waiter);
}
