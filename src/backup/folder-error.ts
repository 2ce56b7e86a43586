import { DomainError, isDomainError } from "../domain/errors.ts";

export const codeOfFile = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** A failure of the file system as a DomainError; an error that is one already stays as it is. */
export function folderError(folder: string, error: unknown): DomainError {
  if (isDomainError(error)) return error;
  const code = codeOfFile(error);
  if (code === "") {
    return new DomainError("internal", { what: `Working in ${folder} failed.`, cause: error });
  }
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new DomainError("folder_unavailable", {
    what: `The folder ${folder} cannot be used.`,
    why: full ? "Its disk is full." : `A file operation failed (${code}).`,
    next: full ? "Make room, or choose another disk." : "Look at its path, its owner and its permissions.",
    cause: error,
  });
}
