import { errorText } from "../error-text.ts";
import { isDomainError } from "../domain/errors.ts";
import { isHealthy } from "../domain/worker-gone.ts";
import type { KtrdrWorker } from "../domain/operation.ts";
import { examinedVersion } from "../ktrdr/known-faults.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import type { Surface } from "../ktrdr/allow-list.ts";
import { fetchServerTime } from "../ktrdr/server-time.ts";
import { checkClock } from "./clock.ts";
import { fine, found, type Finding } from "./finding.ts";
import { silent } from "./port.ts";
import { within } from "../within.ts";

const PART = "KTRDR";
const START = { fix: "make lab", note: "Or start KTRDR and set KTRDR_API_URL." };
/** For findings that only KTRDR's operator can mend: afterwards the doctor looks again. */
const AGAIN = "bin/ktrdr-mcp doctor";

/** Checks whether KTRDR's API answers, its version and that version's known faults, and its clock. */
export async function checkKtrdr(ktrdr: Ktrdr, baseUrl: string, patienceMs: number): Promise<readonly Finding[]> {
  const { hostname, port, protocol, host } = new URL(baseUrl);
  try {
    const { version } = await within(ktrdr.health(AbortSignal.timeout(patienceMs)), patienceMs);
    return [checkVersion(host, version), ...(await clock(baseUrl, patienceMs))];
  } catch (error) {
    if (isDomainError(error, "ktrdr_unavailable") && ANSWERED.test(error.why ?? "")) {
      const note =
        "KTRDR itself fails: look at its own log (its database is the usual cause), or restart it. Jobs wait meanwhile.";
      return [found(PART, "ktrdr_failing", `${host}: ${errorText(error)}`, { fix: AGAIN, note })];
    }
    const address = `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
    return [await silent({ part: PART, code: "ktrdr_down", address, patienceMs }, errorText(error), START)];
  }
}

/** How an error begins that KTRDR itself answered. */
const ANSWERED = /^KTRDR answered \d{3}/;

function checkVersion(host: string, version: string): Finding {
  const known = examinedVersion(version);
  if (known === undefined) {
    return found(PART, "ktrdr_unexamined", `${host}, version ${version}`, {
      fix: "make test",
      note: "This checks ktrdr-mcp itself; then compare this KTRDR with docs/faults.md before trusting it with long work.",
    });
  }
  return fine(
    PART,
    `${host}, version ${version}; ${known.faults.length} known faults are guarded against (${known.engine})`,
  );
}

async function clock(
  baseUrl: string,
  patienceMs: number,
  surface: Surface = "api",
  whose = PART,
): Promise<readonly Finding[]> {
  try {
    const glance = await fetchServerTime(baseUrl, AbortSignal.timeout(patienceMs), surface);
    return glance === undefined ? [] : [checkClock(whose, glance)];
  } catch {
    return []; // it answered a moment ago; when it stops answering, the other checks tell
  }
}

interface Whose {
  /** False when KTRDR is the lab's sandbox. */
  readonly own: boolean;
  readonly patienceMs: number;
}

/** Checks which workers KTRDR can use, and whether they answer us. */
export async function checkKtrdrWorkers(ktrdr: Ktrdr, { own, patienceMs }: Whose): Promise<readonly Finding[]> {
  const part = "KTRDR workers";
  let workers: readonly KtrdrWorker[];
  try {
    workers = await within(ktrdr.workers.list(AbortSignal.timeout(patienceMs)), patienceMs);
  } catch (error) {
    // `checkKtrdr` tells of an API that does not answer.
    if (isDomainError(error, "ktrdr_unavailable")) return [];
    return [found(part, "ktrdr_workers_missing", errorText(error), START)];
  }
  const usable = (type: string) => workers.filter((worker) => worker.workerType === type && isHealthy(worker)).length;
  const counts = `${usable("training")} training, ${usable("backtesting")} backtesting`;
  const lacking = ["training", "backtesting"].filter((type) => usable(type) === 0);
  const missing = lacking.map((type) => {
    const detail = `KTRDR can use ${counts}: ${type} waits`;
    const start = `start a ${type} worker of KTRDR; it registers by itself within half a minute`;
    const remedy = own ? { fix: AGAIN, note: `First ${start}.` } : { fix: "make lab", note: `Or ${start}.` };
    return found(part, "ktrdr_workers_missing", detail, remedy);
  });
  const silences = await Promise.all(workers.map((worker) => checkEndpoint(ktrdr, worker, { own, patienceMs })));
  const wrong = [...missing, ...silences.flat()];
  return wrong.length > 0 ? wrong : [fine(part, `${counts}; each answers us`)];
}

async function checkEndpoint(
  ktrdr: Ktrdr,
  { workerId, endpointUrl }: KtrdrWorker,
  { own, patienceMs }: Whose,
): Promise<readonly Finding[]> {
  try {
    await within(ktrdr.workers.at(endpointUrl).health(AbortSignal.timeout(patienceMs / 2)), patienceMs);
    return (await clock(endpointUrl, patienceMs, "worker", `KTRDR worker ${workerId}`)).filter(
      ({ code }) => code !== null,
    );
  } catch (error) {
    const remedy = {
      fix: own ? AGAIN : "make lab",
      note: "Start that worker again, or run ours where KTRDR's workers can be reached.",
    };
    return [found(`KTRDR worker ${workerId}`, "ktrdr_worker_silent", `${endpointUrl}: ${errorText(error)}`, remedy)];
  }
}
