import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../lab/until.ts";
import { Proxy } from "../support/proxy.ts";

describe("the proxy", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function wire(answer: (socket: Socket) => void): Promise<{ proxy: Proxy; client: Socket }> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      answer(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = await Proxy.listen();
    proxy.target = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    const client = connect(proxy.port, "127.0.0.1");
    client.on("error", () => undefined);
    closing.push(() => {
      client.destroy();
      server.close();
      void proxy.close();
    });
    await once(client, "connect");
    return { proxy, client };
  }

  const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

  it("passes both ways, the end included", async () => {
    const { client } = await wire((socket) => socket.pipe(socket));
    client.end("hello");
    expect(await text(client)).toBe("hello");
  });

  it("shows a piece to its witness before it passes", async () => {
    const seen: string[] = [];
    const { proxy, client } = await wire((socket) => {
      socket.on("data", () => seen.push("arrived"));
      socket.on("data", () => socket.end("done"));
    });
    proxy.witness = async (piece, direction) => {
      await new Promise(setImmediate);
      seen.push(`${direction} ${piece.toString()}`);
    };
    client.write("hello");
    await text(client);
    expect(seen).toEqual(["up hello", "arrived", "down done"]);
  });

  it("cuts an answer half way, and keeps no socket", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    const { proxy, client } = await wire((socket) => void socket.resume().write("0123456789"));
    proxy.mode = { kind: "cut", afterBytes: 4 };
    client.write("go");
    let got = "";
    client.on("data", (piece: Buffer) => (got += piece.toString()));
    await closed(client);
    expect(got).toBe("0123");
    // A socket that is left keeps its process from ending, and the process spins.
    await until(async () => sockets() <= before, { what: "every socket gone", timeoutMs: 120_000, everyMs: 5 });
  });

  it("delivers twice what is sent, and keeps the second answer to itself", async () => {
    const heard: string[] = [];
    const twice = Promise.withResolvers<void>();
    const { proxy, client } = await wire((socket) => {
      socket.on("data", (piece: Buffer) => {
        heard.push(piece.toString());
        socket.end(`answer ${heard.length}`);
        if (heard.length === 2) twice.resolve();
      });
    });
    proxy.mode = { kind: "duplicate" };
    client.end("hello");
    expect(await text(client)).toMatch(/^answer [12]$/);
    await twice.promise;
    expect(heard).toEqual(["hello", "hello"]);
  });

  it("delivers after a drop what was sent meanwhile, and resets when told to", async () => {
    const { proxy, client } = await wire((socket) => socket.pipe(socket));
    proxy.mode = { kind: "drop" };
    const held = Promise.withResolvers<void>();
    proxy.witness = () => held.resolve();
    client.write("late");
    await held.promise;
    expect(client.bytesRead).toBe(0);
    proxy.mode = { kind: "pass" };
    expect(String((await once(client, "data"))[0])).toBe("late");
    proxy.mode = { kind: "reset" };
    await closed(client);
    expect(client.destroyed).toBe(true);
  });
});
