// How many steps a second the conformance suite makes on the real kernel and judges by the model.
import { startCampaign } from "../properties/isolation.js";
import type { Benchmark, Row } from "./benchmark.js";
import { perSecond, spread } from "./measure.js";

export const conformance: Benchmark = {
  name: "conformance",
  kernel: "linux",
  async run(effort) {
    const rows: Row[] = [];
    for (const executor of ["sync", "awaited"] as const) {
      const rates: number[] = [];
      for (let seed = 1; seed <= Math.ceil(effort.rounds / 9); seed++) {
        const steps = 3_000 * effort.scale;
        const { report } = startCampaign({ steps, seed, only: "pipe", executor }, () => {});
        const { tallies, difference } = await report;
        const [tally] = tallies;
        if (difference !== undefined || tally === undefined) throw new Error("model and kernel differ");
        rates.push(tally.steps / tally.seconds);
      }
      const figure = spread(rates);
      rows.push({
        what: `conformance: steps of the ${executor} executor`,
        ours: perSecond("steps")(figure.median),
        peer: "",
        figure,
        unit: "steps/s",
        ...(executor === "sync" && { goal: { atLeast: 300 } }),
      });
    }
    return rows;
  },
};
