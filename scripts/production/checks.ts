/** Compares docker-compose.yml and the Dockerfile with the code: each name, port, path, user and dependency in them. */
import { readCompose, schemaComplaints, type Compose } from "./compose.ts";
import { dockerfileFindings } from "./dockerfile-checks.ts";
import { codeFindings } from "./code-checks.ts";
import type { ProductionFiles } from "./files.ts";
import { orderFindings } from "./order-checks.ts";
import { safetyFindings } from "./safety-checks.ts";

/** Says in words what is wrong. The list is empty when all of it agrees. */
export async function findings(files: ProductionFiles): Promise<readonly string[]> {
  const complaints = await schemaComplaints(files.compose);
  if (complaints.length > 0) return complaints;
  const compose: Compose = readCompose(files.compose);
  return [
    ...orderFindings(compose),
    ...safetyFindings(compose),
    ...(await codeFindings(compose, files)),
    ...dockerfileFindings(compose, files),
  ];
}
