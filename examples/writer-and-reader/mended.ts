// The writer and the reader of naive.ts without its races. What has changed is the order:
//
// Both open both semaphores before anything else, each creating what is not there: O_CREAT makes a semaphore and gives it its value in
// one moment, so that it does not matter who comes first (sem_open(3)). Of shared memory this cannot be said: it is there before it has a
// size, and has a size before it is filled. So the reader opens it when it has been told that all of this is done, and not before.
//
// And a name is removed when all have opened what it names. The writer opens nothing after it has told the reader, so when the reader has
// been told it can remove them all. What is open stays, with the semaphore by which the writer is told.
import {
  MAP_SHARED,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  PipeWriter,
  PROT_READ,
  PROT_WRITE,
  program,
} from "linux-ipc";
import type { Reader, Writer } from "./exchange.js";

export const writer: Writer = program(
  import.meta.url,
  async function writer(linux, name: string, text: string) {
    const filled = await linux.sem_open(`${name}-filled`, O_CREAT, 0o600, 0);
    const taken = await linux.sem_open(`${name}-taken`, O_CREAT, 0o600, 0);

    const bytes = new TextEncoder().encode(text);
    const fd = await linux.shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600);
    await linux.ftruncate(fd, bytes.length);
    const memory = await linux.mmap(null, bytes.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    memory.bytes.set(bytes);

    await linux.sem_post(filled.address);
    await linux.sem_wait(taken.address);
  },
);

export const reader: Reader = program(import.meta.url, async function reader(linux, name: string) {
  const filled = await linux.sem_open(`${name}-filled`, O_CREAT, 0o600, 0);
  const taken = await linux.sem_open(`${name}-taken`, O_CREAT, 0o600, 0);
  await linux.sem_wait(filled.address);

  const fd = await linux.shm_open(name, O_RDONLY);
  const { size } = await linux.fstat(fd);
  const memory = await linux.mmap(null, size, PROT_READ, MAP_SHARED, fd);
  await PipeWriter.from(linux, "paper").write(memory.bytes);

  await linux.sem_unlink(`${name}-taken`);
  await linux.sem_unlink(`${name}-filled`);
  await linux.shm_unlink(name);
  await linux.sem_post(taken.address);
});
