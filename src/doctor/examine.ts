import type { Config } from "../config.ts";
import { loadConfig } from "../config.ts";
import { isDomainError } from "../domain/errors.ts";
import { createKtrdr } from "../ktrdr/ktrdr.ts";
import { errorText } from "../error-text.ts";
import { labDirOf, labEnvironment } from "../running-lab/lab-environment.ts";
import { ROOT } from "../root.ts";
import { readLabFile } from "../running-lab/lab-file.ts";
import { lazyClient } from "../temporal/connection.ts";
import { temporalSettings, type TemporalSettings } from "../temporal/settings.ts";
import { checkFolders } from "./check-folders.ts";
import { checkHoldouts } from "./check-holdouts.ts";
import { checkIndicators } from "./check-indicators.ts";
import { checkKtrdr, checkKtrdrWorkers } from "./check-ktrdr.ts";
import { checkNode } from "./check-node.ts";
import { checkPostgres } from "./check-postgres.ts";
import { checkProbe } from "./check-probe.ts";
import { checkTemporalCli } from "./check-temporal-cli.ts";
import { checkTemporal } from "./check-temporal.ts";
import { checkWorker } from "./check-worker.ts";
import { fine, found, type Finding } from "./finding.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Patient {
  /** The process's own environment; it wins over that of a running lab. */
  readonly env: Environment;
  readonly nodeVersion: string;
  readonly execPath: string;
  /** Whether to send an errand through all parts. */
  readonly probe: boolean;
  /** Whether to compute every indicator, which takes KTRDR a minute. */
  readonly deep: boolean;
  /** How long each part may take to answer (ms). */
  readonly patienceMs: number;
}

/** Checks everything in parallel, in about three times the patience at most unless `deep`. Never rejects because of a finding. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const { env: own, nodeVersion, execPath, probe, deep, patienceMs } = patient;
  const ground = [checkNode(nodeVersion, execPath), await labOf(own)];
  const env = await labEnvironment(own);
  let config: Config;
  let temporal: TemporalSettings;
  try {
    config = loadConfig(env);
    temporal = temporalSettings(env, { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE });
  } catch (error) {
    const note = isDomainError(error) ? error.next : undefined;
    return [
      ...ground,
      found("Configuration", "config_invalid", errorText(error), { fix: "bin/ktrdr-mcp doctor", note }),
    ];
  }
  const postgres = checkPostgres(config.DATABASE_URL, patienceMs);
  const ktrdr = examineKtrdr(config, { own: (own["KTRDR_API_URL"] ?? "") !== "", deep, patienceMs });
  const sick = Promise.all([postgres, ktrdr]).then((findings) => new Set(problems(findings.flat())));
  const [recorded, temporalFound, ktrdrFound, folders, holdouts] = await Promise.all([
    postgres,
    examineTemporal(config, temporal, { env, sick: probe ? sick : null, patienceMs }),
    ktrdr,
    checkFolders(config, patienceMs),
    checkHoldouts(config, patienceMs),
  ]);
  // Where PostgreSQL cannot be used, that is said once.
  const kept =
    problems(recorded).length === 0 ? holdouts : holdouts.filter(({ code }) => code !== "holdouts_unexamined");
  return [...ground, ...recorded, ...temporalFound, ...ktrdrFound, ...folders, ...kept];
}

const problems = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ severity }) => severity === "problem").map(({ part }) => part);

async function labOf(env: Environment): Promise<Finding> {
  const dir = labDirOf(env);
  const lab = await readLabFile(dir);
  return fine("Lab", lab === undefined ? `none runs in ${dir}` : `process ${lab.pid} in ${dir}`);
}

async function examineTemporal(
  config: Config,
  settings: TemporalSettings,
  {
    env,
    sick,
    patienceMs,
  }: Pick<Patient, "env" | "patienceMs"> & {
    /** Null: no errand. */
    readonly sick: Promise<ReadonlySet<string>> | null;
  },
): Promise<readonly Finding[]> {
  const client = lazyClient(settings);
  try {
    const cacheDir = `${ROOT}.cache`;
    const [cli, { usable, findings }] = await Promise.all([
      checkTemporalCli({ env, cacheDir, configuredPath: config.TEMPORAL_CLI_PATH }),
      checkTemporal(client, settings.connection.address ?? config.TEMPORAL_ADDRESS, patienceMs),
    ]);
    if (!usable) return [...findings, cli];
    const worker = await checkWorker(client, patienceMs);
    // Without a worker the errand would only repeat that finding.
    const errand = sick !== null && worker.code === null ? await checkProbe(client, sick, patienceMs * 1.5) : [];
    return [...findings, cli, worker, ...errand];
  } finally {
    await client.connection.close();
  }
}

async function examineKtrdr(
  config: Config,
  { deep, ...whose }: { readonly own: boolean; readonly deep: boolean; readonly patienceMs: number },
): Promise<readonly Finding[]> {
  const ktrdr = createKtrdr({ baseUrl: config.KTRDR_API_URL, requestTimeoutMs: whose.patienceMs });
  try {
    const [api, workers] = await Promise.all([
      checkKtrdr(ktrdr, config.KTRDR_API_URL, whose.patienceMs),
      checkKtrdrWorkers(ktrdr, whose),
    ]);
    const answers = api.every(({ severity }) => severity !== "problem");
    return [...api, ...workers, ...(deep && answers ? await checkIndicators(ktrdr) : [])];
  } finally {
    ktrdr.close();
  }
}
