import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Operation } from "../../sandbox/state/operation.ts";
import { isFinished } from "../../sandbox/state/operation.ts";
import type { Answer } from "./support/client.ts";
import { TestSandbox } from "./support/client.ts";
import { compareShape } from "./support/shape.ts";
import type { Shape } from "./support/shape.ts";
import { recordedStrategies, writeStrategies } from "./support/strategies.ts";

interface Exchange {
  readonly number: number;
  readonly request: { method: string; path: string; body?: unknown; target?: string };
  readonly status: number;
  readonly body: Shape;
  /** The operation that the recorded answer was about. */
  readonly operationId?: string;
  /** The running operation had done at least so many steps. */
  readonly minSteps?: number;
}

interface Is {
  readonly $is?: string;
}

/**
 * Where the sandbox may differ from the recordings, and why. Every other field must be there with the same name and
 * type, and there may be no further fields.
 */
const ALLOWED: readonly (readonly [RegExp, string])[] = [
  [/^\$\.data(\[\])?\.started_at$/, "which copy the API read first decides (docs/ktrdr.md §10.8)"],
  [/^\$\.data\.metadata\.(start|end)_date$/, "the same"],
  [/^\$\.data\[\]\.duration_seconds$/, "follows from started_at"],
  [/^\$\[\]\.metadata\.last_selected$/, "set by whatever was dispatched before"],
  [/^\$(\[\])?\.(last_health_check)$/, "null until the first sweep"],
  [/^\$\[\]\.current_operation_id$/, "the recorder had its own jobs running beside"],
  [/^\$\[\]\.capabilities\.gpu$/, "only training workers say it"],
  [/^\$\.data\.progress\.current_step$/, "null in early progress, a text later"],
  [/^\$\.data\.progress\.context\./, "free-form hints of the download's progress"],
  [/^\$\.detail\.error\.details\.validation_errors\[\]\.(ctx|url)/, "pydantic's own links"],
  [/^\$\.detail\.registered_workers$/, "counts the recorder's workers"],
];

const allowed = (path: string): boolean => ALLOWED.some(([pattern]) => pattern.test(path));

