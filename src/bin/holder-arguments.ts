/** Arguments of the commands that let somebody in. */
import { SCOPES, type Scope } from "../domain/identity.ts";
import { Usage } from "./command.ts";

/** @throws Usage when the option has no value */
export function given(value: string | undefined, option: string): string {
  if (value === undefined || value === "") throw new Usage(`${option} is missing.`);
  return value;
}

/** @throws Usage naming the scopes there are */
export function scopeOf(text: string): Scope {
  const scope = SCOPES.find((known) => known === text);
  if (scope === undefined) throw new Usage(`--scope is one of ${SCOPES.join(", ")}.`);
  return scope;
}
