import type { Scenario } from "./scenario.ts";

/**
 * The smallest part of a broken scenario that still breaks: strikes are left out one at a time, then the circumstances.
 * @param breaks carries a scenario out; true when it breaks an invariant
 */
export async function shrink(scenario: Scenario, breaks: (smaller: Scenario) => Promise<boolean>): Promise<Scenario> {
  let smallest = scenario;
  const attempt = async (smaller: Scenario): Promise<void> => {
    if (JSON.stringify(smaller) !== JSON.stringify(smallest) && (await breaks(smaller))) smallest = smaller;
  };
  for (const strike of scenario.strikes) {
    if (smallest.strikes.length > 1) {
      await attempt({ ...smallest, strikes: smallest.strikes.filter((other) => other !== strike) });
    }
  }
  await attempt({ ...smallest, followUp: false });
  await attempt({ ...smallest, behind: false });
  await attempt({ ...smallest, cancelAt: null });
  return smallest;
}
