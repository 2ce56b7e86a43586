/**
 * The statement that grants what PostgreSQL refused, derived from its English message; for other languages `otherwise`.
 * `<user>` is the user of DATABASE_URL.
 */
export function refusedGrant(message: string, otherwise: string): string {
  const of = (kind: string) =>
    new RegExp(`^(?:permission denied for|must be owner of) ${kind} (.+)$`).exec(message)?.[1];
  const schema = of("schema");
  if (schema !== undefined) return typed(`grant usage, create on schema ${schema} to <user>`);
  const database = of("database");
  if (database !== undefined) return typed(`grant create, temporary on database ${database} to <user>`);
  if (message.startsWith("must be owner of")) {
    return `As the owner of the tables: \`reassign owned by <their owner> to <user>\`, or run this as that owner.`;
  }
  const thing = of("(?:table|relation|sequence|view)");
  if (thing !== undefined) {
    const all =
      "grant all on all tables in schema public to <user>; grant all on all sequences in schema public to <user>";
    return `${typed(all)} ${thing} is one of them.`;
  }
  if (message === "permission denied to create database") {
    return typed("alter role <user> createdb").replace(/\.$/, "; or create the database yourself.");
  }
  return otherwise;
}

const typed = (statement: string): string => `As the owner, or a superuser: \`${statement}\`.`;
