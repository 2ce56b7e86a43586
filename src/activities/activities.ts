import { admitActivities } from "./admit.ts";
import { awaitActivities } from "./await.ts";
import { batchActivities } from "./batch.ts";
import { campaignActivities } from "./campaign.ts";
import { closeActivities } from "./close.ts";
import type { ActivityDeps } from "./deps.ts";
import { withFailures } from "./failure.ts";
import { probeActivities } from "./probe.ts";
import { registryActivities } from "./registry.ts";
import { recordActivities } from "./record-outcome.ts";
import { slotActivities } from "./slots.ts";
import { startActivities } from "./start.ts";
import { stopActivities } from "./stop.ts";
import { tendActivities } from "./tend.ts";
import { watchActivities } from "./watch.ts";

export function createActivities(deps: ActivityDeps) {
  return withFailures({
    ...admitActivities(deps),
    ...startActivities(deps),
    ...awaitActivities(deps),
    ...stopActivities(deps),
    ...recordActivities(deps),
    ...closeActivities(deps),
    ...slotActivities(deps),
    ...tendActivities(deps),
    ...probeActivities(deps),
    ...batchActivities(deps),
    ...campaignActivities(deps),
    ...registryActivities(deps),
    ...watchActivities(deps),
  });
}

export type Activities = ReturnType<typeof createActivities>;
