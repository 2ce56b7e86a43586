import { MAX_MESSAGE_BYTES } from "./read-message.ts";

const LINE_BREAK = 0x0a;
const BLANK = /^\s*$/;

/**
 * Cuts a stream into lines. A line that is larger than a message may be keeps only its beginning and its end; together
 * they are still too large, so that the reader refuses it.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    size += part.length;
    if (size > KEPT_BYTES) {
      const all = Buffer.concat(parts);
      parts = [all.subarray(0, MAX_MESSAGE_BYTES), all.subarray(-END_BYTES)];
      size = MAX_MESSAGE_BYTES + END_BYTES;
    }
  };
  const taken = (): Buffer => {
    const line = Buffer.concat(parts);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(LINE_BREAK); end >= 0; end = rest.indexOf(LINE_BREAK)) {
      add(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const line = taken();
      if (!isBlank(line)) yield line;
    }
    add(rest);
  }
  const last = taken();
  if (!isBlank(last)) yield last;
}

const END_BYTES = 65_536;
const KEPT_BYTES = 4 * MAX_MESSAGE_BYTES;

const isBlank = (line: Buffer): boolean => line.length < 16 && BLANK.test(line.toString());
