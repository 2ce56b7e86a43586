import type { Ports } from "../../lab/ports.ts";

export { freePort } from "../../src/machine/free-port.ts";

/** The ports of a lab in a test: any that are free. */
export const ANY_PORTS: Ports = {
  postgres: 0,
  temporal: 0,
  temporalUi: 0,
  ktrdr: 0,
  ktrdrTraining: 0,
  ktrdrBacktesting: 0,
  page: 0,
};
