/** What views are asked for, read from the address. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { askedAt } from "./places.ts";
import { paragraph, type Block, type Link } from "./view.ts";

/** Rows on a page of a list. */
export const ROWS = 25;

/** The number of a page, from 1. */
export const PageNumber = z
  .string()
  .regex(/^[1-9]\d{0,2}$/)
  .transform(Number)
  .default(1);

/**
 * @param why what the query may be, as sentences
 * @throws DomainError `invalid_input`
 */
export function readQuery<S extends z.ZodType>(
  schema: S,
  query: Readonly<Record<string, string>>,
  why: string,
): z.output<S> {
  const asked = schema.safeParse(query);
  if (asked.success) return asked.data;
  throw new DomainError("invalid_input", { what: "This view cannot be asked for so.", why });
}

/** Links to the pages beside this one; nothing where there are none. */
export function pageLinks(
  path: string,
  { page, ...query }: Readonly<Record<string, string | number | undefined>> & { readonly page: number },
  more: boolean,
): Block[] {
  const to = (text: string, wanted: number): Link => ({ text, href: askedAt(path, { ...query, page: wanted }) });
  const links = [...(page > 1 ? [to("Newer ones", page - 1)] : []), ...(more ? [to("Older ones", page + 1)] : [])];
  return links.map((link) => paragraph(link));
}
