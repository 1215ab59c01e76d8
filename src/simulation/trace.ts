// What happened in one schedule, step by step, and how people see it: a column for each process.
import { cut } from "./call-text.js";

/** One step of a schedule. */
export interface TraceStep {
  /** From 1. A call that is aborted is no step: it has the number of the step before it. */
  readonly step: number;
  /** The process; 0 if time passes. */
  readonly pid: number;
  /** The call by name; `exiting` if an ended process gives up what it held, `timer` if time passes. */
  readonly call: string;
  /** The call with its arguments and what came of it. */
  readonly text: string;
  /** It has to wait. */
  readonly waits: boolean;
  /** It is a write that had waited and sees that there is room: its attempt is a step of its own. */
  readonly seesRoom: boolean;
  /** It had waited and looks again. */
  readonly resumed: boolean;
  /** The processes whose waiting calls can look again after this step. */
  readonly wakes: readonly number[];
}

/** A process of a schedule. */
export interface TraceProcess {
  readonly pid: number;
  /** Its function's name, or its module and place. */
  readonly name: string;
}

const WIDEST_COLUMN = 48;
const WIDEST_TABLE = 160;

/** All steps of one schedule. `String(trace)` gives them in columns. */
export class Trace {
  constructor(
    readonly steps: readonly TraceStep[],
    readonly processes: readonly TraceProcess[],
  ) {}

  /**
   * One row a step, one column a process; `...` stands before a call that had waited.
   * @param rows how many rows at most; the middle of a longer trace is left out
   */
  toString(rows = 60): string {
    const columns = this.processes.map((process) => new Column(process, this.steps));
    const width = columns.reduce((sum, column) => sum + column.width + 2, 6);
    return (width <= WIDEST_TABLE ? this.#table(columns, rows) : this.#list(rows)).join("\n");
  }

  #table(columns: readonly Column[], rows: number): string[] {
    const line = (step: string, cells: readonly string[], note: string): string =>
      [step.padStart(4), ...cells.map((cell, i) => cell.padEnd(columns[i]?.width ?? 0)), note]
        .join("  ")
        .trimEnd();
    const header = line(
      "step",
      columns.map(({ title }) => title),
      "",
    );
    return [
      header,
      ...this.#middleLeftOut(rows, (step) =>
        line(
          `${step.step}`,
          columns.map(({ pid }) => (pid === step.pid ? cellText(step) : "")),
          noteText(step),
        ),
      ),
    ];
  }

  /** For many processes: columns would not fit. */
  #list(rows: number): string[] {
    return this.#middleLeftOut(rows, (step) => {
      const who = step.pid === 0 ? "" : `pid ${step.pid} ${cellText(step)}`;
      return `${`${step.step}`.padStart(4)}  ${who}  ${noteText(step)}`.trimEnd();
    });
  }

  #middleLeftOut(rows: number, show: (step: TraceStep) => string): string[] {
    const { steps } = this;
    if (steps.length <= rows) return steps.map(show);
    // The end tells more than the beginning.
    const first = Math.floor(rows / 3);
    const last = rows - first;
    const left = (steps.length - rows).toLocaleString("en-US");
    return [
      ...steps.slice(0, first).map(show),
      `      ... ${left} steps left out ...`,
      ...steps.slice(steps.length - last).map(show),
    ];
  }
}

class Column {
  readonly pid: number;
  readonly title: string;
  readonly width: number;

  constructor({ pid, name }: TraceProcess, steps: readonly TraceStep[]) {
    this.pid = pid;
    this.title = cut(`pid ${pid} ${name}`, WIDEST_COLUMN);
    const own = steps.filter((step) => step.pid === pid);
    this.width = Math.max(this.title.length, ...own.map((step) => cellText(step).length));
  }
}

function cellText({ text, waits, seesRoom, resumed }: TraceStep): string {
  const ending = waits ? " waits" : seesRoom ? " sees room" : "";
  return cut(`${resumed ? "... " : ""}${text}`, WIDEST_COLUMN - ending.length) + ending;
}

function noteText({ pid, text, wakes }: TraceStep): string {
  const woken = wakes.length === 0 ? "" : `wakes pid ${wakes.join(", ")}`;
  return pid === 0 ? `${text} ${woken}`.trimEnd() : woken;
}
