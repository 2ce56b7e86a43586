/** A real browser for tests of the page: the machine's own, else the one that lies in an npm package. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { launch, type Browser } from "puppeteer-core";
import { describe } from "vitest";

export interface TestBrowser {
  readonly browser: Browser;
  readonly pid: number;
  /** Its folder: profile, and program when that was unpacked. */
  readonly dir: string;
  stop(): Promise<void>;
}

interface Program {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** The package's program is the shell, which knows nothing but this. */
  readonly headless: true | "shell";
}

const DEBIAN = "/usr/bin/chromium";
/** Wide enough for a machine that does several things at once. */
const PATIENCE_MS = 300_000;

/** CHROME_PATH names another one; when it is empty, the package's is used although Debian's is there. */
function installedProgram(): string | null {
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH !== undefined) return CHROME_PATH === "" ? null : CHROME_PATH;
  return existsSync(DEBIAN) ? DEBIAN : null;
}

/** Why there is no browser here; null when there is one. */
function missingBrowser(): string | null {
  if (installedProgram() !== null || (process.platform === "linux" && process.arch === "x64")) return null;
  return `no package has a browser for ${process.platform} ${process.arch}; CHROME_PATH can name one`;
}

/** Tests in a browser. Where there is none they are skipped, and the reason is printed. */
export function inBrowser(name: string, tests: () => void): void {
  const missing = missingBrowser();
  if (missing !== null) process.stderr.write(`Skipped, ${name}: ${missing}\n`);
  describe.skipIf(missing !== null)(name, tests);
}

/** Starts a browser with a folder of its own. It ends with this process at the latest, because its pipe breaks. */
export async function startBrowser(): Promise<TestBrowser> {
  const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-browser-"));
  try {
    const installed = installedProgram();
    const program: Program = installed === null ? await unpacked(dir) : { path: installed, env: {}, headless: true };
    return await started(program, dir);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function started({ path: executablePath, env, headless }: Program, dir: string): Promise<TestBrowser> {
  const browser = await launch({
    executablePath,
    headless,
    pipe: true,
    userDataDir: path.join(dir, "profile"),
    timeout: PATIENCE_MS,
    protocolTimeout: PATIENCE_MS,
    // Without a language the shell ends at once. Root has no sandbox; the pages are ours.
    env: { PATH: process.env["PATH"], HOME: dir, TMPDIR: dir, LANG: "en_US.UTF-8", ...env },
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
  });
  const child = browser.process();
  if (child?.pid === undefined) throw new Error("the browser has no process");
  const { pid } = child;
  return {
    browser,
    pid,
    dir,
    async stop() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      await browser.close().catch(() => child.kill("SIGKILL"));
      await ended;
      await rm(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function unpacked(dir: string): Promise<Program> {
  const script = new URL("unpack-browser.ts", import.meta.url).pathname;
  // The name of a runtime of Amazon's makes the package unpack the libraries that a bare container lacks.
  const env = { ...process.env, TMPDIR: dir, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" };
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  const fonts = path.join(dir, "fonts.conf");
  await writeFile(fonts, fontsOf(dir));
  return {
    path: stdout,
    headless: "shell",
    env: { LD_LIBRARY_PATH: path.join(dir, "al2023", "lib"), FONTCONFIG_FILE: fonts },
  };
}

/** The same letters on every machine: those of the package, and ours for what it has no letters for. */
function fontsOf(dir: string): string {
  const ours = path.dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"));
  const alias = (family: string, font: string) =>
    `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${path.join(dir, "fonts")}</dir><dir>${ours}</dir><cachedir>${path.join(dir, "font-cache")}</cachedir>
${alias("monospace", "DejaVu Sans Mono")}
<match target="pattern"><edit name="family" mode="append_last"><string>Open Sans</string></edit></match>
</fontconfig>
`;
}
