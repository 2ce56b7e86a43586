import { detail, HttpError } from "../../http/errors.ts";
import { parseIsoDate, readBody, Validator } from "../../http/validation.ts";
import { newOperationId } from "../../state/operation.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import { dispatch, requireWorker } from "../dispatch.ts";
import type { StrategyFile } from "../strategy-files.ts";
import { readStrategyFile, semanticText, strategyPaths } from "../strategy-files.ts";

interface StartRequest {
  strategyName: string;
  symbols: string[] | undefined;
  timeframes: string[] | undefined;
  startDate: string;
  endDate: string;
  taskId: string | undefined;
}

function requestFrom(body: Record<string, unknown>): StartRequest {
  const input = new Validator(body, "body");
  const request = {
    strategyName: input.text("strategy_name"),
    symbols: input.optionalTexts("symbols"),
    timeframes: input.optionalTexts("timeframes"),
    startDate: input.optionalText("start_date") ?? "2020-01-01",
    endDate: input.optionalText("end_date") ?? new Date().toISOString().slice(0, 10),
    taskId: input.optionalText("task_id"),
  };
  const checkList = (field: "symbols" | "timeframes", singular: string): void => {
    const list = request[field];
    if (list?.length === 0) input.fail(field, `At least one ${singular} must be specified when ${field} are provided`);
    else if (list?.some((one) => one.trim() === "") === true) {
      input.fail(field, `${singular.charAt(0).toUpperCase()}${singular.slice(1)} cannot be empty`);
    }
  };
  checkList("symbols", "symbol");
  checkList("timeframes", "timeframe");
  input.check();
  return request;
}

/** The answer to a strategy that KTRDR refuses at the start: E5 with `error_code`. */
function refusal(
  name: string,
  code: string,
  message: string,
  suggestion: string,
  extra: { context?: object; details?: object } = {},
): HttpError {
  const context = { strategy_name: name, ...extra.context };
  const body = { message, error_code: code, context, details: extra.details ?? {}, suggestion };
  return new HttpError(400, { detail: body });
}

function requireStrategy(api: ApiContext, name: string): StrategyFile {
  if (/[/\\]/.test(name)) throw detail(400, "Strategy name must be a file name without directory components");
  const file = readStrategyFile(api.folder, name);
  if (file === undefined) {
    const searched = strategyPaths(api.folder).join(", ");
    throw detail(400, `Strategy file not found: ${name}.yaml (searched: ${searched})`);
  }
  api.indicators.learn();
  const { check } = file;
  if (check.yamlError !== undefined) throw detail(400, `Failed to parse strategy YAML: ${check.yamlError}`);
  if (!check.isV3) {
    const errors = check.missing.map((one) => ({ ...one, details: null }));
    const list = errors.map((one) => `${one.category}: ${one.message}`).join("\n");
    const message = `Strategy validation failed: ${errors.length} error(s) found`;
    const extra = { context: { error_count: errors.length }, details: { errors } };
    throw refusal(name, "STRATEGY-ValidationFailed", message, `Fix the validation errors:\n${list}`, extra);
  }
  if (check.missing.length > 0) {
    const fields = check.missing.map((one) => `${one.message.split(": ").at(-1) ?? ""}\n  Field required`).join("\n");
    const message = `V3 strategy structure invalid: ${check.missing.length} validation error for StrategyConfigurationV3\n${fields}`;
    throw refusal(name, "STRATEGY-V3ParseFailed", message, "Ensure the strategy follows v3 format specification");
  }
  if (check.errors.length > 0) {
    const message = `V3 strategy validation failed: ${semanticText(check)}`;
    throw refusal(name, "STRATEGY-V3ValidationFailed", message, "Check the v3 strategy configuration for errors");
  }
  return file;
}

function requireDate(text: string): void {
  if (parseIsoDate(text) === undefined) throw detail(422, `Invalid isoformat string: '${text}'`);
}

function startRoute(app: SandboxApp, api: ApiContext): void {
  app.post("/api/v1/trainings/start", async (c) => {
    const request = requestFrom(await readBody(c));
    const { strategyName } = request;
    const { check, text, path } = requireStrategy(api, strategyName);
    requireDate(request.startDate);
    requireDate(request.endDate);
    const declared = check.strategy?.timeframes ?? [];
    const symbols = request.symbols ?? [...(check.strategy?.symbols ?? [])];
    // A strategy over several timeframes keeps its own list, whatever the request asks for.
    const timeframes = declared.length > 1 ? [...declared] : (request.timeframes ?? [...declared]);
    if (symbols.length === 0) {
      throw refusal(strategyName, "STRATEGY-NoSymbols", "No symbols in strategy or request", "Add symbols");
    }
    if (timeframes.length === 0) {
      throw refusal(strategyName, "STRATEGY-NoTimeframes", "No timeframes in strategy or request", "Add timeframes");
    }
    const taskId = request.taskId ?? newOperationId("training");
    api.log.write("request", taskId, "training", "start");
    const worker = requireWorker(api, "training");
    const job = {
      task_id: taskId,
      strategy_yaml: text,
      strategy_path: path,
      symbols,
      timeframes,
      start_date: request.startDate,
      end_date: request.endDate,
    };
    await dispatch(api, worker, "/training/start", job, "Failed to start training");
    return c.json({
      success: true,
      task_id: taskId,
      status: "training_started",
      message: `Neural network training started for ${symbols.join(", ")} using ${strategyName} strategy`,
      symbols,
      timeframes,
      strategy_name: strategyName,
      estimated_duration_minutes: 30,
    });
  });
}

/** Trainings (docs/ktrdr.md §2.7). */
export function trainingRoutes(app: SandboxApp, api: ApiContext): void {
  startRoute(app, api);

  app.get("/api/v1/trainings/:id/performance", async (c) => {
    const id = c.req.param("id");
    const operation = await api.view.current(id);
    if (operation === undefined) throw detail(404, `Training task ${id} not found`);
    if (operation.status !== "completed") {
      throw detail(404, `Training task ${id} is not completed (status: ${operation.status})`);
    }
    const result = operation.result_summary ?? {};
    const training = (result["training_metrics"] ?? {}) as Record<string, unknown>;
    const model = (result["model_info"] ?? {}) as Record<string, unknown>;
    const named = (names: readonly string[]): object =>
      Object.fromEntries(names.map((one) => [one, training[one] ?? null]));
    return c.json({
      success: true,
      task_id: id,
      status: operation.status,
      training_metrics: {
        ...named(["final_train_loss", "final_val_loss", "final_train_accuracy", "final_val_accuracy"]),
        // KTRDR looks these up under names that nobody writes.
        epochs_completed: null,
        early_stopped: null,
        training_time_minutes: null,
      },
      test_metrics: result["test_metrics"] ?? {},
      model_info: {
        model_size_bytes: null,
        parameters_count: model["parameters_count"] ?? null,
        architecture: model["architecture"] ?? null,
      },
    });
  });
}
