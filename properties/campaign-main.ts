// The module that a campaign's process is started with.
import { runCampaign } from "./campaign.js";
import type { Message } from "./isolation.js";
import type { Request } from "./report.js";

const PROGRESS_INTERVAL_MS = 200;

const send = (message: Message): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()) ?? resolve());

let toldAt = 0;
function progress(steps: number): void {
  if (Date.now() - toldAt < PROGRESS_INTERVAL_MS) return;
  toldAt = Date.now();
  void send({ progress: steps });
}

// Whoever asked is gone: nobody waits for the rest.
process.on("disconnect", () => process.exit(1));
try {
  const report = await runCampaign(JSON.parse(process.argv[2] as string) as Request, progress);
  await send({ report });
} catch (error) {
  await send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
process.exit(0);
