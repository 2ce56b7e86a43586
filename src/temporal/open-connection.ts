import {
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from "@temporalio/client";

import { isLoopback } from "../machine/loopback.ts";

type Interceptor = NonNullable<ConnectionOptions["interceptors"]>[number];
type Call = ReturnType<Interceptor>;

/** gRPC status: not retried, so that a closed connection ends its calls. */
const CANCELLED = 1;

/**
 * The SDK's retries run on timers that outlive the connection. Once it is closed, gRPC throws inside such a timer, where
 * nobody can catch it: the process would die. Here the call ends with a status instead, as if the server had refused it.
 */
const endWithConnection: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    const ended: Pick<Call, "cancelWithStatus" | "getPeer" | "start" | "sendMessage" | "startRead" | "halfClose"> = {
      start: (metadata, listener) =>
        queueMicrotask(() => {
          // gRPC tells of a unary call without an answer by an empty one; the SDK's retries count on it.
          listener?.onReceiveMessage?.(null);
          listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata });
        }),
      cancelWithStatus: () => {},
      getPeer: () => "closed",
      sendMessage: () => {},
      startRead: () => {},
      halfClose: () => {},
    };
    return ended as Call;
  }
};

/** What every connection of ours is opened with: the SDK's retries, which end when the connection is closed. */
export const INTERCEPTORS: Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endWithConnection];

/**
 * A connection that is made at its first call, to this machine never through a proxy. Close it; a call that still waits for a
 * retry is rejected then.
 */
export const openLazily = (options: ConnectionOptions): Connection =>
  Connection.lazy({ ...options, ...directly(options), interceptors: INTERCEPTORS });

/** gRPC takes a proxy from the environment, for every address that no_proxy does not name. */
function directly({ address = "localhost", channelArgs }: ConnectionOptions): ConnectionOptions {
  const host = URL.parse(`tcp://${address}`)?.hostname ?? "";
  return isLoopback(host) ? { channelArgs: { ...channelArgs, "grpc.enable_http_proxy": 0 } } : {};
}
