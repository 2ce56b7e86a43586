/** What is shown instead of a view that cannot be made. */
import { isDomainError } from "../domain/errors.ts";
import { isAway } from "./missing.ts";
import { paragraph, section, type View } from "./view.ts";

export interface Trouble {
  readonly view: View;
  readonly status: 400 | 404 | 503;
}

const STATUS_OF_CODE: Readonly<Record<string, 404 | 400>> = {
  candidate_not_found: 404,
  task_not_found: 404,
  experiment_not_found: 404,
  insight_not_found: 404,
  strategy_not_found: 404,
  data_not_found: 404,
  invalid_input: 400,
};

/** Null for an error that is a defect of ours. */
export function troubleOf(error: unknown): Trouble | null {
  if (isAway(error)) {
    const lead = `This view cannot be shown now: ${error.what}`;
    const how = paragraph("Research goes on without this page. Look again in half a minute.");
    return {
      view: { title: "A part is away", lead, tone: "bad", sections: [section("What to do", how)], alive: true },
      status: 503,
    };
  }
  const status = isDomainError(error) ? STATUS_OF_CODE[error.code] : undefined;
  if (!isDomainError(error) || status === undefined) return null;
  const title = status === 404 ? "There is no such thing" : "This cannot be shown";
  const sections = error.why === undefined ? [] : [section("Why", paragraph(error.why))];
  return { view: { title, lead: error.what, sections }, status };
}
