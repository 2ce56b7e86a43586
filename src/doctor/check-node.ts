import { fine, found, type Finding } from "./finding.ts";

/** @param version as `process.version` tells it. */
export function checkNode(version: string, execPath: string): Finding {
  const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
  const detail = `${version} (${execPath})`;
  if (major > 24 || (major === 24 && minor >= 12)) return fine("Node", detail);
  return found("Node", "node_old", `${detail}; 24.12 or newer is needed`, { fix: "make deps" });
}
