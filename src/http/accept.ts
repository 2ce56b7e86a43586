/** In which forms a client accepts answers. The SDK serves only clients that accept both. */

/** `json`: one JSON object; `stream`: a stream of events as well. Null: neither. */
export type Taken = "json" | "stream" | null;

/** @param header `Accept` as it was sent; a client that sends none, or accepts anything, gets JSON */
export function takenBy(header: string | null): Taken {
  if (header === null || header.trim() === "") return "json";
  const forms = header.split(",").flatMap((range) => {
    const [form = "", ...rest] = range.split(";").map((part) => part.trim().toLowerCase());
    return rest.some((part) => /^q=0(\.0*)?$/.test(part)) ? [] : [form];
  });
  if (forms.includes("text/event-stream")) return "stream";
  return forms.some((form) => ["application/json", "application/*", "*/*"].includes(form)) ? "json" : null;
}

/** The `Accept` header that the SDK demands. */
export const BOTH = "application/json, text/event-stream";

/** The answer of a stream as a JSON object; messages before the answer are left out. */
export async function inOnePiece(response: Response): Promise<Response> {
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) return response;
  const events = (await response.text()).split(/\r?\n\r?\n/);
  const data = events.map((event) => event.split(/\r?\n/).flatMap(dataOf).join("\n")).filter((text) => text !== "");
  const answer = data.findLast((text) => !("method" in (JSON.parse(text) as object)));
  return new Response(answer ?? null, {
    status: answer === undefined ? 499 : response.status,
    headers: { ...Object.fromEntries(response.headers), "content-type": "application/json" },
  });
}

const dataOf = (line: string): string[] => (line.startsWith("data:") ? [line.slice(5).trimStart()] : []);
