import type { TrainingRequest } from "../../domain/kinds/training.ts";
import type { ActivityDeps } from "../deps.ts";

/** The text that was asked for, or none. The start refuses a file that is gone or changed. */
export const askedText = async (
  { strategies }: Pick<ActivityDeps, "strategies">,
  { strategy, strategySha256 }: Pick<TrainingRequest, "strategy" | "strategySha256">,
): Promise<string | null> =>
  await strategies.read(strategy).then(
    ({ sha256, text }) => (sha256 === strategySha256 ? text : null),
    () => null,
  );
