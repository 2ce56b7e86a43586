/**
 * `make verify-production`: what docker-compose.yml describes, without Docker. The real Temporal server and its SQL
 * tool (built once from their Go modules) run on a real PostgreSQL with the files of temporal-config/. Two workers and
 * the HTTP server run from the files of the image. A real MCP client does the main job while a worker and the server
 * are killed. Each name in the compose file and the Dockerfile is compared with the code. KEEP=1 keeps the folder.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Listr } from "listr2";
import { createScreen } from "../demo/screen.ts";
import { DomainError } from "../src/domain/errors.ts";
import { startGuard } from "../lab/guard.ts";
import type { Step } from "../lab/lab-steps.ts";
import { createRunFolder } from "../lab/run-folder.ts";
import { Supervisor } from "../lab/supervisor.ts";
import { findings } from "./production/checks.ts";
import { readProductionFiles } from "./production/files.ts";
import { readCompose } from "./production/compose.ts";
import { goPrograms, serverVariables } from "./production/go-programs.ts";
import { bytesOf, LAYERS, layOutModules, layOutProgram, layOutSandbox } from "./production/image.ts";
import { choosePlaces } from "./production/places.ts";
import { prove } from "./production/proof.ts";
import { serverSteps } from "./production/server-steps.ts";
import * as stacks from "./production/stack.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const cacheDir = path.join(root, ".cache");
const screen = createScreen(process.stdout);
const stop = new AbortController();
const run = promisify(execFile);
const GRACE_S = 15;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(signal)));

async function showSteps(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map(({ title, run: work }) => ({
    title,
    task: async (_: unknown, task: { title: string | undefined; output: string | undefined }) => {
      stop.signal.throwIfAborted();
      task.title = `${title}: ${await work((note) => {
        task.output = note;
      })}`;
    },
  }));
  await new Listr(tasks, { registerSignalListeners: false, rendererOptions: { showErrorMessage: false } }).run();
}

async function verify(dir: string): Promise<boolean> {
  const files = await readProductionFiles(root);
  const places = await choosePlaces(dir);
  const runFolder = await createRunFolder(path.join(dir, "run"));
  const guard = startGuard(runFolder.dir, GRACE_S);
  const supervisor = new Supervisor({
    logDir: places.logs,
    run: runFolder,
    onEvent: (event) => {
      if (event.type === "started" && event.restarts > 0) screen.line(`  ${event.name} is back (pid ${event.pid})`);
    },
  });
  const stack: stacks.Stack = { root, compose: readCompose(files.compose), places, supervisor };
  let programs = "";
  try {
    await showSteps([
      {
        title: "Compose file and Dockerfile against the code",
        run: async () => {
          const found = await findings(files);
          if (found.length > 0) throw new Error(found.join("\n"));
          return "every name is known";
        },
      },
      {
        title: "Programs of the containers",
        run: async (note) => {
          programs = await goPrograms(cacheDir, process.env, note);
          return programs;
        },
      },
      {
        title: "Compose file as `docker compose` reads it",
        run: () => readAsCompose(path.join(programs, "compose-reader")),
      },
      { title: "Variables of the Temporal server", run: () => checkServerVariables(stack) },
      { title: "Alert rules and their tests", run: checkAlerts },
      {
        title: "Files of the image",
        run: async (note) => {
          note("production dependencies");
          await layOutModules(root, places.app);
          note("build and workflow bundle");
          await layOutProgram(root, places.app);
          await layOutSandbox(root, places.sandbox);
          const sizes = LAYERS.map(
            async (name) => `${name} ${((await bytesOf(path.join(places.app, name))) / 1e6).toFixed(1)} MB`,
          );
          return (await Promise.all(sizes)).join(", ");
        },
      },
      ...serverSteps(stack, { programs: () => programs, cacheDir }),
      { title: "ktrdr (sandbox)", run: async () => (await stacks.startSandbox(stack), `port ${places.ports.ktrdr}`) },
      {
        title: "worker, twice",
        run: async () => {
          await Promise.all(["worker-1", "worker-2"].map((name) => supervisor.start(stacks.workerOf(stack, name))));
          return "both poll";
        },
      },
      { title: "mcp", run: async () => (await supervisor.start(stacks.mcpPart(stack)), `port ${places.ports.mcp}`) },
    ]);
    const claims = await prove(stack, screen, stop.signal);
    screen.heading("Verdict");
    for (const { text, held } of claims) screen.line(`${held ? "✔" : "✘"} ${text}`);
    return claims.every(({ held }) => held);
  } finally {
    await supervisor.stop();
    await guard.release();
    await runFolder.remove();
    screen.line("everything is stopped");
  }
}

/** Reads the file with every profile, without and with the variables of an existing KTRDR. */
async function readAsCompose(program: string): Promise<string> {
  const file = path.join(root, "docker-compose.yml");
  const research = Object.fromEntries(
    [...(await readFile(path.join(root, "compose.research.env"), "utf8")).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
      (match) => [match[1] ?? "", match[2] ?? ""],
    ),
  );
  const COMPOSE_PROFILES = "sandbox,research,tools";
  const read = async (env: Record<string, string>) => (await run(program, [file], { env })).stdout;
  const ours = await read({ COMPOSE_PROFILES });
  const theirs = await read({ COMPOSE_PROFILES, ...research });
  // That the file is accepted proves nothing when the variables did not arrive.
  const lost = Object.entries(research).filter(([, value]) => !theirs.includes(value));
  if (ours === theirs || lost.length > 0) {
    const what = `docker-compose.yml does not take ${lost.map(([name]) => name).join(", ")} of compose.research.env.`;
    throw new DomainError("internal", { what });
  }
  return "accepted, also with compose.research.env";
}

/** Prometheus is not built here. So promtool is the one program that is used only when it is there. */
async function checkAlerts(): Promise<string> {
  const program = process.env["PROMTOOL"] ?? "promtool";
  const isThere = await run(program, ["--version"]).then(
    () => true,
    () => false,
  );
  if (!isThere) return "SKIPPED, there is no promtool on this machine (`make alerts` says where it comes from)";
  await run("make", ["alerts"], { cwd: root });
  return "hold, says promtool";
}

async function checkServerVariables({ compose }: stacks.Stack): Promise<string> {
  const known = await serverVariables();
  const unknown = Object.keys(compose.services["temporal"]?.environment ?? {}).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`the Temporal server reads no ${unknown.join(", ")}`);
  return "all are read";
}

const began = performance.now();
const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-production-"));
let held = false;
try {
  held = await verify(dir);
} catch (error) {
  const text =
    error instanceof DomainError ? [error.what, error.why, error.next].filter(Boolean).join("\n") : String(error);
  screen.line(stop.signal.aborted ? "stopped" : text);
} finally {
  if (held && (process.env["KEEP"] ?? "") === "") await rm(dir, { recursive: true, force: true });
  else screen.line(`Logs and state: ${dir}`);
}
screen.line(
  `${held ? "All of it held" : "Something did not hold"}; ${Math.round((performance.now() - began) / 1_000)} s.`,
);
process.exitCode = held ? 0 : 1;
