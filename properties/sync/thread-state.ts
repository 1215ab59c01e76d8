// Seeing that a thread is blocked. /proc/PID/task/TID/syscall says `running`, or the number and arguments of the call that
// it sleeps in: proc_pid_syscall(5). To be blocked means to sleep (state S: one that waits for a page is D) in the call
// that was asked for, with the same arguments. That it did not return and block again between two looks is known from the
// count of its turns on a processor, the third number of `schedstat`.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { FUTEX_CMD_MASK, FUTEX_WAIT, FUTEX_WAIT_BITSET } from "../../assembly/abi/futex.js";
import { type Action, javascriptArgument, waitsAtMemory } from "../action.js";

/** The numbers of the calls that can block: the kernel's tables for x86-64 and for all younger architectures. */
const numbers: Readonly<Record<string, readonly number[]>> =
  process.arch === "x64"
    ? {
        read: [0, 19],
        write: [1, 20],
        readv: [19],
        writev: [20],
        open: [2, 257],
        tee: [276],
        splice: [275],
        vmsplice: [278],
        poll: [7, 271],
        clock_nanosleep: [230],
        waitpid: [61, 247],
        msgsnd: [69],
        msgrcv: [70],
        semop: [65, 220],
        semtimedop: [220],
        mq_send: [242],
        mq_timedsend: [242],
        mq_receive: [243],
        mq_timedreceive: [243],
        futex_waitv: [449],
      }
    : {
        read: [63, 65],
        write: [64, 66],
        readv: [65],
        writev: [66],
        open: [56],
        tee: [77],
        splice: [76],
        vmsplice: [75],
        poll: [73],
        clock_nanosleep: [115],
        waitpid: [260, 95],
        msgsnd: [189],
        msgrcv: [188],
        semop: [193, 192],
        semtimedop: [192],
        mq_send: [182],
        mq_timedsend: [182],
        mq_receive: [183],
        mq_timedreceive: [183],
        futex_waitv: [449],
      };

/** futex(2), which calls that wait at memory are made of; threads of the runtime wait in it too, at words of their own. */
const FUTEX = process.arch === "x64" ? 202 : 98;

/** Of an address the bytes from the start of its page on: those that a copy of the page, or a second mapping, has too. */
const placeInPage = (address: number): number => address & 0xfff;

const buffer = Buffer.alloc(512);

/** One thread of another process, through its files in /proc, which stay open. */
export class ThreadState {
  readonly #syscall: number;
  readonly #schedstat: number;
  readonly #stat: number;
  /** The turns it had had when it was last seen blocked in the present call; -1 if it was not. */
  #turnsWhenBlocked = -1;

  constructor(pid: number, thread: number) {
    const folder = `/proc/${pid}/task/${thread}`;
    this.#syscall = openSync(`${folder}/syscall`, "r");
    this.#schedstat = openSync(`${folder}/schedstat`, "r");
    this.#stat = openSync(`${folder}/stat`, "r");
  }

  /** It was given a new call: what was seen is out of date. */
  forget(): void {
    this.#turnsWhenBlocked = -1;
  }

  /** Whether it is blocked in the call of `action`: the number of turns it has had, or -1. A dead thread is not blocked. */
  turnsIfBlockedIn(action: Action): number {
    try {
      return this.#look(action);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return -1;
      throw error;
    }
  }

