import { completable, type McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { visible } from "../../domain/plain-text.ts";
import type { Deps } from "../../research/ports.ts";
import { PROMPTS, type PromptArgument } from "./prompts.ts";

/** Most characters of an argument, which becomes part of a text that a model reads. */
const MOST_CHARS = 2_000;
const COMPLETIONS = 50;

export function registerPrompts(server: McpServer, deps: () => Promise<Deps>): void {
  for (const { name, title, description, args, text } of PROMPTS) {
    const shape = Object.entries(args).map(([argument, spec]) => [argument, fieldOf(spec, deps)] as const);
    server.registerPrompt(name, { title, description, argsSchema: z.object(Object.fromEntries(shape)) }, (given) => ({
      description,
      messages: [
        { role: "user", content: { type: "text", text: visible(text(given as Record<string, string | undefined>)) } },
      ],
    }));
  }
}

function fieldOf({ description, required, complete }: PromptArgument, deps: () => Promise<Deps>) {
  const text = z
    .string(`this text is needed and was left empty (${description})`)
    .max(MOST_CHARS, `at most ${MOST_CHARS} characters`)
    .describe(description);
  const field = completable(text, async (start) => {
    try {
      return [...(await complete(await deps(), start ?? ""))].slice(0, COMPLETIONS);
    } catch {
      // Without completions the prompt still works; the tools say what is down.
      return [];
    }
  });
  return required ? field : field.optional();
}
