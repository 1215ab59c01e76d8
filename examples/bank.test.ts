// Tellers are killed at every step, at random on the model, and at random moments on the real kernel: the lock is never left held, and no
// money is lost. LINUX_IPC_KILLS says how many are killed for real, 20 if it is not set; on the model it is 50 times as many.
import { type Linux, program, SIGKILL } from "linux-ipc";
import { explore } from "linux-ipc/simulation";
import { describe, expect, it } from "vitest";
import type * as Bank from "./bank.js";
import { FIRST_PID, killedAtEveryStep } from "./killing/testing.js";
import { built, isLinux, onBothKernels, reallyRunCleanly } from "./testing.js";

const { accountCount, audit, close, deposit, forgetful, hire, open, spendDay, teller, visitorOf } =
  await built<typeof Bank>("bank");

const total = accountCount * deposit;
const realKills = Number(process.env.LINUX_IPC_KILLS ?? 20);
const modelKills = 50 * realKills;
const timeout = 60_000 + 1000 * realKills;

describe.each(["mutex", "semaphores"] as const)("a bank with the lock %s", (lockKind) => {
  it("loses no money while nobody is killed, on the model and on the real kernel", async () => {
    const day = await onBothKernels((linux) => spendDay(linux, lockKind, teller, 2, 3), []);
    expect(day).toEqual({ total, deaths: 0 });
  });

  it.each([
    { who: "one teller", victims: [FIRST_PID] },
    { who: "both tellers", victims: [FIRST_PID, FIRST_PID + 1] },
  ])("loses no money to kills: $who, at every step", async ({ victims }) => {
    let deaths = 0;
    const run = async (linux: Linux): Promise<void> => {
      const day = await spendDay(linux, lockKind, teller, 2, 2);
      expect(day.total).toBe(total);
      deaths += day.deaths;
    };
    const runs = await killedAtEveryStep(victims, run, 2);
    expect(deaths).toBeGreaterThan(runs / 2);
  });

  it("loses money if who comes next does not look what the dead have left", async () => {
    const killed = killedAtEveryStep([FIRST_PID], async (linux) => {
      const day = await spendDay(linux, lockKind, forgetful, 2, 2);
      if (day.total !== total) throw new Error(`${day.total} of ${total} are left`);
    });
    await expect(killed).rejects.toThrow(/\d of 400 are left/);
  });

  it(`loses no money to ${modelKills} kills at random on the model`, { timeout }, async () => {
    let deaths = 0;
    for (let seed = 1; deaths < modelKills; seed++) {
      // The kill is a step like any other: at random among them, the later the more calls come before it.
      const calls = (7 * seed) % 60;
      await explore({ schedules: 100, seed, leaks: "fail" }, async (linux) => {
        const pid = await linux.spawn(killer, { args: [FIRST_PID, calls] });
        const day = await spendDay(linux, lockKind, teller, 2, 2);
        expect(day.total).toBe(total);
        deaths += day.deaths;
        await linux.waitpid(pid);
      });
    }
  });

  it.runIf(isLinux)(`loses no money to ${realKills} kills on the real kernel`, { timeout }, async () => {
    await reallyRunCleanly((linux) => killTellers(linux, lockKind, realKills), []);
  });
});

/** Kills a process after some calls of its own that do nothing, if it is still there. */
const killer = program(import.meta.url, async function killer(linux, victim: number, calls: number) {
  for (let call = 0; call < calls; call++) await linux.getpid();
  await linux.kill(victim, SIGKILL).catch((error: { code?: string }) => {
    if (error.code !== "ESRCH") throw error;
  });
});

/** Kills tellers one after the other, each at a random moment while it works; another takes its place. */
async function killTellers(linux: Linux, lockKind: Bank.LockKind, kills: number): Promise<void> {
  const bank = await open(linux, lockKind);
  let hired = 0;
  const start = (): Promise<number> => hire(bank, teller, hired++ % accountCount, Number.MAX_SAFE_INTEGER);
  const tellers = [await start(), await start(), await start()];
  for (let kill = 0; kill < kills; kill++) {
    const victim = tellers[kill % tellers.length] as number;
    while ((await visitorOf(bank)) !== victim) await new Promise(setImmediate);
    // At any moment of the visit, which takes some hundred microseconds.
    const end = process.hrtime.bigint() + BigInt(Math.floor(Math.random() * 300_000));
    while (process.hrtime.bigint() < end);
    await linux.kill(victim, SIGKILL);
    await linux.waitpid(victim);
    expect(await audit(bank)).toBe(total);
    tellers[kill % tellers.length] = await start();
  }
  for (const pid of tellers) {
    await linux.kill(pid, SIGKILL);
    await linux.waitpid(pid);
  }
  expect(await audit(bank)).toBe(total);
  await close(bank);
}
