import { hash } from "node:crypto";

/** How many hexadecimal digits of a row's MD5 count: 60 bits, a number that PostgreSQL can add up without a sign. */
const HEX_DIGITS = 15;

/** Number and digest of a set of rows, independent of their order. PostgreSQL computes the same (`digestOf`). */
export class RowDigest {
  private sum = 0n;
  private counted = 0;

  /** @param row the row as one JSON text, as `rowText` gives it. */
  add(row: string): void {
    const md5 = hash("md5", row);
    this.sum += BigInt(`0x${md5.slice(0, HEX_DIGITS)}`);
    this.counted += 1;
  }

  get rows(): number {
    return this.counted;
  }

  /** Decimal. */
  get digest(): string {
    return this.sum.toString();
  }
}

/** The same as an SQL query over a query that has one column `row`. */
export const digestOf = (rows: string): string =>
  `select count(*)::integer as rows,
     coalesce(sum(('x' || left(md5(row), ${HEX_DIGITS}))::bit(${HEX_DIGITS * 4})::bigint), 0)::text as digest
   from (${rows}) as all_rows`;
