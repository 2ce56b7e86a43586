/** `ktrdr-mcp lab`: PostgreSQL, Temporal, a sandbox KTRDR and a worker on this machine, until Ctrl-C. */
import { whenToldToEnd } from "../../src/bin/told-to-end.ts";
import { Listr } from "listr2";
import { loadConfig } from "../../src/config.ts";
import { forTerminal } from "../../src/domain/plain-text.ts";
import { ROOT } from "../../src/root.ts";
import { startLab, type Lab, type StepRunner } from "../lab.ts";
import type { SupervisorEvent } from "../supervisor.ts";
import { migrate } from "../../src/store/migrate.ts";
import { jobsInWebUi } from "../../src/domain/web-ui.ts";
import { clientSnippet } from "../../src/bin/client-snippets.ts";
import { noArguments, runCommand, say as out } from "../../src/bin/command.ts";

async function main(): Promise<void> {
  noArguments();
  // Only their owner may read the files of the lab and its parts.
  process.umask(0o077);
  const config = loadConfig(process.env);
  const stop = new AbortController();
  let ready = false;
  // A second Ctrl-C changes nothing: the lab must stop all its parts before it ends.
  whenToldToEnd(() => stop.abort());
  const lab = await startLab(
    {
      config,
      env: process.env,
      root: ROOT,
      execPath: process.execPath,
      pid: process.pid,
      migrate,
      page: true,
      signal: stop.signal,
      onEvent: (event) => ready && report(event),
    },
    process.stdout.isTTY ? showTasks : showLines,
  ).catch((error: unknown) => {
    if (stop.signal.aborted) return undefined;
    throw error;
  });
  if (lab === undefined) return;
  introduce(lab);
  ready = true;
  await aborted(stop.signal);
  out("Stopping ...");
  await lab.stop();
  out("Stopped. What was running goes on with the next start.");
}

/** Keeps the process alive: the parts run detached and do not. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    const done = () => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

const showTasks: StepRunner = async (steps) => {
  const tasks = steps.map(({ title, run }) => ({
    title,
    task: async (_: unknown, task: { title: string | undefined; output: string | undefined }) => {
      const outcome = await run((note) => {
        task.output = forTerminal(note);
      });
      task.title = `${title}: ${forTerminal(outcome)}`;
    },
  }));
  await new Listr(tasks, { registerSignalListeners: false, rendererOptions: { showErrorMessage: false } }).run();
};

const showLines: StepRunner = async (steps) => {
  for (const { title, run } of steps) {
    out(`- ${title} ...`);
    const outcome = await run((note) => out(`  ${note}`));
    out(`  ${title}: ${outcome}`);
  }
};

function introduce({ dir, addresses, namespace }: Lab): void {
  const way = { root: ROOT, env: { LAB_DIR: dir }, secrets: [] };
  const lines = [
    "",
    "The lab is ready.",
    ...(addresses.page === undefined ? [] : [`  what research does  ${addresses.page}/`]),
    ...(addresses.temporalUi === undefined
      ? []
      : [`  Temporal Web UI     ${jobsInWebUi(addresses.temporalUi, namespace)}`]),
    `  KTRDR               ${addresses.ktrdr}`,
    `  state and logs      ${dir}`,
    "",
    "For the commands of docs/operating.md and docs/repair.md:",
    `  export TEMPORAL_ADDRESS=${addresses.temporal} TEMPORAL_NAMESPACE=${namespace} KTRDR_API_URL=${addresses.ktrdr}`,
    "",
    "Claude Code:",
    `  ${clientSnippet("claude-code", way).text}`,
    "",
    "Claude Desktop (claude_desktop_config.json):",
    clientSnippet("claude-desktop", way).text.replaceAll(/^/gm, "  "),
    "",
    "Ctrl-C stops everything.",
  ];
  out(lines.join("\n"));
}

function report(event: SupervisorEvent): void {
  const { type, name } = event;
  if (type === "hangs")
    out(`${name} (pid ${event.pid}) has not answered for ${Math.round(event.silentMs / 1000)} s; ending it`);
  if (type === "died")
    out(`${name} (pid ${event.pid}) ended with ${event.exit.signal ?? event.exit.code}; restarting it`);
  if (type === "started") out(`${name} runs again (pid ${event.pid})`);
  if (type === "restart_failed") out(`${name} could not be restarted, trying again: ${event.reason}`);
}

await runCommand("Usage: ktrdr-mcp lab", main);
