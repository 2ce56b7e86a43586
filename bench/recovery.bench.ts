/** Measures how long nobody looks after a running job when the worker process is killed. Aim: under 15 s. */
import { Anything } from "../demo/answers.ts";
import { STRATEGY_TEXT } from "../demo/strategy.ts";
import type { SupervisorEvent } from "../lab/supervisor.ts";
import { Gateway } from "./gateway.ts";
import { quantile, report, withLab } from "./support.ts";
import { start } from "./training-jobs.ts";

const ROUNDS = 3;

/** When the worker was last ready after a start, monotonic ms. A ready worker polls its task queues. */
let readyAt = 0;
const onEvent = (event: SupervisorEvent) => {
  if (event.type === "started" && event.name === "worker") readyAt = performance.now();
};

const gateway = await Gateway.listen();
const seconds = (values: readonly number[], share: number) => Math.round(quantile(values, share) / 100) / 10;
try {
  await withLab(
    { SANDBOX_EPOCH_DELAY_MS: "600000" },
    async (bench) => {
      await bench.claude.call("create_strategy", { yaml: STRATEGY_TEXT }, Anything);
      const jobId = await start(bench);
      const asked = () => gateway.asked.get(jobId) ?? 0;
      await gateway.until(() => asked() > 1);
      const back: number[] = [];
      const polling: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const pid = bench.lab.parts().find(({ name }) => name === "worker")?.pid;
        if (pid === undefined) throw new Error("the worker is gone");
        const before = asked();
        process.kill(pid, "SIGKILL");
        const killed = performance.now();
        await gateway.until(() => asked() > before);
        polling.push(performance.now() - killed);
        // The supervisor reports the start a moment later. This wait looks again at each request to KTRDR.
        await gateway.until(() => readyAt > killed);
        back.push(readyAt - killed);
        const settled = asked();
        await gateway.until(() => asked() > settled + 1);
      }
      await report("recovery", [
        {
          what: "SIGKILL of the worker until a new one polls Temporal (s)",
          median: seconds(back, 0.5),
          slowest: seconds(back, 1),
        },
        {
          what: "SIGKILL of the worker until KTRDR is asked for the job again (s)",
          median: seconds(polling, 0.5),
          slowest: seconds(polling, 1),
        },
      ]);
    },
    {
      onEvent,
      route: async (direct) => {
        gateway.target = direct.ktrdr;
        return { ...direct, ktrdr: gateway.url };
      },
    },
  );
} finally {
  await gateway.close();
}
