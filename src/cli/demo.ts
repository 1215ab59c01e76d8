// `linux-ipc demo`: its two parts in order, and that nothing of them is left behind, however it ends.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { release, type } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type JobserverOptions, jobserverDemo } from "./jobserver-demo.js";
import { pipelineDemo } from "./pipeline-demo.js";
import { hasRealKernel, killDescendants } from "./processes.js";
import { colors, say } from "./screen.js";

export interface DemoOptions extends JobserverOptions {
  /** Left out: a file of the package. */
  readonly file: string | undefined;
  readonly word: string;
  readonly packageRoot: URL;
  /** Of the package. */
  readonly version: string;
}

/** @returns whether all held */
export async function demo(options: DemoOptions): Promise<boolean> {
  const path = filePath(options);
  leaveNothingBehind();
  say(`linux-ipc ${options.version}, node ${process.versions.node}, ${type()} ${release()}`);
  if (!hasRealKernel)
    say(colors.yellow(`This is ${process.platform}: what needs a real Linux kernel is skipped.`));
  const held = [await jobserverDemo(options), await pipelineDemo(path, options.word)];
  say();
  if (held.every(Boolean)) {
    say(colors.green(hasRealKernel ? "All of it held." : "All of it held; the real half was skipped."));
    return true;
  }
  say(colors.red("Not all of it held: see above."));
  return false;
}

function filePath({ file, packageRoot }: DemoOptions): string {
  if (file === undefined) {
    // Only a checkout has the lock file.
    const lock = fileURLToPath(new URL("package-lock.json", packageRoot));
    return existsSync(lock) ? lock : fileURLToPath(new URL("package.json", packageRoot));
  }
  const path = resolve(file);
  // It is read three times: by the model's cat, by ours, and by the shell's.
  if (!statSync(path).isFile()) throw new Error(`${file} is not a regular file`);
  accessSync(path, constants.R_OK);
  return path;
}

const stopSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

function leaveNothingBehind(): void {
  process.on("exit", () => {
    if (hasRealKernel) killDescendants(process.pid);
  });
  for (const [name, number] of Object.entries(stopSignals)) {
    process.on(name, () => process.exit(128 + number));
  }
  // Who reads what we say may have had enough of it: linux-ipc demo | head -1.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(128 + 13);
  });
}
