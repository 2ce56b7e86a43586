import { createConnection } from "node:net";

/** Resolves when something listens at `host:port`; rejects after the time (ms), or at once when refused. */
export function greet(address: string, timeout = 3_000): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: hostname, port: Number(port || "7233"), timeout });
    socket.once("connect", () => resolve());
    socket.once("timeout", () => reject(new Error(`${address} does not answer`)));
    socket.once("error", reject);
    const done = () => socket.destroy();
    for (const event of ["connect", "timeout", "error"]) socket.once(event, done);
  });
}
