/** Tools that answer at once, with every kind of content. */
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A PNG of one red pixel. */
export const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
/** A WAV file without a single sample. */
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

export function registerContent(server: McpServer): void {
  const text = { type: "text" as const, text: "This is a simple text response for testing." };
  const image = { type: "image" as const, data: PIXEL, mimeType: "image/png" };
  const embedded = (uri: string, mimeType: string, body: string) => ({
    type: "resource" as const,
    resource: { uri, mimeType, text: body },
  });
  server.registerTool("test_simple_text", { description: "Text" }, () => ({ content: [text] }));
  server.registerTool("test_image_content", { description: "An image" }, () => ({ content: [image] }));
  server.registerTool("test_audio_content", { description: "Sound" }, () => ({
    content: [{ type: "audio", data: SILENCE, mimeType: "audio/wav" }],
  }));
  server.registerTool("test_embedded_resource", { description: "A resource" }, () => ({
    content: [embedded("test://embedded-resource", "text/plain", "An embedded resource.")],
  }));
  server.registerTool("test_multiple_content_types", { description: "Text, image and resource" }, () => ({
    content: [text, image, embedded("test://mixed-content-resource", "application/json", '{"test":"data"}')],
  }));
  server.registerTool("test_error_handling", { description: "Fails" }, () => {
    throw new Error("This tool fails on purpose");
  });
  const nested = z.object({
    name: z.string().optional(),
    address: z.object({ street: z.string().optional(), city: z.string().optional() }).optional(),
  });
  server.registerTool("json_schema_2020_12_tool", { description: "A nested schema", inputSchema: nested }, (args) => ({
    content: [{ type: "text", text: JSON.stringify(args) }],
  }));
}
