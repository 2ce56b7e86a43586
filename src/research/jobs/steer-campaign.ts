/** Gives orders to a campaign. They take effect when its next step is planned; nothing of them tells a result. */
import { isDeepStrictEqual } from "node:util";
import { rangeProblem } from "../../domain/campaign/check-space.ts";
import type { Dimension, JsonValue, Point } from "../../domain/campaign/dimension.ts";
import { isFinished, narrowed, type Order } from "../../domain/campaign/orders.ts";
import { rangeText, withinSpace, within } from "../../domain/campaign/inside.ts";
import { FEWEST_POINTS, ladderFor, searchTrainingsLeft } from "../../domain/campaign/reckoning.ts";
import { trainingsOfBracket } from "../../domain/campaign/rungs.ts";
import { nameOf, pointKey, rangeOf } from "../../domain/campaign/space.ts";
import { budgetOf, mayPropose, usedBy, type CampaignRecord } from "../../domain/campaign/state.ts";
import { DomainError } from "../../domain/errors.ts";
import type { CampaignBudget, CampaignRequest } from "../../domain/kinds/campaign.ts";
import { compact } from "../../domain/facts.ts";
import type { Asking } from "../asking.ts";
import { assertOwn } from "./own-job.ts";
import { jobOnRecord } from "./recorded-result.ts";

/** More would make the search the one who suggests. */
const MOST_SUGGESTED = 50;

interface SteerWish {
  readonly jobId: string;
  readonly suggest: readonly Point[];
  /** By the names of dimensions: bounds, or the choices that stay. */
  readonly narrow: Readonly<Record<string, readonly JsonValue[]>>;
  readonly budget: { readonly [K in keyof CampaignBudget]?: NonNullable<CampaignBudget[K]> | undefined };
  readonly finish: boolean;
  readonly reason: string;
}

/**
 * All orders of a call are checked before any is given. One that was given before is not given again.
 * @throws DomainError `forbidden`, `task_not_found`, `task_not_finished` before its first step, `invalid_input`
 */
export async function steerCampaign({ deps, caller }: Pick<Asking, "deps" | "caller">, wish: SteerWish) {
  await assertOwn(wish.jobId, "steering it", { deps, caller });
  const job = await campaignOnRecord(deps, wish.jobId);
  const { request } = job;
  if (request.kind !== "campaign") {
    throw new DomainError("invalid_input", {
      what: `${wish.jobId} is a ${job.kind.replace("_", "-")}, and only a campaign is steered.`,
      next: "list_tasks with kind campaign names them",
    });
  }
  const record = await deps.records.campaigns.record(wish.jobId);
  if (job.status !== "open" || record.steps.at(-1)?.stage === "over") {
    throw new DomainError("invalid_input", {
      what: `${wish.jobId} has ended: there is nothing to steer.`,
      next: "get_results shows what it found; start_campaign begins another",
    });
  }
  const orders = ordersOf(wish, narrowed(request.dimensions, record.orders));
  const unknown = orders.filter((order) => !record.orders.some((given) => isDeepStrictEqual(given.order, order)));
  assertTimely(unknown, record);
  const now = await deps.now();
  for (const order of unknown) check(order, request, { record, now });
  for (const order of unknown) {
    await deps.records.campaigns.order(wish.jobId, { order, reason: wish.reason, client: caller.name });
  }
  return orders.map(({ kind }) => kind);
}

/** A campaign that no worker has taken up is known to Temporal only. */
async function campaignOnRecord({ records, jobs }: Asking["deps"], jobId: string) {
  const job = await records.jobs.get(jobId);
  if (job === null && (await jobs.view(jobId)) !== null) {
    throw new DomainError("task_not_finished", {
      what: `${jobId} has not begun: no worker has taken it up yet.`,
      next: "get_task_status with wait_seconds 45, then call again",
    });
  }
  return job ?? (await jobOnRecord(records, jobId));
}

/** Whether points are still proposed. */
const isSearching = (record: CampaignRecord): boolean => mayPropose(record) && !isFinished(record.orders);

/** @throws DomainError `invalid_input` when nothing is ordered, or a dimension is unknown */
function ordersOf({ suggest, narrow, budget: given, finish }: SteerWish, dimensions: readonly Dimension[]): Order[] {
  const budget = compact({ ...given });
  const orders: Order[] = [
    ...(suggest.length === 0 ? [] : [{ kind: "suggest" as const, points: [...suggest] }]),
    ...Object.entries(narrow).map(([name, values]) => ({
      kind: "narrow" as const,
      dimension: narrower(dimensions, name, values),
    })),
    ...(Object.keys(budget).length === 0 ? [] : [{ kind: "budget" as const, budget }]),
    ...(finish ? [{ kind: "finish" as const }] : []),
  ];
  if (orders.length > 0) return orders;
  throw new DomainError("invalid_input", {
    what: "Nothing is ordered.",
    valid: ["suggest", "narrow", "trainings, trials, hours or deadline", "finish true"],
    next: "name one of them",
  });
}

/** The dimension with these values, of the same kind. */
function narrower(dimensions: readonly Dimension[], name: string, values: readonly JsonValue[]): Dimension {
  const now = dimensions.find((one) => nameOf(one) === name);
  if (now === undefined) throw notNarrowed(name, "there is no such dimension", dimensions);
  const { op, target } = now;
  const { kind } = rangeOf(now);
  if (kind === "choice") return { op, target, choice: values };
  const [from, to] = values;
  if (values.length !== 2 || typeof from !== "number" || typeof to !== "number")
    throw notNarrowed(name, "its range has two numbers: from and to", dimensions);
  return { op, target, [kind]: [from, to] };
}

