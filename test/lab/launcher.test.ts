import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const launcher = new URL("../../bin/ktrdr-mcp", import.meta.url).pathname;
const run = promisify(execFile);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function launch(
  file: string,
  args: readonly string[],
  options: { cwd?: string; PATH?: string; compiled?: string } = {},
) {
  const env = { ...process.env, NODE_COMPILE_CACHE: options.compiled, PATH: options.PATH ?? process.env["PATH"] };
  try {
    const { stdout, stderr } = await run(file, args, { cwd: options.cwd ?? tmpdir(), env });
    return { code: 0, stdout, stderr } satisfies Ended;
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr } satisfies Ended;
  }
}

describe("the launcher", () => {
  let root: string;
  let command: string;

  /** A small project of the same layout, so that the test decides which commands exist. */
  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), "launcher-")));
    command = path.join(root, "bin/ktrdr-mcp");
    mkdirSync(path.join(root, "src/bin"), { recursive: true });
    mkdirSync(path.join(root, "node_modules/.bin"), { recursive: true });
    cpSync(launcher, command);
    symlinkSync(process.execPath, path.join(root, "node_modules/.bin/node"));
    writeFileSync(path.join(root, "package.json"), `{\n  "type": "module",\n  "version": "9.8.7"\n}\n`);
    writeFileSync(
      path.join(root, "src/bin/mcp.ts"),
      `const said: unknown = { args: process.argv.slice(2), node: process.execPath, pid: process.pid, file: import.meta.filename,
         compiled: process.env["NODE_COMPILE_CACHE"] };
       console.log(JSON.stringify(said));`,
    );
    writeFileSync(path.join(root, "src/bin/helper.ts"), `export const not = "a command";`);
    writeFileSync(path.join(root, "src/bin/migrate.ts"), `process.exitCode = 37;`);
    writeFileSync(path.join(root, "src/bin/demo.ts"), `process.stdin.pipe(process.stdout);`);
    writeFileSync(
      path.join(root, "src/bin/worker.ts"),
      `process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(5); });
       setInterval(() => undefined, 1000); console.log(process.pid);`,
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("runs the source of a command with its arguments untouched, from any folder", async () => {
    const { code, stdout } = await launch(command, ["mcp", "a b", "--flag=*", ""], { cwd: "/" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      args: ["a b", "--flag=*", ""],
      node: realpathSync(process.execPath),
      file: path.join(root, "src/bin/mcp.ts"),
    });
  });

  test("works through a chain of symlinks, absolute and relative", async () => {
    symlinkSync(command, path.join(root, "first"));
    symlinkSync("../first", path.join(root, "bin/second"));
    const { stdout } = await launch(path.join(root, "bin/second"), ["mcp"]);
    expect(JSON.parse(stdout)).toMatchObject({ file: path.join(root, "src/bin/mcp.ts") });
  });

  test("without a suitable Node says what helps: in a checkout, and in a package that was installed", async () => {
    rmSync(path.join(root, "node_modules"), { recursive: true });
    const old = path.join(root, "old");
    mkdirSync(old);
    writeFileSync(path.join(old, "node"), `#!/bin/sh\n[ "$1" = --version ] && echo v20.20.2\nexit 1\n`, {
      mode: 0o755,
    });
    const PATH = `${old}:/usr/bin:/bin`;
    const installed = await launch(command, ["mcp"], { PATH });
    expect(installed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/24\.12.*v20\.20\.2[^]*npm install node@24/),
    });
    expect(installed.stderr).not.toContain("make");
    writeFileSync(path.join(root, "Makefile"), "");
    expect((await launch(command, ["mcp"], { PATH })).stderr).toContain("make deps");
    const { engines } = JSON.parse(readFileSync(path.join(path.dirname(launcher), "../package.json"), "utf8"));
    expect(engines).toEqual({ node: ">=24.12" });
  });

  test("keeps what Node makes of the sources in the checkout, or where the environment says", async () => {
    const said = async (compiled?: string) => {
      const { stdout } = await launch(command, ["mcp"], compiled === undefined ? {} : { compiled });
      return (JSON.parse(stdout) as { compiled: string }).compiled;
    };
    const there = path.join(root, "there");
    expect(await said()).toBe(path.join(root, ".cache/compiled"));
    expect(await said(there)).toBe(there);
    expect([there, path.join(root, ".cache/compiled")].filter((folder) => !existsSync(folder))).toEqual([]);
  });

  test("hands over the exit code", async () => {
    expect((await launch(command, ["migrate"])).code).toBe(37);
  });

  test("hands over stdin and stdout", async () => {
    const child = spawn(command, ["demo"], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end("line one\nline two");
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    expect(Buffer.concat(chunks).toString()).toBe("line one\nline two");
  });

  test("becomes the process itself, so a signal to it reaches the command", async () => {
    const child = spawn(command, ["worker"], { stdio: ["ignore", "pipe", "inherit"] });
    const lines: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => lines.push(chunk.toString().trim()));
    await once(child.stdout, "data");
    expect(lines).toEqual([String(child.pid)]);
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number];
    expect({ code, last: lines.at(-1) }).toEqual({ code: 5, last: "asked to stop" });
  });

  test.each([["nonsense"], ["../bin/mcp"], ["mcp.ts"], ["helper"], ["doctor"], ["*"]])(
    "refuses %s, lists what there is and exits 2",
    async (name) => {
      const { code, stdout, stderr } = await launch(command, [name]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(`there is no command "${name}"`);
      expect(stderr).toMatch(/^ {2}mcp\b/m);
      expect(stderr).toMatch(/^ {2}worker\b/m);
    },
  );

  test("without a command: usage on stderr, exit 2", async () => {
    const { code, stderr } = await launch(command, []);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: ktrdr-mcp <command>");
  });

  test("--help and --version need no Node", async () => {
    rmSync(path.join(root, "node_modules"), { recursive: true });
    const bare = { PATH: "/usr/bin:/bin" };
    expect(await launch(command, ["--version"], bare)).toEqual({ code: 0, stdout: "9.8.7\n", stderr: "" });
    expect((await launch(command, ["--help"], bare)).stdout).toContain("Commands:");
  });

  test("runs the build where there are no sources, and where Node would refuse them", async () => {
    const build = `console.log(JSON.stringify({ file: import.meta.filename }));`;
    mkdirSync(path.join(root, "dist/bin"), { recursive: true });
    writeFileSync(path.join(root, "dist/bin/mcp.js"), build);
    const installed = path.join(root, "node_modules/ktrdr-mcp");
    mkdirSync(installed);
    for (const part of ["bin", "dist", "src", "package.json"]) {
      cpSync(path.join(root, part), path.join(installed, part), { recursive: true });
    }
    const there = await launch(path.join(installed, "bin/ktrdr-mcp"), ["mcp"]);
    expect(JSON.parse(there.stdout)).toEqual({ file: path.join(installed, "dist/bin/mcp.js") });

    rmSync(path.join(root, "src"), { recursive: true });
    const here = await launch(command, ["mcp"]);
    expect(JSON.parse(here.stdout)).toEqual({ file: path.join(root, "dist/bin/mcp.js") });
  });

  describe("without the pinned Node", () => {
    /** A `node` that claims a version. For anything else it prints what it was asked to run. */
    function fakeNode(version: string): string {
      const folder = path.join(root, "fake");
      mkdirSync(folder, { recursive: true });
      const script = `#!/bin/sh
case $1 in
  --version) echo ${version} ;;
  *) echo "ran $*" ;;
esac
`;
      writeFileSync(path.join(folder, "node"), script, { mode: 0o755 });
      return `${folder}:/usr/bin:/bin`;
    }
    beforeEach(() => rmSync(path.join(root, "node_modules"), { recursive: true }));

    test("takes the one on PATH when it is new enough", async () => {
      const { stdout } = await launch(command, ["mcp", "x"], { PATH: fakeNode("v26.0.0") });
      expect(stdout).toBe(`ran ${path.join(root, "src/bin/mcp.ts")} x\n`);
    });

    test("refuses an old one and says which command mends it", async () => {
      writeFileSync(path.join(root, "Makefile"), "");
      const { code, stderr } = await launch(command, ["mcp"], { PATH: fakeNode("v20.20.2") });
      expect(code).toBe(1);
      expect(stderr).toContain("this one is v20.20.2");
      expect(stderr).toContain(`\`make deps\` in ${root}`);
    });
  });
});
