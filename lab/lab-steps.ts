import path from "node:path";
import { DomainError } from "../src/domain/errors.ts";
import { dynamicConfigArguments } from "./dynamic-config.ts";
import { errorText } from "../src/error-text.ts";
import { jobsInWebUi } from "../src/domain/web-ui.ts";
import { withLoopbackDirect, withoutProfile } from "../src/running-lab/lab-environment.ts";
import { ktrdrDir, postgresDir, type Addresses, type LabSettings, type Replaced } from "./lab-settings.ts";
import type { Ports } from "./ports.ts";
import { pageAddress, pagePart } from "./page-part.ts";
import { postgresPart } from "./postgres-part.ts";
import { sandboxParts, waitForKtrdr } from "./sandbox-parts.ts";
import type { Supervisor } from "./supervisor.ts";
import { findDevServer } from "./temporal-binary.ts";
import { greet } from "../src/temporal/greet.ts";
import { temporalServer } from "./temporal-server.ts";
import { workerPart } from "./worker-part.ts";

export type Note = (text: string) => void;

/** One step of the lab's start. */
export interface Step {
  readonly title: string;
  /** @returns its result, in a few words */
  readonly run: (note: Note) => Promise<string>;
}

export interface StepContext {
  readonly settings: LabSettings;
  readonly dir: string;
  readonly ports: Ports;
  readonly addresses: Addresses;
  readonly namespace: string;
  readonly env: Readonly<Record<string, string>>;
  readonly replaced: Replaced;
  readonly supervisor: Supervisor;
  /** Notes from before the first step. */
  readonly notes: readonly string[];
}

export function labSteps(context: StepContext): readonly Step[] {
  const { settings, dir, replaced, addresses } = context;
  const prepared: Step[] =
    context.notes.length === 0 ? [] : [{ title: "Folder and ports", run: async () => context.notes.join("\n") }];
  return [
    ...prepared,
    replaced.database ? yours("PostgreSQL", "DATABASE_URL", async () => undefined) : postgres(context),
    {
      title: "Tables",
      run: async () => {
        const { applied } = await settings.migrate(addresses.database);
        return applied.length === 0 ? "up to date" : `${applied.length} migrations applied`;
      },
    },
    replaced.temporal
      ? yours("Temporal", "TEMPORAL_ADDRESS", () => greet(addresses.temporal))
      : temporal(context, settings.cacheDir ?? path.join(settings.root, ".cache")),
    replaced.ktrdr
      ? yours("KTRDR", "KTRDR_API_URL", () => waitForKtrdr(addresses.ktrdr, settings.signal, 5_000))
      : sandbox(context, ktrdrDir(dir)),
    worker(context),
    ...(settings.page === true ? [page(context)] : []),
  ];
}

function postgres({ settings, dir, ports, supervisor }: StepContext): Step {
  return {
    title: "PostgreSQL",
    async run() {
      const fsync = settings.fsync ?? true;
      await supervisor.start(postgresPart({ dir: postgresDir(dir), port: ports.postgres, fsync }));
      return `127.0.0.1:${ports.postgres}`;
    },
  };
}

function temporal({ settings, dir, ports, addresses, namespace, supervisor }: StepContext, cacheDir: string): Step {
  const { env, config } = settings;
  return {
    title: "Temporal server",
    async run(note) {
      const found = await findDevServer({ env, cacheDir, configuredPath: config.TEMPORAL_CLI_PATH, onNote: note });
      note(`starting ${found.path}`);
      await supervisor.start(
        temporalServer({
          binary: found.path,
          dir,
          port: ports.temporal,
          uiPort: ports.temporalUi,
          namespace,
          dynamicConfig: await dynamicConfigArguments(settings.root),
          env,
          fsync: settings.fsync ?? true,
        }),
      );
      const ui = addresses.temporalUi === undefined ? "none" : jobsInWebUi(addresses.temporalUi, namespace);
      return `${addresses.temporal}, namespace ${namespace}, CLI ${found.version} (${found.source}), Web UI ${ui}`;
    },
  };
}

function sandbox({ settings, ports, addresses, supervisor }: StepContext, stateDir: string): Step {
  const { root, execPath, env } = settings;
  return {
    title: "KTRDR (sandbox)",
    async run(note) {
      const [api, ...workers] = sandboxParts({ execPath, root, stateDir, ports, env });
      note("starting its API");
      await supervisor.start(api);
      note("starting its workers");
      await Promise.all(workers.map((part) => supervisor.start(part)));
      return `${addresses.ktrdr}; strategies, data and models in ${stateDir}`;
    },
  };
}

/** The environment of our own processes. */
const ownEnvironment = ({ settings, env, replaced }: StepContext) =>
  withLoopbackDirect({ ...(replaced.temporal ? settings.env : withoutProfile(settings.env)), ...env });

function worker(context: StepContext): Step {
  const { settings, addresses, namespace, supervisor } = context;
  const { root, execPath } = settings;
  return {
    title: "Worker",
    async run() {
      await supervisor.start(
        workerPart({
          execPath,
          entry: path.join(root, "src/bin/worker.ts"),
          env: ownEnvironment(context),
          clientEnv: settings.env,
          address: addresses.temporal,
          namespace,
        }),
      );
      return "polling its task queues";
    },
  };
}

function page(context: StepContext): Step {
  const { settings, ports, supervisor } = context;
  const { root, execPath } = settings;
  return {
    title: "Page",
    async run() {
      await supervisor.start(pagePart({ execPath, root, env: ownEnvironment(context), port: ports.page }));
      return pageAddress(ports.page);
    },
  };
}

/** A part that the environment names: it is not started, only checked. */
function yours(part: string, variable: string, check: () => Promise<unknown>): Step {
  return {
    title: `${part} (yours)`,
    async run() {
      try {
        await check();
      } catch (error) {
        throw new DomainError("invalid_input", {
          what: `${variable} is set, but ${part} does not answer there.`,
          why: errorText(error),
          next: `Start it, correct ${variable}, or unset it: the lab then starts one of its own.`,
          cause: error,
        });
      }
      return `used as ${variable} says; not started, not stopped`;
    },
  };
}
