/** Checks which service waits for which, and whether everything that a service refers to is there. */
import type { Compose, Service } from "./compose.ts";

export function orderFindings(compose: Compose): readonly string[] {
  const { services } = compose;
  return Object.entries(services).flatMap(([name, service]) => [
    ...Object.entries(service.depends_on).flatMap(([other, { condition }]) =>
      dependencyFindings([name, service], [other, services[other]], condition),
    ),
    ...(waitsForItself(name, compose) ? [`${name} waits for itself`] : []),
    ...service.networks.filter((network) => !(network in compose.networks)).map((one) => `${name}: no network ${one}`),
    ...service.secrets.filter((secret) => !(secret in compose.secrets)).map((one) => `${name}: no secret ${one}`),
    ...namedVolumes(service)
      .filter((volume) => !(volume in compose.volumes))
      .map((one) => `${name}: no volume ${one}`),
  ]);
}

function dependencyFindings(
  [name, service]: readonly [string, Service],
  [other, dependency]: readonly [string, Service | undefined],
  condition: string,
): readonly string[] {
  if (dependency === undefined) return [`${name} waits for ${other}, which is no service`];
  const found: string[] = [];
  const checked = dependency.healthcheck?.disable !== true && dependency.healthcheck?.test !== undefined;
  if (condition === "service_healthy" && !checked)
    found.push(`${name} waits for the health of ${other}, which has no check`);
  if (
    condition === "service_completed_successfully" &&
    ["always", "unless-stopped"].includes(dependency.restart ?? "no")
  ) {
    found.push(`${name} waits for the end of ${other}, which is restarted for ever`);
  }
  if (condition === "service_started") found.push(`${name} waits only for the start of ${other}, not for its work`);
  const reached = dependency.profiles.every((profile) => service.profiles.includes(profile));
  if (!reached) found.push(`${name} waits for ${other}, which its profiles do not start`);
  return found;
}

function waitsForItself(name: string, { services }: Compose): boolean {
  const seen = new Set<string>();
  const waiting = Object.keys(services[name]?.depends_on ?? {});
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === name) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...Object.keys(services[next]?.depends_on ?? {}));
  }
  return false;
}

const namedVolumes = (service: Service): readonly string[] =>
  service.volumes.map((volume) => volume.split(":")[0] ?? "").filter((source) => !/^[./]/.test(source));
