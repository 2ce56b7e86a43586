import type { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type { Scope } from "../domain/identity.ts";
import type { Logger } from "../logger.ts";
import { DATA_NOTE } from "./fields.ts";
import { inputError } from "./input-error.ts";
import type { Asking } from "../research/asking.ts";

/** All four hints are required: clients assume the worst of a missing one. */
export interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
}

/** Percent is 0..100; clients that did not ask for progress get none. */
export type ReportProgress = (progress: { readonly percent: number; readonly message: string }) => void;

export interface ToolContext extends Asking {
  readonly progress: ReportProgress;
  /** What the client calls itself. It can claim any name, so its rights come from `caller`. */
  readonly client: ClientIdentity;
  readonly log: Logger;
  /** Adds a picture to the answer. */
  readonly attach: (png: Uint8Array) => void;
  /** @throws DomainError `invalid_input` when the researcher's page has no view at the path */
  readonly pageAt: (path: string) => Promise<PageView>;
}

/** A view of the researcher's page: HTML that is complete in itself, with the texts of others escaped. */
export interface PageView {
  readonly title: string;
  readonly html: string;
}

interface ToolSpec<I extends z.ZodObject, O extends z.ZodObject> {
  /** snake_case; the file and its test carry the same name in kebab-case. */
  readonly name: string;
  readonly title: string;
  /** At most 2,000 characters: its purpose, when to call it, the tools before and after, constraints, an example. */
  readonly description: string;
  /** A `z.strictObject`, every field described. */
  readonly input: I;
  /** Keep it shallow: it is sent with every tools/list. */
  readonly output: O;
  readonly annotations: ToolAnnotations;
  /** True when its answers quote texts of others (descriptions, reasons, notes): the answers then say that these are data. */
  readonly quotes?: true;
  /** Path of the view that shows what the answer is about. Clients that show MCP Apps open it: not for calls that are repeated. */
  readonly page?: (args: z.output<I>) => string;
  /** Only the researcher's page calls the tool. Says the answer in words; no model reads its facts. */
  readonly forPage?: (answer: z.output<O>) => string;
  /** Answers with the facts; throws DomainError to tell the caller what to do. */
  readonly handle: (args: z.output<I>, context: ToolContext) => Promise<z.input<O>>;
}

/** A tool with its generics erased. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly annotations: ToolAnnotations;
  /**
   * Parses the arguments (mended before, see mend-arguments.ts), runs the handler, checks the answer against the output
   * schema.
   * @throws DomainError; anything else is a defect of ours.
   */
  readonly run: (args: unknown, context: ToolContext) => Promise<Readonly<Record<string, unknown>>>;
  /** Null for arguments that are not valid. */
  readonly page?: (args: unknown) => string | null;
  readonly forPage?: (answer: Readonly<Record<string, unknown>>) => string;
}

/** The scope that a tool needs: `read` when it only reads. */
export const scopeOf = ({ annotations }: { readonly annotations: Partial<ToolAnnotations> }): Scope =>
  annotations.readOnlyHint === true ? "read" : "research";

export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(spec: ToolSpec<I, O>): Tool {
  const { handle, quotes, page, forPage, ...surface } = spec;
  const note = quotes === true ? { note: DATA_NOTE } : {};
  return {
    ...surface,
    ...(page === undefined ? {} : { page: pathFor(spec.input, page) }),
    ...(forPage === undefined ? {} : { forPage: (answer) => forPage(spec.output.parse(answer)) }),
    async run(args, context) {
      const input = spec.input.safeParse(args ?? {});
      if (!input.success) throw inputError(spec.name, spec.input, input.error, args);
      const answer = spec.output.safeParse(await handle(input.data, context));
      if (answer.success) return { ...answer.data, ...note };
      throw new DomainError("internal", {
        what: "The answer does not have the shape this tool promises.",
        cause: answer.error,
      });
    },
  };
}

const pathFor =
  <I extends z.ZodObject>(input: I, page: (args: z.output<I>) => string): NonNullable<Tool["page"]> =>
  (args) => {
    const { data } = input.safeParse(args ?? {});
    return data === undefined ? null : page(data);
  };
