/**
 * Ends this process when its standard input closes. Whoever starts it holds the other end of that pipe, so even a
 * killed parent leaves nothing running.
 */
export function exitWithParent(): void {
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}
