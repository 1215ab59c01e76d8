// Signals by hand: how message queues send them, and who takes them.
import { expect, test } from "vitest";
import { BLOCKED, FORM_AWAITED, FORM_BLOCKING, GONE } from "../../assembly/abi/model.js";
import * as c from "../../src/constants.js";
import { catchableSignals } from "../../src/signals.js";
import { Driver, type Started } from "./testing.js";

const SIZE = { maxmsg: 2, msgsize: 16 };

/** Two processes: one that is told, and one that sends. */
class Told extends Driver {
  readonly sender = this.machine.createProcess();
  readonly queue = this.call("mq_open", "/q", c.O_RDWR | c.O_CREAT, 0o666, SIZE) as number;
  readonly theirs = this.start("mq_open", ["/q", c.O_RDWR], FORM_BLOCKING, this.sender).result;

  ask(signo: number): number {
    return this.call("mq_notify", this.queue, { notify: c.SIGEV_SIGNAL, signo }) as number;
  }

  send(): void {
    expect(
      this.start("mq_send", [this.theirs, new Uint8Array(1), 0], FORM_BLOCKING, this.sender).result,
    ).toBe(0);
  }

  receive(): Started {
    return this.start("mq_receive", [this.queue, new Uint8Array(16)]);
  }

  /** What is pending. */
  get pending(): readonly number[] | undefined {
    return this.machine.processes().find(({ process }) => process === this.process)?.pendingSignals;
  }
}

test("a message that finds its queue empty sends the signal that was asked for, once", () => {
  const d = new Told();
  expect(d.ask(c.SIGUSR2)).toBe(0);
  expect(d.machine.messageQueues()).toMatchObject([{ notified: d.process, signal: c.SIGUSR2 }]);
  expect(d.pending).toEqual([]);
  d.send();
  expect(d.pending).toEqual([c.SIGUSR2]);
  expect(d.machine.messageQueues()).toMatchObject([{ notified: undefined, signal: 0 }]);
  expect(d.call("sigwait", [c.SIGUSR1, c.SIGUSR2])).toBe(c.SIGUSR2);
  expect(d.receive().result).toBe(1);
  d.send();
  expect(d.pending).toEqual([]);
  // Asked for while the queue is not empty, it comes once it has been.
  expect(d.ask(c.SIGPWR)).toBe(0);
  d.send();
  expect(d.pending).toEqual([]);
  d.receive();
  d.receive();
  d.send();
  expect(d.pending).toEqual([c.SIGPWR]);
});

test("no signal is sent for a message that a blocked receiver is handed", () => {
  const d = new Told();
  d.ask(c.SIGUSR1);
  const blocked = d.receive();
  expect(blocked.result).toBe(BLOCKED);
  d.send();
  expect(d.go(blocked)).toBe(1);
  expect(d.pending).toEqual([]);
  // One that is awaited waits as a poll does.
  const awaited = d.start("mq_receive", [d.queue, new Uint8Array(16)], FORM_AWAITED);
  expect(awaited.result).toBe(BLOCKED);
  d.send();
  expect(d.pending).toEqual([c.SIGUSR1]);
});

test("a signal that is pending already is not sent twice, and the lowest is taken first", () => {
  const d = new Told();
  for (const signal of [c.SIGWINCH, c.SIGHUP, c.SIGWINCH]) {
    d.ask(signal);
    d.send();
    d.receive();
  }
  expect(d.pending).toEqual([c.SIGHUP, c.SIGWINCH]);
  expect(d.call("sigwait", [...catchableSignals.keys()])).toBe(c.SIGHUP);
  expect(d.call("sigwait", [...catchableSignals.keys()])).toBe(c.SIGWINCH);
  expect(d.pending).toEqual([]);
});

test.each([FORM_BLOCKING, FORM_AWAITED] as const)(
  "those that wait for a signal look again when it comes: form %i",
  (form) => {
    const d = new Told();
    d.ask(c.SIGUSR2);
    const other = d.start("sigwait", [[c.SIGUSR1]], form);
    const none = d.start("sigwait", [[]], form);
    const [first, second] = [
      d.start("sigwait", [[c.SIGUSR2]], form),
      d.start("sigwait", [[c.SIGUSR2]], form),
    ];
    expect([other, none, first, second].map(({ result }) => result)).toEqual(Array(4).fill(BLOCKED));
    d.send();
    expect(d.runnable()).toEqual([first.task, second.task]);
    expect(d.go(second)).toBe(c.SIGUSR2);
    expect(d.go(first)).toBe(BLOCKED);
    d.receive();
    d.ask(c.SIGUSR2);
    d.send();
    expect(d.go(first)).toBe(c.SIGUSR2);
    expect(d.runnable()).toEqual([]);
  },
);

test("a handler does not end a blocked wait, an abort ends an awaited one, and neither takes a signal", () => {
  const d = new Told();
  const blocked = d.start("sigwait", [[c.SIGUSR2]]);
  const awaited = d.start("sigwait", [[c.SIGUSR2]], FORM_AWAITED);
  d.machine.interrupt(blocked.task);
  d.machine.interrupt(awaited.task);
  expect(d.go(blocked)).toBe(BLOCKED);
  expect(d.go(awaited)).toBe(-c.EINTR);
  const cancelled = d.start("sigwait", [[c.SIGUSR2]], FORM_AWAITED);
  d.ask(c.SIGUSR2);
  d.send();
  expect(d.machine.cancel(cancelled.task)).toBe(-c.EINTR);
  expect(d.pending).toEqual([c.SIGUSR2]);
  expect(d.go(blocked)).toBe(c.SIGUSR2);
});

test("a process that ends is told of nothing, and is as if it had never been", () => {
  const d = new Told();
  const before = d.machine.snapshot();
  const run = (isTold: boolean): bigint => {
    d.machine.restore(before);
    if (isTold) {
      d.ask(c.SIGUSR2);
      d.send();
      d.receive();
      d.ask(c.SIGUSR1);
    }
    const waiting = d.start("sigwait", [[c.SIGTERM]]);
    d.start(
      "kill",
      [d.machine.processes().find(({ process }) => process === d.process)?.pid, c.SIGKILL],
      FORM_BLOCKING,
      d.sender,
    );
    expect(d.go(waiting)).toBe(GONE);
    // It has not closed its descriptors yet.
    d.send();
    expect(d.pending).toEqual([]);
    for (let left = d.runnable(); left.length > 0; left = d.runnable()) d.machine.exitStep(left[0] as number);
    return d.machine.hash();
  };
  expect(run(true)).toBe(run(false));
  expect(d.machine.messageQueues()).toMatchObject([{ notified: undefined, messages: 1 }]);
});

test("what is no signal is EINVAL", () => {
  const d = new Told();
  expect(d.ask(65)).toBe(-c.EINVAL);
  expect(d.ask(-1)).toBe(-c.EINVAL);
  expect(d.ask(c.NSIG + 1)).toBe(-c.EINVAL);
});
