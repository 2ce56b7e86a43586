/** What a view shows of itself while a part is away. */
import { isDomainError, type DomainError } from "../domain/errors.ts";
import { paragraph, section, type Section } from "./view.ts";

const AWAY = ["database_unavailable", "temporal_unavailable", "ktrdr_unavailable", "folder_unavailable"] as const;

/** Whether an error says that a part does not answer. */
export const isAway = (error: unknown): error is DomainError => isDomainError(error, ...AWAY);

/** A section, or what is missing of it. @throws any error but that of a part that is away */
export async function readable(title: string, made: Promise<Section | null>): Promise<readonly Section[]> {
  try {
    const found = await made;
    return found === null ? [] : [found];
  } catch (error) {
    if (!isAway(error)) throw error;
    return [section(title, paragraph(`This cannot be shown now: ${error.what}`, "bad"))];
  }
}

/** The value, or null while its part is away. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (!isAway(error)) throw error;
    return null;
  }
}
