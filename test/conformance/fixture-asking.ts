/** Tools and a prompt of the newest revision that need an answer of the client first. They are called again with it. */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

type MintState = (payload: unknown) => Promise<string>;
type Answer = CallToolResult | InputRequiredResult;

const says = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });
const Name = z.object({ name: z.string() });
const Ok = z.object({ ok: z.boolean() });
const Declared = z.object({ [CLIENT_CAPABILITIES_META_KEY]: z.record(z.string(), z.unknown()) });

const elicit = (message: string, requestedSchema: z.ZodObject) => inputRequired.elicit({ message, requestedSchema });
const sample = (text: string) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text } }], maxTokens: 100 });

export function registerAsking(server: McpServer, mint: MintState): void {
  const tool = (name: string, handle: (context: ServerContext["mcpReq"]) => Answer | Promise<Answer>) =>
    server.registerTool(name, { description: `${name}: asks back`, inputSchema: z.object({}) }, (_args, { mcpReq }) =>
      handle(mcpReq),
    );

  tool("test_input_required_result_elicitation", ({ inputResponses }) => {
    const name = acceptedContent(inputResponses, "user_name", Name);
    if (name !== undefined) return says(`Hello, ${name.name}!`);
    return inputRequired({ inputRequests: { user_name: elicit("What is your name?", Name) } });
  });
  tool("test_input_required_result_sampling", ({ inputResponses }) => {
    const answer = inputResponse(inputResponses, "capital_question");
    if (answer.kind === "sampling") return says(JSON.stringify(answer.result.content));
    return inputRequired({ inputRequests: { capital_question: sample("What is the capital of France?") } });
  });
  tool("test_input_required_result_list_roots", ({ inputResponses }) => {
    const answer = inputResponse(inputResponses, "client_roots");
    if (answer.kind === "roots") return says(answer.roots.map(({ uri }) => uri).join(" "));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  for (const name of ["test_input_required_result_request_state", "test_input_required_result_tampered_state"]) {
    tool(name, async ({ inputResponses, requestState }) => {
      const confirmed = acceptedContent(inputResponses, "confirm", Ok);
      if (confirmed !== undefined && requestState() === "asked") return says("state-ok");
      return inputRequired({
        inputRequests: { confirm: elicit("Please confirm", Ok) },
        requestState: await mint("asked"),
      });
    });
  }
  tool("test_input_required_result_multiple_inputs", async ({ inputResponses, requestState }) => {
    const kinds = ["user_name", "greeting", "client_roots"].map((key) => inputResponse(inputResponses, key).kind);
    if (requestState() === "asked" && !kinds.includes("missing")) return says(kinds.join(" "));
    return inputRequired({
      inputRequests: {
        user_name: elicit("What is your name?", Name),
        greeting: sample("Generate a greeting"),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await mint("asked"),
    });
  });
  tool("test_input_required_result_multi_round", async ({ inputResponses, requestState }) => {
    const Color = z.object({ color: z.string() });
    const first = acceptedContent(inputResponses, "step1", Name);
    const second = acceptedContent(inputResponses, "step2", Color);
    if (requestState() === "two" && second !== undefined) return says(`The color is ${second.color}`);
    if (requestState() === "one" && first !== undefined) {
      const step2 = elicit("Step 2: What is your favorite color?", Color);
      return inputRequired({ inputRequests: { step2 }, requestState: await mint("two") });
    }
    const step1 = elicit("Step 1: What is your name?", Name);
    return inputRequired({ inputRequests: { step1 }, requestState: await mint("one") });
  });
  tool("test_input_required_result_capabilities", ({ envelope }) => {
    const has = Declared.parse(envelope)[CLIENT_CAPABILITIES_META_KEY];
    return inputRequired({
      inputRequests: {
        ...(has["sampling"] === undefined ? {} : { question: sample("What is the capital of France?") }),
        ...(has["elicitation"] === undefined ? {} : { user_name: elicit("What is your name?", Name) }),
      },
    });
  });
  tool("test_missing_capability", () => inputRequired({ inputRequests: { question: sample("Anything?") } }));
  tool("test_streaming_elicitation", () => inputRequired({ inputRequests: { confirm: elicit("Go on?", Ok) } }));

  server.registerPrompt("test_input_required_result_prompt", { description: "Asks for its context" }, ({ mcpReq }) => {
    const context = acceptedContent(mcpReq.inputResponses, "user_context", z.object({ context: z.string() }));
    if (context !== undefined) {
      return { messages: [{ role: "user", content: { type: "text", text: context.context } }] };
    }
    const question = elicit("What context should the prompt use?", z.object({ context: z.string() }));
    return inputRequired({ inputRequests: { user_context: question } });
  });
}
