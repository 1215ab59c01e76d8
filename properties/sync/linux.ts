// TEMPORARY until backends/linux is there: the calls straight through libc.
import * as c from "../../backends/linux/libc.js";
import { SyscallError } from "../../src/errors.js";
import { refusal } from "../../src/refusals.js";
import { syscalls } from "../../src/syscalls.js";
import type { SyncLinux, SyscallName } from "../../src/linux.js";
import { allocate } from "../../backends/linux/ffi.js";
import type { Connection } from "./commands.js";

const mem = allocate(2 * 1024 * 1024 + 65536);
const out = allocate(8192);
export function syncLinux(connection: Connection): SyncLinux {
  const check = (name: string, r: number): number => {
    if (r === -1) throw new SyscallError(c.errno(), name);
    return r;
  };
  const own = (name: string, fd: number): void => {
    if (fd >= 0 && fd < connection.firstDescriptor) throw new SyscallError(9, name);
  };
  const m: Record<string, (...a: never[]) => unknown> = {
    pipe2: (flags: number) => { check("pipe2", c.pipe2(out.address, flags)); return [out.view.getInt32(0, true), out.view.getInt32(4, true)]; },
    read: (fd: number, b: Uint8Array) => { own("read", fd); const n = check("read", c.read(fd, mem.address, b.length)); b.set(mem.bytes.subarray(0, n)); return n; },
    write: (fd: number, b: Uint8Array) => { own("write", fd); mem.bytes.set(b); return check("write", c.write(fd, mem.address, b.length)); },
    close: (fd: number) => { own("close", fd); check("close", c.close(fd)); },
    dup: (fd: number) => { own("dup", fd); return check("dup", c.fcntl(fd, 0, 0)); },
    dup2: (a: number, b: number) => { own("dup2", a); own("dup2", b); return check("dup2", c.dup2(a, b)); },
    dup3: (a: number, b: number, f: number) => { own("dup3", a); if (a !== b && (f & ~0o2000000) === 0) own("dup3", b); return check("dup3", c.dup3(a, b, f)); },
    fcntl: (fd: number, cmd: number, arg: number) => { own("fcntl", fd); if (![0, 1, 2, 3, 4, 1030].includes(cmd)) { check("fcntl", c.fcntl(fd, 1, 0)); throw new SyscallError(22, "fcntl"); } return check("fcntl", c.fcntl(fd, cmd, arg)); },
    ioctl: (fd: number, req: number) => { own("ioctl", fd); if (req !== 0x541b) { check("ioctl", c.fcntl(fd, 1, 0)); throw new SyscallError(25, "ioctl"); } check("ioctl", c.ioctl(fd, req, out.address)); return out.view.getInt32(0, true); },
    poll: (entries: { fd: number; events: number }[], timeout: number) => {
      entries.forEach(({ fd, events }, i) => { out.view.setInt32(i * 8, fd, true); out.view.setUint16(i * 8 + 4, events, true); out.view.setUint16(i * 8 + 6, 0, true); });
      check("poll", c.poll(out.address, entries.length, timeout));
      return entries.map(({ fd }, i) => (fd >= 0 && fd < connection.firstDescriptor ? 32 : out.view.getUint16(i * 8 + 6, true)));
    },
    clock_gettime: (id: number) => { check("clock_gettime", c.clock_gettime(id, out.address)); return 0n; },
    clock_nanosleep: (id: number, flags: number, t: bigint) => {
      const s = t >= 0 ? t / 1000000000n : -((-t + 999999999n) / 1000000000n);
      out.view.setBigInt64(0, s, true); out.view.setBigInt64(8, t - s * 1000000000n, true);
      const e = c.clock_nanosleep(id, flags, out.address, 0); if (e) throw new SyscallError(e, "clock_nanosleep");
    },
    getpid: () => process.pid,
    getppid: () => process.ppid,
    kill: (pid: number, sig: number) => { check("kill", c.kill(pid, sig)); },
    waitpid: (pid: number, o: number) => { const r = check("waitpid", c.waitpid(pid, out.address, o)); return { pid: r, status: out.view.getInt32(0, true) }; },
    exit: (s: number) => c.exit(s),
  };
  for (const name of Object.keys(m) as SyscallName[]) {
    const f = m[name] as (...a: unknown[]) => unknown;
    m[name] = (...a: unknown[]) => { const call = syscalls[name].marshal(a[0], a[1], a[2]); const e = refusal(call); if (e) throw new SyscallError(e, name); return f(...a); };
  }
  return m as unknown as SyncLinux;
}
