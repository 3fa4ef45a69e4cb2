/** What is kept of an answer beside its text, so that it can be judged and understood when it is read again. */

/** @typedef {import("../../parts/pieces.js").Meta} Meta */

/** @type {[keyof Meta, string][]} the page's names and the gateway's */
const NAMES = [
  ["requestId", "request_id"],
  ["model", "model"],
  ["label", "label"],
  ["finish", "finish"],
  ["cache", "cache"],
  ["guard", "guard"],
  ["inputTokens", "input_tokens"],
  ["outputTokens", "output_tokens"],
  ["firstTokenMs", "first_token_ms"],
  ["latencyMs", "latency_ms"],
  ["costUsd", "cost_usd"],
];
/** @type {Meta} */
const NOTHING_KNOWN = {
  model: "",
  label: "",
  requestId: null,
  finish: "",
  inputTokens: null,
  outputTokens: null,
  costUsd: null,
  firstTokenMs: null,
  latencyMs: null,
  cache: "off",
  guard: "off",
  attempts: [],
  sources: [],
  citations: [],
  answered: null,
};

/**
 * Give what is known of an answer that did not come to its end.
 * @param {"stopped" | "failed"} finish
 * @returns {Meta}
 */
export function cutOff(finish) {
  return { ...NOTHING_KNOWN, finish };
}

/**
 * Give a message as the gateway keeps it.
 * @param {import("./conversation.js").Message} message
 */
export function toKeep({ role, content, meta }) {
  if (!meta) return { role, content };
  const about = Object.fromEntries(
    NAMES.map(([name, theirs]) => [theirs, meta[name]]).filter(([, value]) => value !== null && value !== ""),
  );
  return { role, content, about };
}

/**
 * Read a message that the gateway has kept.
 * @param {{role: "user" | "assistant", content: string, about?: Record<string, any>}} kept
 * @returns {import("./conversation.js").Message}
 */
export function fromKept({ role, content, about }) {
  if (!about) return { role, content };
  const known = NAMES.filter(([, theirs]) => theirs in about).map(([name, theirs]) => [name, about[theirs]]);
  return { role, content, meta: { ...NOTHING_KNOWN, ...Object.fromEntries(known) } };
}
