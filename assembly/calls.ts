// How a call enters the model, and goes on when its task was parked.
import { BLOCKED, MORE, PROCESS_ALIVE, TASK_FREE, TASK_NEW, TASK_WOKEN } from "./abi/model";
import { NEXT_TASK } from "./core/memory";
import { Process, processAt } from "./core/process";
import { Task, takeTask, taskAt } from "./core/task";
import { complete } from "./release";

/** Creates a task of a live process; null if all are in use. */
export function createTask(process: u32, form: u32): Task | null {
  const owner = processAt(process);
  assert(owner.state == PROCESS_ALIVE, "a task of a process that is not alive");
  const task = takeTask(TASK_NEW, process, form);
  if (task) owner.taskCount++;
  return task;
}

/** The first attempt of a new task. If it is still free, it is the next one, and NEXT_TASK tells of it. */
export function enter(index: u32, call: u32, a: i32, b: i32, c: i32): Task {
  const task = taskAt(index);
  if (task.state == TASK_FREE) {
    const created = createTask(load<u32>(NEXT_TASK), load<u32>(NEXT_TASK + 4));
    assert(created === task, "a new task that is not the next one");
  }
  assert(task.state == TASK_NEW, "the first attempt of a task that is not new");
  task.call = call;
  task.a = a;
  task.b = b;
  task.c = c;
  return task;
}

/** A further attempt of a task that was woken. */
export function reenter(index: u32): Task {
  const task = taskAt(index);
  assert(task.state == TASK_WOKEN, "a further attempt of a task that was not woken");
  task.windowStart = task.done;
  return task;
}

/** The process that makes a call. */
export function callerOf(task: Task): Process {
  const process = processAt(task.process);
  assert(process.state == PROCESS_ALIVE || task.interrupted != 0, "a call of a process that is not alive");
  return process;
}

/** Ends an attempt: a task that goes on keeps its state, any other is free again. */
export function leave(task: Task, result: i32): i32 {
  return result == BLOCKED || result == MORE ? result : complete(task, result);
}
