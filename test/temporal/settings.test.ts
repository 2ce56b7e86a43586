import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "../../src/root.ts";
import { temporalSettings } from "../../src/temporal/settings.ts";
import { connectServer, deadEnvironment } from "../support/mcp.ts";

const dir = mkdtempSync(path.join(tmpdir(), "ktrdr-mcp-profile-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fallback = { address: "127.0.0.1:7233", namespace: "default" };
const file = path.join(dir, "temporal.toml");
const written = (text: string) => {
  writeFileSync(file, text);
  return { TEMPORAL_CONFIG_FILE: file };
};
const good = '[profile.default]\naddress = "temporal.example:7233"\nnamespace = "quants"\n';
const absent = path.join(dir, "absent");

describe("settings for Temporal that cannot be used", () => {
  it.each([
    ["a file that is no TOML", () => written("[profile"), [file, "Mend"]],
    ["a file without a profile", () => written('address = "x"'), [file, "[profile.<name>]"]],
    [
      "a profile that is not there",
      () => ({ ...written(good), TEMPORAL_PROFILE: "prod" }),
      ["prod", "TEMPORAL_PROFILE"],
    ],
    ["a file that is not there", () => ({ TEMPORAL_CONFIG_FILE: absent }), [absent, "TEMPORAL_CONFIG_FILE"]],
    ["a file that is a folder", () => ({ TEMPORAL_CONFIG_FILE: dir }), ["EISDIR", "TEMPORAL_CONFIG_FILE"]],
    [
      "a certificate that is not there",
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: absent }),
      ["ENOENT", "TEMPORAL_TLS_SERVER_CA_CERT_PATH"],
    ],
    [
      "an address with a scheme",
      () => ({ TEMPORAL_ADDRESS: "http://127.0.0.1:7233" }),
      ["TEMPORAL_ADDRESS", "127.0.0.1:7233", "TEMPORAL_TLS"],
    ],
    ["an address with a path", () => ({ TEMPORAL_ADDRESS: "127.0.0.1:7233/x" }), ["TEMPORAL_ADDRESS"]],
    ["no port that could be", () => ({ TEMPORAL_ADDRESS: "127.0.0.1:72330" }), ["TEMPORAL_ADDRESS"]],
    [
      "an address of a profile",
      () => written(good.replace("temporal.", "https://temporal.")),
      [file, "temporal.example:7233"],
    ],
  ])("%s: the file and the variable are named", (_, env, words) => {
    try {
      temporalSettings(env(), fallback);
    } catch (error) {
      const { code, why, next } = error as { code: string; why: string; next: string };
      expect(code).toBe("invalid_input");
      for (const word of words) expect(`${why} ${next}`).toContain(word);
      return;
    }
    expect.unreachable();
  });

  it.each(["worker", "doctor", "stop-research"])("end %s in words, without a stack trace", async (command) => {
    const env = { PATH: process.env["PATH"], LAB_DIR: absent, ...written("[profile") };
    const args = command === "stop-research" ? ["--reason", "a test"] : [];
    const ended = await execa(`${ROOT}bin/ktrdr-mcp`, [command, ...args], {
      env,
      extendEnv: false,
      reject: false,
      input: "",
    });
    expect(ended.exitCode).toBe(1);
    const said = `${ended.stdout}${ended.stderr}`;
    expect(said).toContain(file);
    expect(said).not.toMatch(/^\s+at /m);
  });

  // The server starts all the same, because a client tells its user little of a server that ended at its start.
  it("are told by mcp in the answer to each call, until they are mended", async () => {
    const client = await connectServer("legacy", { ...(await deadEnvironment()), ...written("[profile") });
    onTestFinished(async () => await client.close());
    expect(await client.listTools()).not.toHaveLength(0);
    const ask = async () => JSON.stringify((await client.call("list_tasks")).content);
    for (const _ of [1, 2]) expect(await ask()).toMatch(/settings for Temporal cannot be used.*TEMPORAL_CONFIG_FILE/);
    // Answers name no files of the server's machine. The log does.
    expect(client.stderr()).toContain(file);
    written(good);
    expect(await ask()).toContain("database_unavailable");
  });
});

describe("settings for Temporal that can be used", () => {
  it("come from the profile, from the variables, or from neither", () => {
    const of = (env: Record<string, string>) => {
      const { connection, namespace } = temporalSettings(env, fallback);
      return [connection.address, namespace];
    };
    expect(of(written(good))).toEqual(["temporal.example:7233", "quants"]);
    expect(of({ ...written(good), TEMPORAL_ADDRESS: "[::1]:7233" })).toEqual(["[::1]:7233", "quants"]);
    expect(of({ ...written(good), TEMPORAL_CONFIG_FILE: devNull })).toEqual([fallback.address, fallback.namespace]);
  });
});
