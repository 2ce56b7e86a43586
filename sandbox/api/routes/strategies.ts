import { INDICATOR_TYPES } from "../../engine/indicators/registry.ts";
import { resolveFeatures } from "../../engine/features.ts";
import { detail } from "../../http/errors.ts";
import type { ApiContext, SandboxApp } from "../context.ts";
import type { StrategyFile } from "../strategy-files.ts";
import { readStrategyFile, semanticText } from "../strategy-files.ts";

interface Issue {
  severity: "error" | "warning";
  category: string;
  message: string;
  details: Record<string, unknown> | null;
}

function issuesOf({ check }: StrategyFile): Issue[] {
  if (check.missing.length > 0) {
    return check.missing.map((one) => ({ severity: "error", ...one, details: null }));
  }
  if (check.errors.length > 0) {
    const category = check.errors[0]?.includes("indicator") === true ? "indicators" : "structure";
    return [{ severity: "error", category, message: semanticText(check), details: null }];
  }
  return check.warnings.map((message) => ({ severity: "warning", category: "indicators", message, details: null }));
}

function validation(file: StrategyFile): Record<string, unknown> {
  const { name, check } = file;
  const known = { strategy_name: name, available_indicators: INDICATOR_TYPES };
  if (check.yamlError !== undefined) {
    const message = `Failed to validate strategy: ${check.yamlError}`;
    const issue = { severity: "error", category: "system", message, details: { error: check.yamlError } };
    return {
      success: false,
      valid: false,
      ...known,
      issues: [issue],
      message: "Validation failed due to system error",
    };
  }
  const issues = issuesOf(file);
  const errors = issues.filter((one) => one.severity === "error").length;
  const message = errors === 0 ? `Strategy '${name}' is valid` : `Strategy '${name}' has ${errors} error(s)`;
  return { success: true, valid: errors === 0, ...known, issues, message };
}

function features({ name, check }: StrategyFile): Record<string, unknown> {
  const refuse = (reason: string): never => {
    throw detail(400, `Strategy '${name}' is not v3 format or invalid: ${reason}`);
  };
  if (check.yamlError !== undefined) refuse(`Invalid YAML in ${name}.yaml: ${check.yamlError}`);
  if (!check.isV3) refuse(`Strategy '${name}.yaml' is not v3 format. Run 'ktrdr strategy migrate' to upgrade.`);
  const { strategy } = check;
  if (strategy === undefined) return refuse(check.missing.map((one) => one.message).join("; "));
  if (check.errors.length > 0) throw detail(500, `Failed to get strategy features: ${semanticText(check)}`);
  const list = resolveFeatures(strategy).map((one) => ({
    feature_id: one.id,
    timeframe: one.timeframe,
    fuzzy_set: one.fuzzy?.set ?? one.id.slice(one.timeframe.length + 1, -"_raw".length),
    membership: one.fuzzy?.membership ?? "raw",
    indicator_id: one.indicatorId,
    indicator_output: one.output,
  }));
  return { success: true, strategy_name: name, features: list, count: list.length };
}

/** Strategies (docs/ktrdr.md §2.6). A strategy that can be trained is never listed and has no details. */
export function strategyRoutes(app: SandboxApp, api: ApiContext): void {
  const fileOf = (name: string): StrategyFile => {
    // At KTRDR an encoded slash leads to another route.
    if (name.includes("/")) throw detail(404, "Not Found");
    const file = readStrategyFile(api.folder, name);
    if (file === undefined) throw detail(404, `Strategy file not found: ${name}.yaml`);
    return file;
  };

  app.get("/api/v1/strategies/", (c) => c.json({ success: true, strategies: [] }));

  app.get("/api/v1/strategies/:name", (c) => {
    const name = c.req.param("name");
    throw detail(404, name.includes("/") ? "Not Found" : `Strategy '${name}' not found`);
  });

  app.post("/api/v1/strategies/validate/:name", (c) => {
    const file = fileOf(c.req.param("name"));
    api.indicators.learn();
    return c.json(validation(file));
  });

  app.get("/api/v1/strategies/:name/features", (c) => c.json(features(fileOf(c.req.param("name")))));
}
