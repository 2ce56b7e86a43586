/** `ktrdr-mcp import-memory <file>`: adds what another place has left behind to what is here. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { linesIn } from "../backup/lines.ts";
import { importMemory } from "../backup/memory.ts";
import { assertSchemaCurrent } from "../store/migrate.ts";
import { runCommand, say, Usage } from "./command.ts";
import { memoryPlace } from "./memory-place.ts";

const USAGE = "Usage: ktrdr-mcp import-memory <file>";

await runCommand(USAGE, async () => {
  const { file, library, pool, hasFolder } = await memoryPlace("import-memory");
  await access(file).catch(() => {
    throw new Usage(`There is no file ${file}.`);
  });
  try {
    await assertSchemaCurrent(pool);
    const counts = await importMemory({
      pool,
      lines: linesIn(createReadStream(file, "utf8") as AsyncIterable<string>),
      addVersions: async (name, versions) => (hasFolder ? await library.adopt(name, versions) : 0),
    });
    say(`Imported ${file}. What was here before is as it was.`);
    for (const [kind, { read, added }] of Object.entries(counts)) say(`  ${kind}: ${added} of ${read} added`);
  } finally {
    await pool.end();
  }
});
