import { fileURLToPath } from "node:url";

/** Folder of the repository, from the sources and from the build. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));
