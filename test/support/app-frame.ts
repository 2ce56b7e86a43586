/** The frame in which a host of MCP Apps shows a page: as much of a browser as the page's script uses. */
import { EventEmitter } from "node:events";
import { createContext, runInContext } from "node:vm";
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

export interface AppFrame {
  /** The host's end. The script runs when the host has connected to it. */
  readonly transport: Transport;
  readonly main: { innerHTML: string; textContent: string; readonly style: { opacity: number }; focused: number };
  readonly root: { readonly style: { colorScheme: string } };
  /** A reader follows a link. */
  click(href: string): void;
  /** The content has another height. */
  resize(height: number): void;
  /** A message of a window that is not the host. */
  forge(message: object): void;
}

type Heard = { readonly source: object; readonly data: unknown };

/** @param html the page, with one script in it */
export function openFrame(html: string): AppFrame {
  const [, script = ""] = /<script>([^]*)<\/script>/.exec(html) ?? [];
  const heard = new EventEmitter();
  let height = 40;
  let resized = (): void => undefined;
  const main = {
    innerHTML: "",
    textContent: "",
    style: { opacity: 1 },
    focused: 0,
    focus: () => void (main.focused += 1),
  };
  const root = { style: { colorScheme: "" }, getBoundingClientRect: () => ({ height }) };
  const parent = {
    // A copy, as between windows.
    postMessage: (message: unknown) =>
      queueMicrotask(() => transport.onmessage?.(structuredClone(message) as JSONRPCMessage)),
  };
  const hear = (source: object, data: unknown) => void heard.emit("message", { source, data } satisfies Heard);
  const transport: Transport = {
    start: async () => void runInContext(script, createContext(page)),
    send: async (message) => hear(parent, structuredClone(message)),
    close: async () => transport.onclose?.(),
  };
  const page = {
    parent,
    document: { querySelector: () => main, documentElement: root },
    addEventListener: (type: string, listener: (event: object) => void) => void heard.on(type, listener),
    scrollTo: () => undefined,
    ResizeObserver: class {
      constructor(tell: () => void) {
        resized = tell;
      }
      observe = () => resized();
    },
  };
  return {
    transport,
    main,
    root,
    click: (href) =>
      void heard.emit("click", {
        target: { closest: () => ({ getAttribute: () => href }) },
        preventDefault: () => undefined,
      }),
    resize(now) {
      height = now;
      resized();
    },
    forge: (message) => hear({}, message),
  };
}
