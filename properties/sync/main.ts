// The module that a process of the `sync` executor is started with.

import { closeFrom, prepareLibc } from "../libc.js";
import type { Connection } from "./commands.js";
import { runChild } from "./process.js";

const connection = process.argv[2] as string;
// Whoever started the tests may have left descriptors to be inherited.
prepareLibc();
closeFrom((JSON.parse(connection) as Connection).firstDescriptor);
await runChild(connection);
process.exit(0);
