/** Checks what every container must have, so that a fault of one does not reach the others. */
import type { Compose, Service } from "./compose.ts";

/** Services that may write to their root file system. */
const MAY_WRITE = new Set(["temporal-ui"]);
/** Images that begin as root and give up root's rights themselves. */
const OWN_USER = /^(postgres|temporalio\/)/;

export function safetyFindings({ services }: Compose): readonly string[] {
  return Object.entries(services).flatMap(([name, service]) =>
    serviceFindings(name, service).map((what) => `${name}: ${what}`),
  );
}

function serviceFindings(name: string, service: Service): readonly string[] {
  const found: string[] = [];
  const demand = (held: boolean, what: string) => {
    if (!held) found.push(what);
  };
  demand(/:v?\d+\.\d+(\.\d+)?$/.test(service.image), `the image ${service.image} is not pinned to a version`);
  demand(service.read_only || MAY_WRITE.has(name), "its root file system can be written");
  demand(service.cap_drop.includes("ALL"), "it keeps capabilities of root");
  demand(service.security_opt.includes("no-new-privileges:true"), "it may gain privileges");
  demand(service.deploy !== undefined, "nothing limits its memory and processors");
  demand(service.restart !== undefined, "nothing says whether it is restarted");
  demand(
    OWN_USER.test(service.image) || /^[1-9]\d*:[1-9]\d*$/.test(service.user ?? ""),
    "its user is no number above 0",
  );
  const lasting = service.restart === "unless-stopped" && !service.profiles.includes("sandbox");
  demand(
    !lasting || name === "temporal-ui" || service.healthcheck?.test !== undefined,
    "nobody looks after its health",
  );
  const guard = service.environment["LIMIT_MEMORY_MB"];
  const limit = megabytes(service.deploy?.resources.limits.memory);
  demand(
    !service.command.includes("mcp") || (guard !== undefined && Number(guard) < limit),
    `LIMIT_MEMORY_MB is not below its ${limit} MB: it would be killed before it refuses new jobs`,
  );
  for (const { path, required } of service.env_file)
    demand(!required, `it does not start without ${path}, which nobody makes`);
  for (const port of service.ports) demand(port.startsWith("127.0.0.1:"), `port ${port} can be reached from elsewhere`);
  for (const [variable, value] of Object.entries(service.environment)) {
    const secret = /PASSWORD|PWD|SECRET|TOKEN|API_KEY|DATABASE_URL/.test(variable) && !variable.endsWith("_FILE");
    demand(!secret, `${variable} carries a secret in the environment`);
    if (value.startsWith("/run/secrets/")) {
      demand(
        service.secrets.includes(value.slice("/run/secrets/".length)),
        `${variable} names a secret it is not given`,
      );
    }
  }
  return found;
}

/** Megabytes of `768m` or `1g`; 0 when there is no limit. */
function megabytes(text: string | undefined): number {
  const [, amount, unit] = /^(\d+)([mg])$/.exec(text ?? "") ?? [];
  return Number(amount ?? 0) * (unit === "g" ? 1_024 : 1);
}
