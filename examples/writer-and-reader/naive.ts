// A writer and a reader of shared memory, as they stand in many a course: the one creates and fills the memory and says so by a semaphore,
// the other waits, prints and removes all. Each of the two can be started first, and nearly always all is well.
//
// There are three races in it, and `explore` finds each:
//
//   the reader opens the memory before the writer has created it       shm_open is ENOENT
//   or before the writer has given it a size                           mmap of no bytes is EINVAL
//   the reader removes a semaphore before the writer has opened it     the writer creates another one, and waits for ever
//
// mended.ts has none of them.
import { MAP_SHARED, O_CREAT, O_RDONLY, O_RDWR, PipeWriter, PROT_READ, PROT_WRITE, program } from "linux-ipc";
import type { Reader, Writer } from "./exchange.js";

export const writer: Writer = program(
  import.meta.url,
  async function writer(linux, name: string, text: string) {
    const bytes = new TextEncoder().encode(text);
    const fd = await linux.shm_open(name, O_RDWR | O_CREAT, 0o600);
    await linux.ftruncate(fd, bytes.length);
    const memory = await linux.mmap(null, bytes.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    memory.bytes.set(bytes);

    const filled = await linux.sem_open(`${name}-filled`, O_CREAT, 0o600, 0);
    await linux.sem_post(filled.address);
    // Until it has been read.
    const taken = await linux.sem_open(`${name}-taken`, O_CREAT, 0o600, 0);
    await linux.sem_wait(taken.address);
  },
);

export const reader: Reader = program(import.meta.url, async function reader(linux, name: string) {
  const fd = await linux.shm_open(name, O_RDONLY);
  const { size } = await linux.fstat(fd);
  const memory = await linux.mmap(null, size, PROT_READ, MAP_SHARED, fd);

  const filled = await linux.sem_open(`${name}-filled`, O_CREAT, 0o600, 0);
  await linux.sem_wait(filled.address);
  await PipeWriter.from(linux, "paper").write(memory.bytes);

  const taken = await linux.sem_open(`${name}-taken`, O_CREAT, 0o600, 0);
  await linux.sem_post(taken.address);
  await linux.sem_unlink(`${name}-taken`);
  await linux.sem_unlink(`${name}-filled`);
  await linux.shm_unlink(name);
});
