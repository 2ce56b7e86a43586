/** What stands at a path, and the id in it. */
export interface Found<T> {
  readonly what: T;
  /** The last part of the path where the place has an `:id`, else empty. */
  readonly id: string;
}

/** @param places by their paths: `/runs`, `/runs/:id` */
export function atPath<T>(places: Readonly<Record<string, T>>, path: string): Found<T> | null {
  const place = places[path];
  if (place !== undefined) return { what: place, id: "" };
  const end = path.lastIndexOf("/") + 1;
  const within = places[`${path.slice(0, end)}:id`];
  return within === undefined || end === path.length ? null : { what: within, id: decoded(path.slice(end)) };
}

/** As the router of the page decodes: what is not well encoded stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
