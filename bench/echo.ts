// The peer's process in the ping-pong benchmark: `node echo.js`, with a socket as descriptor 3, sends back what comes.
import { Socket } from "node:net";

const socket = new Socket({ fd: 3 });
socket.on("data", (bytes) => socket.write(bytes));
