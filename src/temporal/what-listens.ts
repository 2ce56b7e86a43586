import { connect, type ClientHttp2Session } from "node:http2";
import type { ConnectionOptions } from "@temporalio/client";

const PATIENCE_MS = 700;

/**
 * Connects to the address of a server that did not answer in time: gRPC retries and does not say why it fails.
 * @returns why the connection failed; empty when something speaks HTTP/2 there, so that the server is only slow
 */
export async function whatListens({ address = "", tls }: ConnectionOptions): Promise<string> {
  const secure = tls === true ? {} : tls;
  const options = secure && {
    ca: secure.serverRootCACertificate as Buffer | undefined,
    cert: secure.clientCertPair?.crt as Buffer | undefined,
    key: secure.clientCertPair?.key as Buffer | undefined,
    ...(secure.serverNameOverride === undefined ? {} : { servername: secure.serverNameOverride }),
  };
  let session: ClientHttp2Session | undefined;
  try {
    session = connect(`${options ? "https" : "http"}://${address}`, options || {});
    return await heard(session);
  } catch (error) {
    return wordsOf(error);
  } finally {
    session?.destroy();
  }
}

function heard(session: ClientHttp2Session): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("no answer to a greeting"), PATIENCE_MS);
    const end = (words: string) => {
      clearTimeout(timer);
      resolve(words);
    };
    session.once("remoteSettings", () => end(""));
    session.on("error", (error) => end(wordsOf(error)));
    session.once("close", () => end("the connection was closed"));
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return `${code}${error.message}`;
}
