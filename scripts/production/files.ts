import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

/** The files that are checked, as texts. */
export interface ProductionFiles {
  readonly root: string;
  readonly compose: string;
  readonly dockerfile: string;
  readonly packageJson: string;
  readonly launcher: string;
  readonly setupSchema: string;
  readonly setupNamespace: string;
  readonly makeSecrets: string;
  /** Sources in src/bin by file name: each command, and the helpers beside the commands. */
  readonly commands: Readonly<Record<string, string>>;
  readonly sandbox: string;
}

export async function readProductionFiles(root: string): Promise<ProductionFiles> {
  const read = (file: string) => readFile(path.join(root, file), "utf8");
  const bin = (await readdir(path.join(root, "src/bin"))).filter((file) => file.endsWith(".ts"));
  const sources = bin.map(async (file) => [path.basename(file, ".ts"), await read(`src/bin/${file}`)] as const);
  return {
    root,
    compose: await read("docker-compose.yml"),
    dockerfile: await read("Dockerfile"),
    packageJson: await read("package.json"),
    launcher: await read("bin/ktrdr-mcp"),
    setupSchema: await read("temporal-config/setup-schema.sh"),
    setupNamespace: await read("temporal-config/setup-namespace.sh"),
    makeSecrets: await read("scripts/make-secrets.sh"),
    commands: Object.fromEntries(await Promise.all(sources)),
    sandbox: (await Promise.all(["api", "worker"].map((name) => read(`sandbox/bin/${name}.ts`)))).join("\n"),
  };
}
