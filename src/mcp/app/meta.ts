/** What hosts of MCP Apps read of tools and answers. */

export const APP_URI = "ui://ktrdr/research.html";

/** The researcher's page is shown beside answers of the tool. Hosts of before 2026 know the flat name only. */
export const OPENS_APP = { ui: { resourceUri: APP_URI }, "ui/resourceUri": APP_URI } as const;

/** Only the page in a host's frame calls the tool: hosts do not offer it to a model. */
export const APP_ONLY = { ui: { visibility: ["app"] } } as const;

/** Key of the path, in an answer's `_meta`, at which the page shows what the answer is about. */
export const VIEW_AT = "ktrdr/page";
