// The compiled model: instantiates it, and says what its exports are. All of them take and give 32-bit integers.
import { instantiateSync } from "@assemblyscript/loader";
import { kernelBase64 } from "./kernel.wasm.js";

type I = number;

/** The exports of assembly/index.ts. A call's first argument is its task. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  reset(): void;
  setParameter(parameter: I, value: I): I;
  createInit(): void;
  createProcess(parent: I): I;
  createTask(process: I, form: I): I;
  pipe2(task: I, flags: I): I;
  read(task: I, fd: I, length: I): I;
  write(task: I, fd: I, length: I): I;
  readv(task: I, fd: I, length: I, count: I): I;
  writev(task: I, fd: I, length: I, count: I): I;
  tee(task: I, fdIn: I, fdOut: I, size: I, flags: I): I;
  splice(task: I, fdIn: I, hasOffIn: I, fdOut: I, hasOffOut: I, size: I, flags: I): I;
  vmsplice(task: I, fd: I, flags: I, count: I, length: I): I;
  close(task: I, fd: I): I;
  dup(task: I, oldfd: I): I;
  dup2(task: I, oldfd: I, newfd: I): I;
  dup3(task: I, oldfd: I, newfd: I, flags: I): I;
  fcntl(task: I, fd: I, cmd: I, arg: I): I;
  ioctl(task: I, fd: I, request: I): I;
  poll(task: I, count: I, timeout: I): I;
  clock_gettime(task: I, clockid: I): I;
  clock_nanosleep(task: I, clockid: I, flags: I, low: I, high: I): I;
  getpid(task: I): I;
  getppid(task: I): I;
  gettid(task: I): I;
  spawn(task: I, count: I): I;
  waitpid(task: I, pid: I, options: I): I;
  exit(task: I, status: I): I;
  kill(task: I, pid: I, sig: I): I;
  open(task: I, length: I, flags: I, mode: I): I;
  mkfifo(task: I, length: I, mode: I): I;
  mkdir(task: I, length: I, mode: I): I;
  rmdir(task: I, length: I): I;
  unlink(task: I, length: I): I;
  chmod(task: I, length: I, mode: I): I;
  umask(task: I, mask: I): I;
  stat(task: I, length: I): I;
  fstat(task: I, fd: I): I;
  getuid(task: I): I;
  geteuid(task: I): I;
  getgid(task: I): I;
  getegid(task: I): I;
  getgroups(task: I): I;
  setresuid(task: I, ruid: I, euid: I, suid: I): I;
  setresgid(task: I, rgid: I, egid: I, sgid: I): I;
  setgroups(task: I, count: I): I;
  msgget(task: I, key: I, flags: I): I;
  msgsnd(task: I, msqid: I, low: I, high: I, length: I, flags: I): I;
  msgrcv(task: I, msqid: I, length: I, low: I, high: I, flags: I): I;
  msgctl(task: I, msqid: I, cmd: I, uid: I, gid: I, mode: I, qbytes: I): I;
  ftok(task: I, length: I, project: I): I;
  semget(task: I, key: I, nsems: I, flags: I): I;
  semop(task: I, semid: I, count: I): I;
  semtimedop(task: I, semid: I, count: I, hasTimeout: I, low: I, high: I): I;
  semctl(task: I, semid: I, semnum: I, cmd: I, value: I, count: I, uid: I, gid: I, mode: I): I;
  mq_open(task: I, length: I, flags: I, mode: I, hasAttributes: I, maxMessages: I, maxBytes: I): I;
  mq_close(task: I, fd: I): I;
  mq_unlink(task: I, length: I): I;
  mq_send(task: I, fd: I, length: I, priority: I): I;
  mq_timedsend(task: I, fd: I, length: I, priority: I, low: I, high: I): I;
  mq_receive(task: I, fd: I, length: I): I;
  mq_timedreceive(task: I, fd: I, length: I, low: I, high: I): I;
  mq_getattr(task: I, fd: I): I;
  mq_setattr(task: I, fd: I, flags: I): I;
  mq_notify(task: I, fd: I, isRequest: I, how: I, signal: I): I;
  sigwait(task: I, set: I): I;
  shm_open(task: I, length: I, flags: I, mode: I): I;
  shm_unlink(task: I, length: I): I;
  memfd_create(task: I, length: I, flags: I): I;
  ftruncate(task: I, fd: I, low: I, high: I): I;
  pread(task: I, fd: I, length: I, low: I, high: I): I;
  pwrite(task: I, fd: I, length: I, low: I, high: I): I;
  mmap(task: I, lengthLow: I, lengthHigh: I, prot: I, flags: I, fd: I, offsetLow: I, offsetHigh: I): I;
  munmap(task: I, low: I, high: I, lengthLow: I, lengthHigh: I): I;
  mprotect(task: I, low: I, high: I, lengthLow: I, lengthHigh: I, prot: I): I;
  msync(task: I, low: I, high: I, lengthLow: I, lengthHigh: I, flags: I): I;
  memory_read(task: I, low: I, high: I, length: I): I;
  memory_write(task: I, low: I, high: I, length: I): I;
  futex(
    task: I,
    low: I,
    high: I,
    operation: I,
    value: I,
    hasTime: I,
    timeLow: I,
    timeHigh: I,
    otherLow: I,
    otherHigh: I,
    value3: I,
    isRobust: I,
  ): I;
  futex_waitv(task: I, count: I, flags: I, hasTime: I, low: I, high: I, clockid: I): I;
  set_robust_list(task: I, low: I, high: I, lengthLow: I, lengthHigh: I): I;
  get_robust_list(task: I): I;
  memory_word(task: I, call: I, low: I, high: I, value: I, expected: I): I;
  memory_wait(task: I, low: I, high: I, expected: I, hasTime: I, timeLow: I, timeHigh: I): I;
  memory_notify(task: I, low: I, high: I, count: I): I;
  wakeShared(process: I, low: I, high: I, count: I): I;
  sem_open(task: I, length: I, slashes: I, oflag: I, mode: I, value: I): I;
  sem_close(task: I, low: I, high: I): I;
  sem_unlink(task: I, length: I): I;
  sem_init(task: I, low: I, high: I, pshared: I, value: I): I;
  sem_destroy(task: I, low: I, high: I): I;
  sem_wait(task: I, low: I, high: I): I;
  sem_trywait(task: I, low: I, high: I): I;
  sem_timedwait(task: I, low: I, high: I, timeLow: I, timeHigh: I): I;
  sem_clockwait(task: I, low: I, high: I, clockid: I, timeLow: I, timeHigh: I): I;
  sem_post(task: I, low: I, high: I): I;
  sem_getvalue(task: I, low: I, high: I): I;
  writablePlace(process: I, low: I, high: I, length: I): I;
  mappedPart(process: I, low: I, high: I, length: I): I;
  mappedBytes(process: I, low: I, high: I): I;
  resume(task: I): I;
  proceed(task: I): I;
  transferred(task: I): I;
  cancel(task: I): I;
  interrupt(task: I): void;
  setCredentials(process: I, uid: I, gid: I): void;
  limitCapabilities(process: I, low: I, high: I): void;
  assignGroups(process: I, count: I): I;
  exitStep(task: I): I;
  hasTimer(): I;
  fireTimer(): void;
  readMonotonic(): void;
  save(): I;
  load(): void;
  hash(): void;
  shareDescriptor(from: I, fd: I, to: I): I;
  processByPid(pid: I): I;
  windowAddress(): I;
  outAddress(): I;
  nextTaskAddress(): I;
  stageAddress(): I;
  messageAddress(): I;
  tasksAddress(): I;
  taskSize(): I;
  taskPoolAddress(): I;
  processHigh(): I;
  pipeHigh(): I;
  messageQueueHigh(): I;
  sysvQueueHigh(): I;
  semaphoreSetHigh(): I;
  sharedObjectHigh(): I;
  mappedPartHigh(): I;
  descriptorHigh(process: I): I;
  inspectTask(task: I): I;
  inspectProcess(process: I): I;
  inspectDescriptor(process: I, fd: I): I;
  inspectPipe(pipe: I): I;
  inspectSysvQueue(queue: I): I;
  inspectSemaphoreSet(set: I): I;
  inspectSemaphore(set: I, num: I): I;
  inspectSemaphoreWaiter(set: I, place: I): I;
  futexHigh(): I;
  inspectFutex(futex: I): I;
  inspectFutexWaiter(futex: I, place: I): I;
  semaphoreAdjustment(process: I, id: I, num: I): I;
  inspectPosixSemaphore(object: I, offset: I): I;
  inspectSemaphoreWait(task: I): I;
  inspectSharedObject(object: I): I;
  inspectMappedPart(part: I): I;
  inspectPath(inode: I): I;
  inspectMessageQueue(queue: I): I;
}

let compiled: WebAssembly.Module | undefined;

/** A new kernel with memory of its own. The module is compiled once; a failed assertion of the model throws its text. */
export function instantiateKernel(): KernelExports {
  compiled ??= new WebAssembly.Module(decodeBase64(kernelBase64));
  // A plain object: a call through the loader's own costs three times as much.
  return { ...instantiateSync(compiled, {}).exports } as unknown as KernelExports;
}

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
