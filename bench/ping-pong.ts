// How long a message to another process and its answer take, through two pipes, against a net.Socket between the two.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { linux } from "../backends/linux/index.js";
import { program } from "../src/program.js";
import type { Benchmark } from "./benchmark.js";
import { compare, percentile } from "./measure.js";
import { realPipe } from "./pipes.js";

const size = 64;

/** Sends each message back. */
const echo = program(import.meta.url, async (_linux) => {
  const { from, to } = linux.fds as Readonly<Record<"from" | "to", number>>;
  const buffer = new Uint8Array(size);
  while ((await linux.read(from, buffer)) === size) await linux.write(to, buffer);
});

/** The other end of messages. */
interface Partner {
  /** Sends a message and waits for its answer. */
  roundTrip(): Promise<void>;
  end(): Promise<void>;
}

async function echoOverPipes(): Promise<Partner> {
  const [from, to] = [realPipe(), realPipe()];
  const pid = await linux.spawn(echo, { fds: { from: from[0], to: to[1] } });
  linux.sync.close(from[0]);
  linux.sync.close(to[1]);
  const message = new Uint8Array(size).fill(1);
  const answer = new Uint8Array(size);
  return {
    async roundTrip() {
      await linux.write(from[1], message);
      if ((await linux.read(to[0], answer)) !== size) throw new Error("no whole answer");
    },
    async end() {
      linux.sync.close(from[1]);
      await linux.waitpid(pid);
      linux.sync.close(to[0]);
    },
  };
}

async function echoOverSocket(): Promise<Partner> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./echo.js", import.meta.url))], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const socket = child.stdio[3] as Socket;
  const message = new Uint8Array(size).fill(1);
  let answered = (): void => {};
  let missing = 0;
  socket.on("data", ({ length }) => {
    missing -= length;
    if (missing === 0) answered();
  });
  return {
    roundTrip: () =>
      new Promise((resolve) => {
        missing = size;
        answered = resolve;
        socket.write(message);
      }),
    async end() {
      socket.end();
      await once(child, "exit");
    },
  };
}

export const pingPong: Benchmark = {
  name: "ping-pong",
  kernel: "linux",
  async run(effort) {
    const ours = await echoOverPipes();
    const peer = await echoOverSocket();
    const measure = (partner: Partner) => async (): Promise<number> => {
      const all: number[] = [];
      for (let i = 0; i < 1_000 * effort.scale; i++) {
        const start = process.hrtime.bigint();
        await partner.roundTrip();
        all.push(Number(process.hrtime.bigint() - start));
      }
      return percentile(all, 0.5);
    };
    const row = await compare(effort, {
      what: `Linux: ${size} bytes to another process and back through two pipes, awaited, median`,
      ours: measure(ours),
      peer: measure(peer),
      peerName: "net.Socket on a socket pair",
    });
    await ours.end();
    await peer.end();
    return [row];
  },
};