const notNarrowed = (name: string, why: string, dimensions: readonly Dimension[]): DomainError =>
  new DomainError("invalid_input", {
    what: `${name} cannot be narrowed so.`,
    why,
    valid: dimensions.map((one) => `${nameOf(one)}: ${rangeText(one)}`),
    next: "give a range inside the present one; nothing was ordered",
  });

/** @throws DomainError `invalid_input` for orders to a search that is over */
function assertTimely(orders: readonly Order[], record: CampaignRecord): void {
  if (isSearching(record) || orders.every(({ kind }) => kind === "budget")) return;
  throw new DomainError("invalid_input", {
    what: "The search of this campaign is over: its finalists are tested.",
    valid: ["a lower budget", "cancel_task, which ends all of it"],
    next: "wait for it, or start another campaign with what you would suggest as dimensions",
  });
}

interface Present {
  readonly record: CampaignRecord;
  readonly now: Date;
}

/** @throws DomainError `invalid_input` that says what would do */
function check(order: Order, request: CampaignRequest, { record, now }: Present): void {
  switch (order.kind) {
    case "suggest":
      assertTrainable(request, record);
      return checkSuggestions(order.points, request, record);
    case "narrow":
      return checkNarrower(order.dimension, request, record);
    case "budget":
      assertAhead(order.budget, now);
      return checkLower(order.budget, request, record);
    case "finish":
      return;
  }
}

/** @throws DomainError `invalid_input` when no suggestion could be trained any more */
function assertTrainable(request: CampaignRequest, record: CampaignRecord): void {
  const state = { ...record, request };
  const [left, least] = [searchTrainingsLeft(state), trainingsOfBracket(FEWEST_POINTS, ladderFor(request))];
  if (left >= least) return;
  throw new DomainError("invalid_input", {
    what: "No suggestion can be trained any more.",
    why: `a bracket of ${FEWEST_POINTS} points takes ${least} trainings, and ${Math.max(0, left)} are left for the search`,
    valid: ["finish", "lower budgets", "narrower ranges"],
    next: "wait for it, or start another campaign with what you would suggest as dimensions; nothing was ordered",
  });
}

/** @throws DomainError `invalid_input` for a deadline that has passed */
function assertAhead({ deadline }: SteerWish["budget"], now: Date): void {
  if (deadline === undefined || Date.parse(deadline) > now.getTime()) return;
  throw new DomainError("invalid_input", {
    what: `The deadline ${deadline} has passed.`,
    why: `it is ${now.toISOString()} now`,
    next: "give a later one; finish true ends the search, and cancel_task all of it. Nothing was ordered",
  });
}

function checkSuggestions(points: readonly Point[], request: CampaignRequest, record: CampaignRecord): void {
  const dimensions = narrowed(request.dimensions, record.orders);
  const open = record.orders.flatMap(({ order }) => (order.kind === "suggest" ? order.points : []));
  const tried = new Set(record.points.map(({ values }) => pointKey(values)));
  const waiting = open.filter((point) => !tried.has(pointKey(point))).length;
  if (waiting + points.length > MOST_SUGGESTED) {
    throw new DomainError("invalid_input", {
      what: `${points.length} suggestions are too many: ${waiting} wait already, and at most ${MOST_SUGGESTED} may.`,
      next: "suggest fewer; those that were tried make room",
    });
  }
  for (const [at, point] of points.entries()) {
    const wrong = withinSpace(dimensions, point);
    if (wrong === null) continue;
    throw new DomainError("invalid_input", {
      what: `Suggestion ${at + 1} is no point of the space.`,
      why: wrong,
      valid: dimensions.map((dimension) => `${nameOf(dimension)}: ${rangeText(dimension)}`),
      next: "give a value for each dimension, by these names; nothing was ordered",
    });
  }
}

function checkNarrower(dimension: Dimension, request: CampaignRequest, record: CampaignRecord): void {
  const dimensions = narrowed(request.dimensions, record.orders);
  const name = nameOf(dimension);
  const wrong = dimensions
    .filter((one) => nameOf(one) === name)
    .map((now) => rangeProblem(dimension)?.why ?? within(now, dimension))
    .find((why) => why !== null);
  if (wrong !== undefined) throw notNarrowed(name, wrong, dimensions);
}

function checkLower(given: SteerWish["budget"], request: CampaignRequest, record: CampaignRecord): void {
  const [now, used] = [budgetOf({ request, orders: record.orders }), usedBy({ request, runs: record.runs })];
  for (const name of ["trainings", "trials", "hours"] as const) {
    const [wanted, present] = [given[name], now[name]];
    if (wanted === undefined || present === null || wanted < present) continue;
    throw new DomainError("invalid_input", {
      what: `A budget of ${wanted} ${name} is not lower than the present one.`,
      why: `it is ${present}, and ${used[name].toFixed(name === "hours" ? 2 : 0)} are used up: budgets can only be lowered`,
      next: "give a lower one, or start another campaign for more",
    });
  }
  if (given.deadline !== undefined && now.deadline !== null && Date.parse(given.deadline) > Date.parse(now.deadline)) {
    throw new DomainError("invalid_input", {
      what: `The deadline ${given.deadline} is later than the present one.`,
      why: `it is ${now.deadline}: budgets can only be lowered`,
      next: "give an earlier one",
    });
  }
}
