/** The branch of the history, and the strategies of one commit. */
import * as git from "isomorphic-git";
import { gitFiles as fs } from "./git-files.ts";
import { SUFFIX } from "./strategy-file.ts";

export const BRANCH = "refs/heads/main";

/** The newest commit; null before the first one. */
export async function headOf(gitdir: string): Promise<string | null> {
  try {
    return await git.resolveRef({ fs, gitdir, ref: BRANCH });
  } catch (error) {
    if (error instanceof git.Errors.NotFoundError) return null;
    throw error;
  }
}

/** Git's id of each strategy of a commit, by name. */
export async function treeOf(gitdir: string, commit: string | null): Promise<Map<string, string>> {
  if (commit === null) return new Map();
  const { tree } = await git.readTree({ fs, gitdir, oid: commit });
  return new Map(
    tree
      .filter(({ type, path }) => type === "blob" && path.endsWith(SUFFIX))
      .map(({ path, oid }) => [path.slice(0, -SUFFIX.length), oid]),
  );
}
