/** The commands of docs/production.md are valid, and what it names exists. Docker itself is not needed. */
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readCompose } from "../../scripts/production/compose.ts";
import { AILMENTS, found, type Ailment } from "../../src/doctor/finding.ts";
import { inContainers } from "../../src/doctor/in-containers.ts";
import { jobsInWebUi } from "../../src/domain/web-ui.ts";
import { ROOT } from "../../src/root.ts";

const text = await readFile(path.join(ROOT, "docs/production.md"), "utf8");
const docker = await readFile(path.join(ROOT, "docker-compose.yml"), "utf8");
const compose = readCompose(docker);
const research = await readFile(path.join(ROOT, "compose.research.env"), "utf8");
const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? "");
const commands = blocks.flatMap((block) => block.trim().split("\n"));
const profiles = new Set(Object.values(compose.services).flatMap((service) => service.profiles));

/** The flags of `docker compose` and its commands that the page uses, and how many words each takes. */
const FLAGS: Readonly<Record<string, number>> = {
  "--all": 0,
  "--detach": 0,
  "--entrypoint": 1,
  "--env-file": 1,
  "--follow": 0,
  "--force-recreate": 0,
  "--profile": 1,
  "--pull": 0,
  "--rm": 0,
  "--scale": 1,
  "--tail": 1,
  "--wait": 0,
};

/** Each word is a known flag, a profile, a service, or belongs to the command inside the container. */
function checkDocker(command: string): void {
  const words = command.split(" ").slice(2);
  const verbs = ["build", "config", "exec", "logs", "ps", "pull", "restart", "run", "up"];
  const services: string[] = [];
  let verb = "";
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word.startsWith("--")) {
      expect(FLAGS, command).toHaveProperty([word]);
      const [value = ""] = words.splice(0, FLAGS[word]);
      if (word === "--profile") expect(profiles, command).toContain(value);
      if (word === "--scale") services.push(value.split("=")[0] ?? "");
    } else if (verb === "") {
      verb = word;
      expect(verbs, command).toContain(verb);
    } else {
      services.push(word);
      // The rest of the words is for the container.
      if (["run", "exec"].includes(verb)) break;
    }
  }
  for (const service of services) expect(Object.keys(compose.services), command).toContain(service);
  if (verb === "build") for (const service of services) expect(compose.services[service]?.build).toBeDefined();
}

/** Checks the command inside the container against the source of that command. */
async function checkInside(command: string): Promise<void> {
  const inside = /(?: exec \S+ \/app\/bin\/ktrdr-mcp | run --rm (?:keep |(?=token )))(\S+)(.*)$/.exec(command);
  if (inside === null) return;
  const source = await readFile(path.join(ROOT, "src/bin", `${inside[1]}.ts`), "utf8");
  for (const [, word = ""] of (inside[2] ?? "").matchAll(/ (?:--)?([a-z]+)(?= |$)/g)) {
    if (!["alice", "research", "runaway"].includes(word)) expect(source, command).toMatch(new RegExp(`\\b${word}\\b`));
  }
}

describe("what the doctor tells to type in containers", () => {
  const ailments = Object.keys(AILMENTS) as Ailment[];
  const findings = inContainers(ailments.map((code) => found("Part", code, "wrong", { fix: "make lab" })));
  test.each(findings.map(({ code, fix }) => [code, fix ?? ""]))("%s: %s", async (_code, command) => {
    if (command === "timedatectl set-ntp true") return;
    expect(command).toMatch(/^docker compose /);
    checkDocker(command);
    await checkInside(command);
  });
});

describe("commands", () => {
  test.each(commands.filter((command) => command.startsWith("docker compose ")))("%s", async (command) => {
    checkDocker(command);
    await checkInside(command);
  });

  test("the others are run elsewhere, or here", async () => {
    const others = commands.filter((command) => !command.startsWith("docker compose "));
    expect(others).toEqual([
      "scripts/make-secrets.sh", // test/production/image.test.ts
      'export TEMPORAL_CONFIG_FILE="$PWD/temporal-config/temporal.toml" TEMPORAL_PROFILE=production', // temporal-config.test.ts
      "make verify-production",
      "node_modules/.bin/node scripts/image-files.ts sizes", // its parts: image.test.ts
    ]);
    const makefile = await readFile(path.join(ROOT, "Makefile"), "utf8");
    expect(makefile).toMatch(/^verify-production: deps .*\n\t@.* scripts\/verify-production\.ts$/m);
  });
});

describe("what it names", () => {
  test("services: all of them, published as it says", () => {
    const rows = [...text.matchAll(/^\| (`.*?) \|.*\| (.*?) \|$/gm)];
    const told = rows.flatMap(([, names = "", published = ""]) =>
      [...names.matchAll(/`([\w-]+)`/g)].map((match) => [match[1] ?? "", published] as const),
    );
    const services = told.filter(([name]) => name in compose.services);
    expect(new Set(services.map(([name]) => name))).toEqual(new Set(Object.keys(compose.services)));
    for (const [name, published] of services) {
      const port = compose.services[name]?.ports[0]?.split(":").slice(0, 2).join(":") ?? "no";
      expect([name, published]).toEqual([name, port]);
    }
  });

  test("files and settings", async () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? "");
    await Promise.all(links.map((link) => access(path.join(ROOT, "docs", link))));
    const files = [...text.matchAll(/`((?:scripts|temporal-config|test)\/[\w./-]+\.\w+)`/g)].map(
      (match) => match[1] ?? "",
    );
    expect(files.length).toBeGreaterThan(3);
    await Promise.all(files.map((file) => access(path.join(ROOT, file))));
    expect(text).toContain(
      `\`NUM_HISTORY_SHARDS\` (${compose.services["temporal"]?.environment["NUM_HISTORY_SHARDS"]} here)`,
    );
  });

  test("the Web UI by an address that shows jobs only", () => {
    const { TEMPORAL_UI_URL = "", TEMPORAL_NAMESPACE = "" } = compose.services["mcp"]?.environment ?? {};
    expect(text).toContain(`(${jobsInWebUi(TEMPORAL_UI_URL, TEMPORAL_NAMESPACE)})`);
    expect(text.split(TEMPORAL_UI_URL)).toHaveLength(2);
  });

  test("the variables of compose.research.env are those that the compose file asks for", async () => {
    const asked = new Set([...docker.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1] ?? ""));
    const given = [...research.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1] ?? "");
    expect(given.filter((name) => !asked.has(name))).toEqual([]);
    const optional = ["LOG_LEVEL", "MCP_HTTP_ALLOWED_HOSTS", "MCP_PUBLIC_URL"];
    expect([...asked].filter((name) => !given.includes(name)).toSorted()).toEqual(optional);
  });

  test("an existing KTRDR's folders are mounted as it says: data and models only to be read", () => {
    const env = Object.fromEntries([...research.matchAll(/^([A-Z_]+)=(.*)$/gm)].map((match) => [match[1], match[2]]));
    const { services, networks } = readCompose(docker, env as Record<string, string>);
    for (const name of ["mcp", "worker"]) {
      expect(services[name]?.volumes).toEqual(
        expect.arrayContaining([
          "/srv/ktrdr/strategies:/ktrdr/strategies",
          "/srv/ktrdr/data:/ktrdr/data:ro",
          "/srv/ktrdr/models:/ktrdr/models:ro",
        ]),
      );
    }
    expect(networks["ktrdr"]).toEqual({ name: "ktrdr-network", external: true });
  });
});
