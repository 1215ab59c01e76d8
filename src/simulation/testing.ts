// For tests of the simulator.
import { SimulationError } from "./errors.js";

/** The error that a simulation fails with. */
export async function errorOf(simulation: Promise<unknown>): Promise<SimulationError> {
  const error = await simulation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SimulationError) return error;
  throw error ?? new Error("the simulation did not fail");
}
