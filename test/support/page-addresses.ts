/** The addresses of the page's views, found as a reader finds them. */
import { VIEWS } from "../../src/page/views/index.ts";

/** An address of a view. */
export interface Address {
  /** As `VIEWS` names it. */
  readonly view: string;
  /** Path and query. */
  readonly at: string;
  /** Whether nothing on the page leads to it: then it is an address of nothing. */
  readonly nothing: boolean;
}

const MOST_PAGES = 60;

/**
 * Addresses of every view, found as a reader finds them: by following links from the views that need no name.
 * @param each most addresses of a view that shows one of many
 */
export async function addressesOf(url: string, each = 1): Promise<readonly Address[]> {
  const plain = Object.keys(VIEWS).filter((view) => !view.includes(":"));
  const named = Object.keys(VIEWS).filter((view) => view.includes(":"));
  const found = new Map<string, Set<string>>(named.map((view) => [view, new Set()]));
  const waiting = [...plain];
  for (let read = 0; read < MOST_PAGES && waiting.length > 0; read += 1) {
    if ([...found.values()].every((addresses) => addresses.size >= each)) break;
    const answer = await fetch(`${url}${waiting.shift() ?? ""}`);
    for (const at of linksIn(await answer.text())) {
      const addresses = found.get(named.find((view) => isOf(view, at)) ?? "");
      if (addresses === undefined || addresses.has(at) || addresses.size >= each) continue;
      addresses.add(at);
      waiting.push(at);
    }
  }
  return [
    ...plain.map((view) => ({ view, at: view, nothing: false })),
    ...[...found].flatMap(([view, addresses]): Address[] =>
      addresses.size === 0
        ? [{ view, at: view.replaceAll(/:\w+/g, "none"), nothing: true }]
        : [...addresses].map((at) => ({ view, at, nothing: false })),
    ),
  ];
}

/** Pictures of a document, as a browser by day would fetch them. */
export const picturesIn = (html: string): string[] =>
  [...html.matchAll(/<img src="([^"]+)"/g)].map(([, src = ""]) => src);

/** Paths of this page that a document links to. */
const linksIn = (html: string): string[] =>
  [...html.matchAll(/ href="(\/[^"]*)"/g)].map(([, href = ""]) =>
    href.replaceAll("&amp;", "&").replaceAll("&#39;", "'"),
  );

const isOf = (view: string, at: string): boolean => new RegExp(`^${view.replaceAll(/:\w+/g, "[^/?]+")}$`).test(at);