  #look(action: Action): number {
    const turns = this.#turns();
    if (turns !== this.#turnsWhenBlocked) {
      if (!this.#sleepsIn(action) || this.#turns() !== turns) return -1;
    }
    // A thread that is being woken on another processor (TASK_WAKING) shows its call still, but no longer state S.
    if (this.#state() !== "S") return -1;
    this.#turnsWhenBlocked = turns;
    return turns;
  }

  #turns(): number {
    const length = readSync(this.#schedstat, buffer, 0, 128, 0);
    const text = buffer.toString("latin1", 0, length);
    return Number(text.slice(text.lastIndexOf(" ") + 1));
  }

  #state(): string {
    const length = readSync(this.#stat, buffer, 0, 512, 0);
    const text = buffer.toString("latin1", 0, length);
    return text.charAt(text.lastIndexOf(")") + 2);
  }

  #sleepsIn(action: Action): boolean {
    const length = readSync(this.#syscall, buffer, 0, 256, 0);
    const [number, ...args] = buffer.toString("latin1", 0, length).split(" ", 4);
    if (isAtWord(action)) return isWaitOf(action, Number(number), args.map(Number));
    return numbers[action.call]?.includes(Number(number)) === true && isCallOf(action, args);
  }

  /** What /proc says, for a failure of the harness. */
  toString(): string {
    try {
      const state = this.#state();
      const length = readSync(this.#syscall, buffer, 0, 256, 0);
      return `${state} ${buffer.toString("latin1", 0, length).trim()}`;
    } catch {
      return "ended";
    }
  }

  close(): void {
    closeSync(this.#syscall);
    closeSync(this.#schedstat);
    closeSync(this.#stat);
  }
}

const isCallOf = (action: Action, args: readonly string[]): boolean =>
  shownArguments(action).every((value, place) => value === undefined || Number(args[place]) === value);

/** Whether an action waits at one word of memory, which is futex(2). */
const isAtWord = ({ call }: Action): boolean => waitsAtMemory(call) && call !== "futex_waitv";

/**
 * Whether a thread that sleeps does so for an action that waits at a word, and not for the runtime, whose threads wait so too. A lane waits
 * until a time: of the operation only what it has of the action's counts. Of libc's semaphores no more is known than where they are.
 */
function isWaitOf({ call, args }: Action, number: number, shown: readonly number[]): boolean {
  const [address = 0, operation, value = 0] = shown;
  const [expectedAddress = 0, ...rest] = args.map(javascriptArgument) as readonly number[];
  if (number !== FUTEX || placeInPage(address) !== placeInPage(expectedAddress)) return false;
  if (call !== "futex" && call !== "memory_wait") return true;
  const [expectedOperation = 0, expected = 0] = call === "futex" ? rest : [FUTEX_WAIT, ...rest];
  const isPlain = operation === expectedOperation;
  const isUntil = operation === (FUTEX_WAIT_BITSET | (expectedOperation & ~FUTEX_CMD_MASK));
  return (isPlain || isUntil) && (value | 0) === (expected | 0);
}

const laneNumbers = ["open", "msgsnd", "msgrcv", "semop", "semtimedop", "futex_waitv"].flatMap(
  (call) => numbers[call] ?? [],
);

/**
 * How many threads of a process are blocked in a call that waits in a lane.
 * @param underway the calls that may: at the words of those that wait at memory
 */
export function countBlockedLanes(pid: number, underway: readonly Action[] = []): number {
  const waits = underway.filter(isAtWord);
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).filter((thread) => {
    try {
      const folder = `${threads}/${thread}`;
      const [number, ...args] = readFileSync(`${folder}/syscall`, "latin1").split(" ", 4);
      const isInLane = laneNumbers.includes(Number(number));
      if (!isInLane && !waits.some((action) => isWaitOf(action, Number(number), args.map(Number))))
        return false;
      const stat = readFileSync(`${folder}/stat`, "latin1");
      return stat.charAt(stat.lastIndexOf(")") + 2) === "S";
    } catch {
      // It ended meanwhile.
      return false;
    }
  }).length;
}

/** The arguments of a call as the kernel got them, as far as they are known here. */
function shownArguments({ call, args }: Action): (number | undefined)[] {
  switch (call) {
    case "poll":
      return [undefined, (args[0] as readonly unknown[]).length];
    case "open":
    case "waitpid":
    case "futex_waitv":
      return [];
    default:
      return [args[0] as number];
  }
}
