import type { Client, Connection } from "@temporalio/client";
import { errorText } from "../error-text.ts";
import { greet } from "../temporal/greet.ts";
import { isNamespaceMissing } from "../temporal/connection.ts";
import { describeNamespace } from "../temporal/namespace.ts";
import { searchAttributesThere } from "../temporal/search-attributes.ts";
import { fine, found, type Finding } from "./finding.ts";
import { silent } from "./port.ts";
import { within } from "../within.ts";

const PART = "Temporal";
/** The oldest server with summaries and details of workflows (user metadata). */
const OLDEST = [1, 26] as const;
const DAY_S = 86_400;
const SHORTEST_DAYS = 7;

/** Checks whether the server answers and has our namespace; `usable` is true when it does. */
export async function checkTemporal(
  client: Client,
  address: string,
  patienceMs: number,
): Promise<{ readonly usable: boolean; readonly findings: readonly Finding[] }> {
  const { namespace } = client.options;
  const { workflowService } = client.connection;
  const at = `--address ${address} --namespace ${namespace}`;
  try {
    // Tells a refused connection at once; the client would retry until its time limit.
    await greet(address, patienceMs);
    const ask = async () => await workflowService.getSystemInfo({});
    const { serverVersion } = await within(client.connection.withDeadline(Date.now() + patienceMs, ask), patienceMs);
    const { retentionS } = await within(describeNamespace(client, { namespace }, patienceMs), patienceMs);
    const findings = [
      server(serverVersion, `${address}, version ${serverVersion}, namespace ${namespace}`),
      await checkAttributes(client, at, patienceMs),
      checkRetention(at, retentionS),
    ];
    return { usable: true, findings };
  } catch (error) {
    if (isNamespaceMissing(error)) {
      const lacking = found(PART, "namespace_missing", `${address} has no namespace ${namespace}`, {
        fix: `temporal operator namespace create ${at} --retention 30d`,
        note: "A lab makes its own again by itself. Jobs that were open go on by themselves then.",
      });
      return { usable: false, findings: [lacking] };
    }
    const remedy = { fix: "make lab", note: "Or start Temporal and set TEMPORAL_ADDRESS." };
    const down = await silent({ part: PART, code: "temporal_down", address, patienceMs }, errorText(error), remedy);
    return { usable: false, findings: [down] };
  }
}

function server(version: string, detail: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!old) return fine(PART, detail);
  const wanted = `${OLDEST.join(".")} or newer is wanted`;
  return found(PART, "temporal_old", `${detail}; ${wanted}`, {
    fix: "make lab",
    note: "It brings its own server. Else update yours.",
  });
}

async function checkAttributes(
  { connection, options: { namespace } }: Client,
  at: string,
  patienceMs: number,
): Promise<Finding> {
  const there = await within(searchAttributesThere(connection as Connection, namespace), patienceMs);
  const { missing, otherType } = there;
  if (otherType.length > 0) {
    const detail = `${otherType.join(", ")}: the namespace holds them as another type than Keyword; jobs run, and cannot be found by them`;
    return found("Search attributes", "search_attributes_type", detail, {
      fix: `temporal operator search-attribute remove ${at} ${otherType.map((name) => `--name ${name}`).join(" ")} --yes`,
      note: "Only if nobody else uses them; otherwise set TEMPORAL_NAMESPACE to a namespace of our own.",
    });
  }
  if (missing.length === 0) return fine("Search attributes", "all there");
  const names = missing.map((name) => `--name ${name} --type Keyword`).join(" ");
  return found("Search attributes", "search_attributes_missing", `the namespace lacks ${missing.join(", ")}`, {
    fix: `temporal operator search-attribute create ${at} ${names}`,
    note: "A worker that runs adds them by itself within half a minute, where there is room (a namespace holds ten of type Keyword). Jobs run without them; a namespace of our own has room for all.",
  });
}

function checkRetention(at: string, seconds: number): Finding {
  const days = Math.round((seconds / DAY_S) * 10) / 10;
  const detail = `ended jobs stay in Temporal for ${days} days`;
  if (days >= SHORTEST_DAYS) return fine("Retention", detail);
  return found("Retention", "retention_short", detail, {
    fix: `temporal operator namespace update ${at} --retention 30d`,
  });
}
