/** Programs on a simulated kernel, in one schedule or in many: the entry `linux-ipc/simulation`. */
export type { MachineOptions } from "../../backends/wasm/machine.js";
export { ExplorationError, SimulationError } from "./errors.js";
export { type Explore, explore } from "./explore.js";
export type { FailureKind } from "./finding.js";
export type { Globals } from "./globals.js";
export type { Coverage, ExplorationOptions, RootProgram, SimulationOptions, Strategy } from "./options.js";
export { replay } from "./replay.js";
export type { ExplorationReport, Leak, SimulationReport } from "./report.js";
export { simulate } from "./simulate.js";
export { Trace, type TraceProcess, type TraceStep } from "./trace.js";
