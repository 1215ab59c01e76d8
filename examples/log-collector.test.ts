// Short lines are whole in every schedule, with a full pipe too; long ones as long as the pipe has room, and no longer.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type * as LogCollector from "./log-collector.js";
import { built, explored, foundIn, isLinux, reallyRun } from "./testing.js";

const { collect } = await built<typeof LogCollector>("log-collector");

/** Runs it in a folder of its own, in which nothing may be left. */
async function reallyCollect(load: LogCollector.Load): Promise<LogCollector.Collected> {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-log-"));
  try {
    const collected = await reallyRun((linux) => collect(linux, join(folder, "log"), load));
    expect(readdirSync(folder)).toEqual([]);
    return collected;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("lines in a log", () => {
  it("of PIPE_BUF bytes are whole, though the pipe is full, on the model and on the real kernel", async () => {
    // Together twice what the pipe holds.
    const load = { writers: 4, lines: 8, size: 4096 };
    const collected = await explored((linux) => collect(linux, "log", load));
    expect(collected).toEqual({ whole: 32, torn: 0 });
    if (isLinux) expect(await reallyCollect(load)).toEqual(collected);
  });

  it("longer than that are whole while the pipe has room, on the model and on the real kernel", async () => {
    const load = { writers: 3, lines: 1, size: 10_000 };
    const collected = await explored((linux) => collect(linux, "log", load));
    expect(collected).toEqual({ whole: 3, torn: 0 });
    if (isLinux) expect(await reallyCollect(load)).toEqual(collected);
  });

  it("longer than that are torn when the pipe is full, in some schedules", async () => {
    const load = { writers: 3, lines: 4, size: 10_000 };
    const { kind, message } = await foundIn(async (linux) => {
      const { torn } = await collect(linux, "log", load);
      if (torn > 0) throw new Error(`${torn} torn lines`);
    });
    expect(kind).toBe("throw");
    expect(message).toMatch(/torn lines/);
  });
});
