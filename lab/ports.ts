import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { freePort, isFree } from "../src/machine/free-port.ts";
import { holderOf } from "../src/machine/port-holder.ts";

/** The parts of the lab that listen, with their preferred ports. */
export const PREFERRED_PORTS = {
  postgres: 5433,
  temporal: 7233,
  temporalUi: 8233,
  ktrdr: 8000,
  ktrdrTraining: 5003,
  ktrdrBacktesting: 5004,
  page: 3101,
} as const;

export type PortName = keyof typeof PREFERRED_PORTS;
export type Ports = Readonly<Record<PortName, number>>;

const Remembered = z.partialRecord(z.enum(Object.keys(PREFERRED_PORTS) as [PortName, ...PortName[]]), z.int());

export interface ChoosePortsOptions {
  /** Folder that remembers the choice, so that addresses stay the same from start to start. */
  readonly dir: string;
  /** The parts that will be started; only their ports are chosen. */
  readonly names: readonly PortName[];
  /** Ports of the first start; 0 stands for any free one. */
  readonly preferred: Ports;
  /** Called when a port is taken, with who holds it and which port is used instead. */
  readonly onNote: (note: string) => void;
}

/** Chooses a port for each part: that of the last start, else the preferred one, else a free one. */
export async function choosePorts(options: ChoosePortsOptions): Promise<Ports> {
  const file = fileOf(options.dir);
  const remembered = await readPorts(options.dir);
  const chosen: Record<PortName, number> = { ...options.preferred, ...remembered };
  const used = new Set<number>();
  for (const name of options.names) {
    const wanted = chosen[name];
    if (wanted === 0 || used.has(wanted) || !(await isFree(wanted))) {
      chosen[name] = await freePort(used);
      if (wanted !== 0) {
        const holder = used.has(wanted) ? "another part of this lab" : await holderOf(wanted);
        options.onNote(`Port ${wanted} (${name}) is held by ${holder}; using ${chosen[name]} instead.`);
      }
    }
    used.add(chosen[name]);
  }
  await mkdir(options.dir, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(chosen, null, 2)}\n`);
  await rename(`${file}.new`, file);
  return chosen;
}

const fileOf = (dir: string) => path.join(dir, "ports.json");

/** The ports of the last start in a folder. */
export async function readPorts(dir: string): Promise<Partial<Ports>> {
  try {
    return Remembered.parse(JSON.parse(await readFile(fileOf(dir), "utf8")));
  } catch {
    return {};
  }
}
