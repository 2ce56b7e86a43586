import { createConnection } from "node:net";
import { holderOf } from "../machine/port-holder.ts";
import { isLoopback } from "../machine/loopback.ts";
import { found, type Ailment, type Finding, type Remedy } from "./finding.ts";

/**
 * The finding about a part that does not answer at `host:port`. On this machine it tells whether the part is down or
 * another program holds its port.
 */
export async function silent(
  {
    part,
    code,
    address,
    patienceMs,
  }: { readonly part: string; readonly code: Ailment; readonly address: string; readonly patienceMs: number },
  detail: string,
  remedy: Remedy,
): Promise<Finding> {
  const { hostname, port } = new URL(`tcp://${address}`);
  if (!isLoopback(hostname) || !(await listens(hostname, Number(port), patienceMs / 4)))
    return found(part, code, detail, remedy);
  const holder = await holderOf(Number(port));
  return found(part, "port_taken", `${address} is held by ${holder}, which does not answer as ${part} does`, remedy);
}

function listens(host: string, port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: host.replaceAll(/[[\]]/g, ""), port, timeout });
    const end = (heard: boolean) => {
      socket.destroy();
      resolve(heard);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
