// Signals that tell of messages, on the real kernel: each scenario runs in a node process of its own, with the built package, in
// an IPC namespace of its own where that is allowed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SIGHUP, SIGUSR1, SIGUSR2 } from "../../src/constants.js";
import { catchableSignals } from "../../src/signals.js";

const program = fileURLToPath(new URL("./fixtures/notifications.mjs", import.meta.url));

const isolating = spawnSync("unshare", ["--ipc", "true"]).status === 0 ? ["unshare", "--ipc"] : [];

/** What a scenario prints. Its process must end by itself, and by no signal. */
function resultOf(scenario: string): unknown {
  const [file, ...args] = [...isolating, process.execPath, program, scenario];
  const { stdout, stderr, status, signal, error } = spawnSync(file as string, args, {
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  if (error !== undefined) throw error;
  expect([status, signal, stderr]).toEqual([0, null, ""]);
  return JSON.parse(stdout);
}

it("each signal that can be caught is, also while nobody waits for it", () => {
  expect(resultOf("each signal")).toEqual(Array(catchableSignals.size).fill(true));
});

it("a notification comes once", () => {
  expect(resultOf("once")).toEqual([SIGUSR2, "none", SIGUSR1, "none"]);
});

it("two of a kind that nobody waits for are one", () => {
  expect(resultOf("one of a kind")).toEqual([SIGUSR2, "none"]);
});

it("none comes that was withdrawn, or dropped by a close", () => {
  expect(resultOf("withdrawn")).toEqual(["none", "none"]);
});

it("a message of another process is told of, and waiting for that keeps a process alive", () => {
  expect(resultOf("other process")).toEqual([SIGHUP, 1]);
});

it("none comes of a message that a blocked receiver is handed", () => {
  // The receiver ends well, its message is not told of, who is registered still is, and the next message is told of.
  expect(resultOf("blocked receiver")).toEqual([0, "none", [String(SIGUSR2), true], SIGUSR2]);
});

it("an abort loses no signal", () => {
  expect(resultOf("aborts")).toEqual(["sigwait: the operation was aborted", SIGUSR2]);
});

it("a notification is kept while descriptors of its queue are duplicated and passed", () => {
  expect(resultOf("kept")).toEqual([SIGUSR2]);
});

it("a signal that is pending at the call beats an abort", () => {
  expect(resultOf("pending at the call")).toEqual([SIGUSR2, "sigwait: the operation was aborted"]);
});

it("each of several that wait takes one", () => {
  expect(resultOf("several wait")).toEqual([
    ["a", SIGUSR2],
    ["b", SIGUSR1],
  ]);
});

it("other listeners are called too, and who removes all has the signal caught again", () => {
  expect(resultOf("other listeners")).toEqual([SIGUSR2, 1, SIGUSR2, 1]);
});

it("what cannot be is refused, and said why", () => {
  expect(resultOf("refused")).toEqual([
    expect.stringMatching(/^ENOSYS: .*, mq_notify, fd \d+$/),
    expect.stringMatching(/^ENOSYS: .*, mq_notify, fd \d+$/),
    expect.stringMatching(/^EINVAL: .*, mq_notify, fd \d+$/),
    expect.stringMatching(/^ENOSYS: .*, mq_notify, fd \d+$/),
    "EINVAL: invalid argument, sigwait",
    "EINVAL: invalid argument, sigwait",
    expect.stringMatching(/^EBADF: .*, mq_notify, fd 9999 /),
    "ENOSYS: function not implemented, sigwait (a thread that is blocked is told of no signal: await linux.sigwait)",
  ]);
});

it("a Worker is told of none, and asks for those only that the main thread catches", () => {
  expect(resultOf("worker")).toEqual([
    expect.stringMatching(
      /^ENOSYS: .*, mq_notify, fd \d+ \(the main thread is to name the signal first, .*\)$/,
    ),
    "ENOSYS: function not implemented, sigwait (signals reach the main thread only)",
    "done",
    SIGUSR2,
  ]);
});

it("at its end a process is registered nowhere any more: node stops catching signals before it is gone", () => {
  expect(resultOf("exit")).toEqual([String(SIGUSR2), ["0", "0"]]);
});

it("a lane's call is not interrupted by them, while libc's and V8's signals come through", () => {
  expect(resultOf("lanes")).toEqual([true, false, false, "msgrcv: the operation was aborted"]);
});
