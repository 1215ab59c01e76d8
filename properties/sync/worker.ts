// A thread of an executor but the first.
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { admitOnly } from "../../backends/linux/thread-signals.js";
import { INTERRUPTION } from "../libc.js";
import { Channel, obeyAnywhere, type ThreadData } from "./thread.js";

// The main thread is in read(2) and hears of nothing.
process.on("uncaughtException", (error) => writeSync(2, `executor thread: ${error.stack}\n`));

// Else a signal that tells of a message could interrupt a call here, or make it the last in line: it is for the main thread.
admitOnly(INTERRUPTION);

const { connection, files } = workerData as ThreadData;
const channel = new Channel(files);
parentPort?.postMessage("ready");
channel.hello();
channel.serve((order) => obeyAnywhere(order, connection));
