// A process that becomes an ordinary user, and prints what his calls come to on the real kernel as one line of JSON. Run by
// user-limits.test.ts: node user-limits-on-linux.js PIPES LARGEST
import { linux } from "../backends/linux/index.js";
import { NOBODY, useUp } from "./user-limits.js";

const [pipes, largest] = process.argv.slice(2).map(Number) as [number, number];

await linux.setgroups([]);
await linux.setresgid(NOBODY, NOBODY, NOBODY);
await linux.setresuid(NOBODY, NOBODY, NOBODY);
console.log(JSON.stringify(await useUp(linux, pipes, largest)));
