import { afterEach, describe, expect, test, vi } from "vitest";
import { answering, clientOf, closedPort, failure, recorded, reply, serve } from "./support.ts";

const healthy = recorded("health").response.body;
const breakerFailures = 3;

afterEach(() => void vi.useRealTimers());

async function opened(ktrdr: ReturnType<typeof clientOf>, times = breakerFailures): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const error = await failure(ktrdr.health());
    expect(error.code).toBe("ktrdr_unavailable");
    expect(error.what).not.toContain("was not asked");
  }
}

describe("a KTRDR that does not answer", () => {
  test("is left alone after several requests in a row, and the refusal says for how long", async () => {
    let told = 0;
    const ktrdr = clientOf(await closedPort(), { breakerFailures, onRequest: () => (told += 1) });
    await opened(ktrdr);
    const error = await failure(ktrdr.health());
    expect(told).toBe(breakerFailures);
    expect(error).toMatchObject({ code: "ktrdr_unavailable", retryable: true });
    expect(error.what).toContain("KTRDR was not asked");
    expect(error.next).toContain("repeat the call in 5 s");
  });

  test("is not asked while it is left alone, then by one request, and by all once that was answered", async () => {
    // Only the breaker's clock is set. Sockets and time limits go by real time.
    vi.useFakeTimers({ toFake: ["Date"] });
    let up = false;
    const server = await serve((_, response) => reply(response, up ? 200 : 503, up ? healthy : "down", "text/plain"));
    const states: string[] = [];
    const ktrdr = clientOf(server, { breakerFailures, onBreaker: (state) => states.push(state) });
    await opened(ktrdr);
    const asked = server.seen.length;
    expect((await failure(ktrdr.health())).what).toContain("was not asked");
    expect(server.seen).toHaveLength(asked);

    vi.setSystemTime(Date.now() + 5_000);
    await failure(ktrdr.health()); // the one request that looks whether KTRDR is back
    expect(server.seen).toHaveLength(asked + 1);
    expect((await failure(ktrdr.health())).what).toContain("was not asked");

    vi.setSystemTime(Date.now() + 5_000);
    up = true;
    await Promise.all([ktrdr.health(), ktrdr.health()]);
    await ktrdr.health();
    expect(states).toEqual(["closed", "open", "half_open", "open", "half_open", "closed"]);
  });

  test("is left alone again when the one that looks is given up by its caller", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    let hang = false;
    const server = await serve((_, response) => {
      if (!hang) reply(response, 503, "down", "text/plain");
    });
    const states: string[] = [];
    const ktrdr = clientOf(server, { breakerFailures, onBreaker: (state) => states.push(state) });
    await opened(ktrdr);
    hang = true;
    vi.setSystemTime(Date.now() + 5_000);
    const leave = new AbortController();
    const looking = ktrdr.health(leave.signal);
    await vi.waitFor(() => expect(server.seen).toHaveLength(breakerFailures + 1), 60_000);
    leave.abort(new Error("left"));
    await expect(looking).rejects.toThrow("left");
    expect((await failure(ktrdr.health())).what).toContain("was not asked");
    expect(states).toEqual(["closed", "open", "half_open", "open"]);
  });

  test("is asked as long as one request between them was answered, however angrily", async () => {
    let count = 0;
    const server = await serve((_, response) => {
      count += 1;
      reply(response, count % breakerFailures === 0 ? 500 : 503, { detail: "no" });
    });
    const ktrdr = clientOf(server, { breakerFailures });
    await opened(ktrdr, 3 * breakerFailures);
  });

  test("is asked every time where no breaker is wanted: what polls must see it come back at once", async () => {
    const server = await answering(503, "down", "text/plain");
    const ktrdr = clientOf(server);
    await opened(ktrdr, 20);
    expect(server.seen).toHaveLength(20);
  });
});

test("callers that give up do not open it", async () => {
  const server = await serve(() => undefined); // never answers
  const ktrdr = clientOf(server, { breakerFailures });
  for (let index = 0; index < 3 * breakerFailures; index += 1) {
    const leave = new AbortController();
    const asked = ktrdr.health(leave.signal);
    leave.abort(new Error("left"));
    await expect(asked).rejects.toThrow("left");
  }
  expect(server.seen.length).toBeLessThanOrEqual(3 * breakerFailures);
  const ended = failure(ktrdr.health(AbortSignal.timeout(50)));
  expect((await ended).what).not.toContain("was not asked");
});
