/** Why a connection failed, in words; the code itself is in the error's cause. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens at its address.",
  ENOTFOUND: "Its host is not known.",
  EAI_AGAIN: "Its host cannot be looked up now.",
  ECONNRESET: "The connection was cut.",
  EPIPE: "The connection was cut.",
  EHOSTUNREACH: "There is no way to its host.",
  ENETUNREACH: "There is no way to its network.",
};

export const connectionWords = (code: string): string => WORDS[code] ?? "The connection failed.";
