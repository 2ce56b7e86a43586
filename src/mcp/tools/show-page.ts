import { z } from "zod";
import { defineTool } from "../define-tool.ts";

export const showPage = defineTool({
  name: "show_page",
  title: "Show the page",
  description: `A view of the researcher's page, for the page itself. Example: {"path": "/runs"}`,
  input: z.strictObject({
    path: z.string().max(2_000).default("/").describe("Of a view."),
  }),
  output: z.object({ title: z.string(), html: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  forPage: ({ title }) => `${title}. The view is in structuredContent, as HTML.`,
  async handle({ path }, { pageAt }) {
    const { title, html } = await pageAt(path);
    return { title, html };
  },
});
