/**
 * Makes the bundle for Claude Desktop: the MCP server and everything it imports, as plain JavaScript. It holds no
 * worker and nothing native. Its manifest asks for the addresses. The format's own tool validates and packs it.
 */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { packExtension, validateManifest } from "@anthropic-ai/mcpb";
import { rolldown } from "rolldown";
import { ROOT } from "../src/root.ts";
import { mcpbManifest } from "./mcpb-manifest.ts";

const ENTRY = "server/bin/mcp.js";

const target = path.join(ROOT, ".cache/mcpb");
const stage = path.join(target, "content");
const packed = path.join(target, "ktrdr-mcp.mcpb");

const { version, description } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as {
  version: string;
  description: string;
};

await rm(target, { recursive: true, force: true });
const bundled = await rolldown({
  input: path.join(ROOT, "src/bin/mcp.ts"),
  platform: "node",
  // The server loads these only where they are installed. The bundle has none of them: they are native or large.
  external: ["pg-native", "vega", "vega-lite", "@resvg/resvg-js"],
});
const { output } = await bundled.write({ dir: stage, format: "esm", entryFileNames: ENTRY, codeSplitting: false });
await bundled.close();

const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? Object.keys(chunk.modules) : []));
const native = modules.filter((module) => module.endsWith(".node") || module.includes("@temporalio/core-bridge"));
if (native.length > 0) throw new Error(`Not plain JavaScript: ${native.join(", ")}`);

await writeFile(path.join(stage, "package.json"), '{ "type": "module" }\n');
await writeFile(path.join(stage, "LICENSES.txt"), await licensesOf(modules));
const manifest = path.join(stage, "manifest.json");
await writeFile(manifest, `${JSON.stringify(mcpbManifest(version, description, ENTRY), null, 2)}\n`);
if (!validateManifest(manifest)) throw new Error("The manifest is not valid.");
if (!(await packExtension({ extensionPath: stage, outputPath: packed, silent: true })))
  throw new Error("Packing failed.");
console.log(`${path.relative(ROOT, packed)}: ${((await stat(packed)).size / 1e6).toFixed(1)} MB, version ${version}`);

/** The licences of all packages in the bundle, because the licences ask for it. */
async function licensesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const texts = await Promise.all([...folders].toSorted().map(licenseOf));
  return texts.join(`\n${"-".repeat(80)}\n`);
}

async function licenseOf(folder: string): Promise<string> {
  const { name, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as {
    name: string;
    license?: string;
  };
  const file = (await readdir(folder)).find((entry) => /^licen[sc]e/i.test(entry));
  const text = file === undefined ? "" : await readFile(path.join(folder, file), "utf8");
  return `${name} (${license ?? "see below"})\n\n${text}`;
}