function exchangesOf(file: string): Exchange[] {
  const url = new URL(`../fixtures/ktrdr/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { exchanges: Exchange[] }).exchanges;
}

/** Sends the recorded requests in their order. Ids that the server chose are replaced by the sandbox's. */
class Replay {
  readonly #test: TestSandbox;
  readonly #ids = new Map<string, string>();

  constructor(test: TestSandbox) {
    this.#test = test;
  }

  async run(exchanges: readonly Exchange[]): Promise<string[]> {
    const differences: string[] = [];
    for (const exchange of exchanges) {
      const answer = await this.#send(exchange);
      const { method, path } = exchange.request;
      const where = `[${exchange.number}] ${method} ${path}`;
      if (answer.status !== exchange.status) {
        differences.push(
          `${where}: status ${answer.status}, recorded ${exchange.status}: ${answer.text.slice(0, 300)}`,
        );
        continue;
      }
      if (exchange.body === "empty") continue;
      differences.push(...compareShape(exchange.body, answer.body, "$", allowed).map((one) => `${where} ${one}`));
      this.#learnId(exchange, answer);
    }
    return differences;
  }

  #path(exchange: Exchange): string {
    return exchange.request.path.replaceAll(/op_[a-z_]+_\d{8}_\d{6}_[0-9a-f]{8}/g, (id) => this.#ids.get(id) ?? id);
  }

  #learnId(exchange: Exchange, answer: Answer): void {
    const data = answer.body["data"] as { operation_id?: string } | undefined;
    const id = (answer.body["operation_id"] ?? answer.body["task_id"] ?? data?.operation_id) as string | undefined;
    if (exchange.operationId !== undefined && id !== undefined) this.#ids.set(exchange.operationId, id);
  }

  async #send(exchange: Exchange): Promise<Answer> {
    const { method, body, target } = exchange.request;
    const path = this.#path(exchange);
    const isBacktest = path.includes("/backtests/");
    // The recorder waited until the registry saw the worker free. Where it did not wait, 503 was recorded.
    const isStart = method === "POST" && (path.endsWith("/start") || path.endsWith("/resume"));
    if (isStart && exchange.status === 200) await this.#test.untilAvailable(isBacktest ? "backtesting" : "training");
    // A refusal that names the operation's status was recorded while the operation had that status.
    const named = /\(status: (\w+)\)/.exec(JSON.stringify(exchange.body))?.[1];
    const about = /\/(?:trainings|operations)\/([^/]+)\//.exec(path)?.[1];
    if (named !== undefined && about !== undefined) await this.#test.untilStatus(about, named as Operation["status"]);
    // Results were recorded when the operation had finished.
    if (about !== undefined && exchange.status === 200 && path.endsWith("/results")) await this.#untilFinished(about);
    const base = target === undefined ? this.#test.url : this.#test.worker(target.startsWith("bt") ? "bt" : "train");
    const send = (): Promise<Answer> => this.#test.call(method, path, body, base);
    if (method !== "GET" || exchange.status !== 200) return send();
    return this.#test.until(send, (answer) => answer.status !== 200 || this.#hasCome(exchange, answer));
  }

  async #untilFinished(operationId: string): Promise<void> {
    await this.#test.until(
      () => this.#test.call("GET", `/api/v1/operations/${operationId}`),
      ({ status, body }) => status !== 200 || isFinished((body["data"] as unknown as Operation).status),
    );
  }

  /** Whether the sandbox has reached what the recorder saw. The recorder looked afterwards; we have to wait for it. */
  #hasCome({ body, minSteps }: Exchange, answer: Answer): boolean {
    const recorded = body as { data?: { status?: Is; progress?: unknown } } & readonly { status?: Is }[];
    const actual = answer.body as unknown as { data?: Operation } & readonly { status?: string }[];
    const worker = recorded[0]?.status?.$is;
    if (worker !== undefined) return actual.every((one) => one.status === worker);
    const operation = actual.data;
    const status = recorded.data?.status?.$is;
    if (operation === undefined || status === undefined || recorded.data?.progress === undefined) return true;
    if (isFinished(operation.status)) return true;
    return operation.status === status && operation.progress.steps_completed >= (minSteps ?? 0);
  }
}

describe("the sandbox answers like the recorded backend", () => {
  let test: TestSandbox;

  beforeAll(async () => {
    // It is slow enough that a busy machine does not miss what was recorded in the middle of a training.
    test = await TestSandbox.start({ timeScale: 0.08, env: { SANDBOX_SEED: "7" } });
    writeStrategies(test.sandbox.stateDir, recordedStrategies());
    // The recorded backtests use the first version of this model.
    await test.startTraining("model-for-08", "spx_macd_adx_trend");
    await test.untilStatus("model-for-08", "completed");
    // The health was recorded after the API's first look for orphans.
    await test.until(
      () => test.call("GET", "/api/v1/health"),
      ({ body }) => (body as { orphan_detector?: { last_check?: unknown } }).orphan_detector?.last_check !== null,
    );
  });

  afterAll(async () => {
    await test.stop();
  });

  it.each([
    "01-health-data-workers",
    "02-indicators-fuzzy",
    "03-strategies-validate-features",
    "17-data-download",
    "04-training-happy-rsi",
    "08-backtest-macd",
    "06-training-failures",
    "09-backtest-failures",
    "20-misc",
    "19-operations-list-metrics",
    "07-training-cancel",
    "13-resume-after-cancel",
  ])("%s", async (file) => {
    expect(await new Replay(test).run(exchangesOf(file))).toEqual([]);
  });
});

describe("with nobody to compute", () => {
  let test: TestSandbox;

  beforeAll(async () => {
    test = await TestSandbox.start({ trainingWorkers: 0, backtestWorkers: 0 });
    writeStrategies(test.sandbox.stateDir, recordedStrategies());
  });

  afterAll(async () => {
    await test.stop();
  });

  it("15-no-workers", async () => {
    expect(await new Replay(test).run(exchangesOf("15-no-workers"))).toEqual([]);
  });
});
