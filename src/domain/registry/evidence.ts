/** What speaks for a candidate, and how far it got by it. */
import { candidateGates } from "./candidate-gates.ts";
import { examGate } from "./exam-gate.ts";
import type { CandidateFacts } from "./facts.ts";
import type { Figure, Gate, Level } from "./gate.ts";
import { validationGates } from "./validation-gates.ts";

/** All gates, the lowest stage first. */
export const gatesOf = (facts: CandidateFacts): readonly Gate[] => [
  ...candidateGates(facts),
  ...validationGates(facts),
  examGate(facts),
];

/** The gates that a stage needs and that do not hold. */
export const missingOf = (gates: readonly Gate[], level?: Level): readonly Gate[] =>
  gates.filter((gate) => gate.required && gate.held !== true && (level === undefined || gate.level === level));

/** How far the evidence leads: only what waits may be approved. `none`: it may not even be proposed. */
export type Reached = "none" | "candidate" | "validated" | "waiting";

export function reachedBy(gates: readonly Gate[]): Reached {
  const holds = (level: Level) => missingOf(gates, level).length === 0;
  if (!holds("candidate")) return "none";
  if (!holds("validated")) return "candidate";
  return holds("exam") ? "waiting" : "validated";
}

/** What the hash of the evidence is taken of: what was decided, by which figures, from which jobs. No words. */
export const hashedOf = (candidate: string, gates: readonly Gate[]) => ({
  candidate,
  gates: gates.map(({ gate, held, required, figures, from }) => ({ gate, held, required, figures, from })),
});

/** What differs between two readings of the evidence, one line for each gate. */
export function changesBetween(before: readonly Gate[], now: readonly Gate[]): string[] {
  return now.flatMap((gate) => {
    const old = before.find((one) => one.gate === gate.gate);
    if (old === undefined) return [`${gate.gate} is new: ${gate.says}`];
    const names = [...new Set([...Object.keys(old.figures), ...Object.keys(gate.figures)])];
    const changed = names
      .filter((name) => old.figures[name] !== gate.figures[name])
      .map((name) => `${name} was ${figureText(old.figures[name])} and is ${figureText(gate.figures[name])}`);
    if (old.held !== gate.held) changed.unshift(`held was ${String(old.held)} and is ${String(gate.held)}`);
    if (changed.length === 0 && old.from.join() !== gate.from.join()) changed.push("it comes from other jobs");
    return changed.length === 0 ? [] : [`${gate.gate}: ${changed.join(", ")}`];
  });
}

const figureText = (value: Figure | undefined): string => (value === undefined ? "nothing" : String(value));
