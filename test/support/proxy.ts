import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What the wire does to the bytes that pass. */
export type WireMode =
  | { readonly kind: "pass" }
  /** Nothing gets through. What was sent meanwhile arrives afterwards, as TCP would repeat it. */
  | { readonly kind: "drop" }
  /** Every piece arrives `ms` later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Each connection is cut after so many bytes of answer. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Every connection, old or new, is reset at once. */
  | { readonly kind: "reset" }
  /** What is sent to the server arrives twice, the second time on a connection of its own. That answer goes nowhere. */
  | { readonly kind: "duplicate" };

/** One connection through the proxy. */
export interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** Sees each piece before it is passed on. The piece waits for the promise. `up` is towards the server. */
export type Witness = (piece: Buffer, direction: "up" | "down", link: Link) => Promise<void> | void;

/** A small TCP proxy on 127.0.0.1 that can misbehave like a network. */
export class Proxy {
  target: { readonly host: string; readonly port: number } = { host: "127.0.0.1", port: 0 };
  witness: Witness = () => undefined;
  #mode: WireMode = { kind: "pass" };
  #changed = Promise.withResolvers<void>();
  readonly #links = new Set<Link>();
  readonly #answered = new WeakMap<Link, number>();
  readonly #copies = new Map<Link, Socket>();
  readonly #server: Server;

  private constructor() {
    // Half-open connections are passed on as they are.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  static async listen(): Promise<Proxy> {
    const proxy = new Proxy();
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  set mode(mode: WireMode) {
    this.#mode = mode;
    for (const link of this.#links) {
      this.#answered.set(link, 0);
      if (mode.kind === "reset") end(link);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async close(): Promise<void> {
    this.mode = { kind: "reset" };
    this.#server.close();
    if (this.#server.listening) await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    if (this.#mode.kind === "reset") {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.target, noDelay: true, allowHalfOpen: true });
    const link: Link = { client, server };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.on("error", () => end(link));
      socket.on("close", () => {
        if (!client.destroyed || !server.destroyed) return;
        this.#links.delete(link);
        this.#copies.get(link)?.end();
        this.#copies.delete(link);
      });
    }
    void this.#pump(link, "up");
    void this.#pump(link, "down");
  }

  async #pump(link: Link, direction: "up" | "down"): Promise<void> {
    const [from, to] = direction === "up" ? [link.client, link.server] : [link.server, link.client];
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        await this.witness(piece, direction, link);
        const passing = await this.#through(piece, direction, link);
        if (direction === "up" && this.#mode.kind === "duplicate") this.#copyOf(link).write(passing);
        if (!to.write(passing)) await once(to, "drain");
        // The part that got through arrives. Then the connection is gone.
        if (passing.length < piece.length) return void to.end(() => end(link));
      }
      to.end();
    } catch {
      end(link);
    }
  }

  #copyOf(link: Link): Socket {
    const known = this.#copies.get(link);
    if (known !== undefined) return known;
    const copy = connect({ ...this.target, noDelay: true });
    copy.on("error", () => undefined);
    this.#copies.set(link, copy.resume());
    return copy;
  }

  /** Waits until the piece may pass. @returns the part of it that gets through */
  async #through(piece: Buffer, direction: "up" | "down", link: Link): Promise<Buffer> {
    while (this.#mode.kind === "drop") await this.#changed.promise;
    if (this.#mode.kind === "delay") await delay(this.#mode.ms);
    if (this.#mode.kind !== "cut" || direction === "up") return piece;
    const before = this.#answered.get(link) ?? 0;
    this.#answered.set(link, before + piece.length);
    return piece.subarray(0, Math.max(0, this.#mode.afterBytes - before));
  }
}

/** Breaks the connection for both ends. */
function end({ client, server }: Link): void {
  for (const socket of [client, server]) {
    if (socket.destroyed) continue;
    // libuv refuses to reset a socket that is ending, and then Node never closes it.
    if (socket.writableEnded) socket.destroy();
    else socket.resetAndDestroy();
  }
}
