/** What the bundle says about itself to Claude Desktop. Specification of the format: version 0.3. */
import { TOOLS } from "../src/mcp/tools/index.ts";

/** A setting that Claude Desktop asks for, and the variable that the server reads it from. */
interface Setting {
  readonly variable: string;
  readonly type: "string" | "directory";
  readonly title: string;
  readonly description: string;
  readonly sensitive?: true;
}

/** Every setting may stay empty. An empty one has the lab's value, else the default of docs/configuration.md. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  lab_dir: {
    variable: "LAB_DIR",
    type: "directory",
    title: "Folder of a lab",
    description: "The .lab folder of a checkout where `make lab` runs. With it, leave everything else empty.",
  },
  ktrdr_api_url: {
    variable: "KTRDR_API_URL",
    type: "string",
    title: "KTRDR API",
    description: "Base address, without /api/v1. Empty: http://127.0.0.1:8000.",
  },
  strategies_dir: {
    variable: "KTRDR_STRATEGIES_DIR",
    type: "directory",
    title: "KTRDR's strategies folder",
    description: "As this machine sees it; strategies that Claude writes go there.",
  },
  temporal_address: {
    variable: "TEMPORAL_ADDRESS",
    type: "string",
    title: "Temporal server",
    description: "Host and port. Empty: 127.0.0.1:7233.",
  },
  temporal_namespace: {
    variable: "TEMPORAL_NAMESPACE",
    type: "string",
    title: "Temporal namespace",
    description: "Empty: default.",
  },
  database_url: {
    variable: "DATABASE_URL",
    type: "string",
    title: "PostgreSQL",
    description: "Address of the record with user and password. Empty: postgresql://postgres@127.0.0.1:5432/ktrdr_mcp.",
    sensitive: true,
  },
};

/** @param entryPoint the server's file in the bundle */
export function mcpbManifest(
  version: string,
  description: string,
  entryPoint: string,
): Readonly<Record<string, unknown>> {
  const settings = Object.entries(SETTINGS);
  return {
    manifest_version: "0.3",
    name: "ktrdr-mcp",
    display_name: "KTRDR research",
    version,
    description,
    author: { name: "ktrdr-mcp" },
    server: {
      type: "node",
      entry_point: entryPoint,
      mcp_config: {
        command: "node",
        args: [`\${__dirname}/${entryPoint}`],
        env: Object.fromEntries(settings.map(([name, { variable }]) => [variable, `\${user_config.${name}}`])),
      },
    },
    tools: TOOLS.map(({ name, title }) => ({ name, description: title })),
    // The newest Node that a bundled package asks for is 22.
    compatibility: { platforms: ["darwin", "win32", "linux"], runtimes: { node: ">=22" } },
    user_config: Object.fromEntries(
      // Without a default, Claude Desktop would hand over the placeholder itself.
      settings.map(([name, { variable: _variable, ...asked }]) => [name, { ...asked, required: false, default: "" }]),
    ),
  };
}
