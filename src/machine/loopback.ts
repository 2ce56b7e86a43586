/** This machine, under its names. */

export const isLoopback = (host: string): boolean =>
  /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/i.test(host.replace(/\.$/, ""));

/** Whether two `host:port` name the same server, since this machine has several names. */
export function isSameServer(a: string, b: string): boolean {
  const [one, other] = [placeOf(a), placeOf(b)];
  return one !== null && one === other;
}

function placeOf(address: string): string | null {
  const url = URL.parse(`tcp://${address}`);
  return url === null ? null : `${isLoopback(url.hostname) ? "localhost" : url.hostname}:${url.port}`;
}
