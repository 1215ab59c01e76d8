// What the command says: a bar that moves on a terminal, plain lines elsewhere.
import { Presets, SingleBar } from "cli-progress";
import colors from "picocolors";

export { colors };

export const say = (line = ""): void => {
  process.stdout.write(`${line}\n`);
};

export const heading = (title: string): void => say(`\n${colors.bold(title)}`);

/** Some lines of another's making, set off from ours. */
export const quote = (text: string): void => {
  for (const line of text.trimEnd().split("\n")) say(`    ${line}`);
};

export interface Progress {
  /** Tells how far the work has come. @param note stands beside the count */
  at(count: number, note?: string): void;
  /** Takes the bar away. */
  done(): void;
}

/** Shows the progress of one piece of work, of `total` parts. */
export function progress(title: string, total: number): Progress {
  if (!process.stdout.isTTY) return plainProgress(title, total);
  const format = `  ${title} {bar} {value}/{total} {note}`;
  const bar = new SingleBar(
    { format, hideCursor: true, clearOnComplete: true, barsize: 24, gracefulExit: false },
    Presets.shades_classic,
  );
  const stop = (): void => bar.stop();
  // Whoever ends the command half-way gets the cursor back.
  process.once("exit", stop);
  bar.start(total, 0, { note: "" });
  return {
    at: (count, note = "") => bar.update(count, { note }),
    done() {
      process.off("exit", stop);
      stop();
    },
  };
}

const lineIntervalMs = 2000;

function plainProgress(title: string, total: number): Progress {
  say(`  ${title}: ${total}`);
  let last = Date.now();
  return {
    at(count, note = "") {
      if (Date.now() - last < lineIntervalMs || count === total) return;
      last = Date.now();
      say(`  ${title}: ${count} of ${total}${note === "" ? "" : `, ${note}`}`);
    },
    done() {},
  };
}
