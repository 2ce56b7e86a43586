import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** True when 127.0.0.1 and every other local address can listen on the port. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "0.0.0.0"));
}

/**
 * Ports below those that systems hand out (Linux begins at 32768, macOS at 49152): any outgoing connection could take
 * one of those between choosing and using it.
 */
const FIRST_PORT = 10_240;
const PORTS_END = 32_768;

/** A port of 127.0.0.1 that nobody listens on at this moment and that is not in `except`. */
export async function freePort(except: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, PORTS_END);
    if (!except.has(port) && (await isFree(port))) return port;
  }
}

const canListen = (port: number, host: string): Promise<boolean> =>
  listenOnce(port, host).then(
    () => true,
    () => false,
  );

function listenOnce(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()));
  });
}
