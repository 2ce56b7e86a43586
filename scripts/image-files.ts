/**
 * `image-files.ts modules|program|sandbox FOLDER` lays out that part of the container image in FOLDER. The Dockerfile
 * runs it. `image-files.ts sizes` lays out everything in a folder of its own and prints the size of each layer.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bytesOf, LAYERS, layOutModules, layOutProgram, layOutSandbox } from "./production/image.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const parts = { modules: layOutModules, program: layOutProgram, sandbox: layOutSandbox };
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;

async function sizes(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-image-"));
  try {
    const app = path.join(folder, "app");
    await layOutModules(root, app);
    await layOutProgram(root, app);
    await layOutSandbox(root, path.join(folder, "sandbox"));
    for (const name of LAYERS) console.log(`${megabytes(await bytesOf(path.join(app, name)))}  ${name}`);
    console.log(`${megabytes(await bytesOf(app))}  all that the product adds to its base image`);
    console.log(`${megabytes(await bytesOf(path.join(folder, "sandbox")))}  all that the sandbox adds to its own`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [part = "", out] = process.argv.slice(2);
if (part === "sizes") await sizes();
else if (part in parts && out !== undefined) await parts[part as keyof typeof parts](root, path.resolve(out));
else throw new Error("Usage: image-files.ts modules|program|sandbox FOLDER, or image-files.ts sizes");
