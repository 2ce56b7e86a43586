/** `ktrdr-mcp export-memory <file>`: everything that research has left behind, as lines of JSON. */
import { open, rename, unlink } from "node:fs/promises";
import { exportMemory } from "../backup/memory.ts";
import { SERVER_VERSION } from "../mcp/server.ts";
import { runCommand, say } from "./command.ts";
import { memoryPlace } from "./memory-place.ts";

const USAGE = "Usage: ktrdr-mcp export-memory <file>";

await runCommand(USAGE, async () => {
  const { file, library, pool } = await memoryPlace("export-memory");
  const partial = `${file}.${process.pid}.partial`;
  const handle = await open(partial, "wx", 0o600);
  try {
    // The file gets its name when it is complete.
    const counts = await exportMemory({
      pool,
      strategies: library.everything(),
      version: SERVER_VERSION,
      write: async (line) => void (await handle.write(line)),
    });
    await handle.sync();
    await rename(partial, file);
    say(`Exported to ${file}.`);
    for (const [kind, count] of Object.entries(counts)) say(`  ${kind}: ${count}`);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
    await pool.end();
  }
});
