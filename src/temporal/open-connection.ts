import {
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from "@temporalio/client";

import { errorText } from "../error-text.ts";
import { isLoopback } from "../machine/loopback.ts";

type Interceptor = NonNullable<ConnectionOptions["interceptors"]>[number];
type Call = ReturnType<Interceptor>;

/** The gRPC status that is never retried: with it a closed connection ends its calls. */
const CANCELLED = 1;

/**
 * The SDK retries on timers that outlive the connection. Once the connection is closed, gRPC throws inside such a
 * timer, where nobody can catch the error, and the process dies. Here the call ends with a status instead, as if the
 * server had refused it.
 */
const endWithConnection: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    const details = errorText(error);
    const ended: Pick<Call, "cancelWithStatus" | "getPeer" | "start" | "sendMessage" | "startRead" | "halfClose"> = {
      start: (metadata, listener) =>
        queueMicrotask(() => {
          // For a unary call without an answer gRPC delivers null; the SDK's retries expect that.
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

/** For every connection of ours: the SDK's retries, which end when the connection is closed. */
export const INTERCEPTORS: Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endWithConnection];

/**
 * A connection that is made at its first call, and never through a proxy to this machine. The caller closes it; that
 * rejects a call which still waits for a retry.
 */
export const openLazily = (options: ConnectionOptions): Connection =>
  Connection.lazy({ ...options, ...directly(options), interceptors: INTERCEPTORS });

/** gRPC takes a proxy from the environment, for every address that no_proxy does not name. */
function directly({ address = "localhost", channelArgs }: ConnectionOptions): ConnectionOptions {
  const host = URL.parse(`tcp://${address}`)?.hostname ?? "";
  return isLoopback(host) ? { channelArgs: { ...channelArgs, "grpc.enable_http_proxy": 0 } } : {};
}
