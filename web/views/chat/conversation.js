/** A conversation as plain values: what editing, asking again and naming do to it. */

/** @typedef {import("../../parts/pieces.js").Meta} Meta */
/** @typedef {{role: "user" | "assistant", content: string, meta?: Meta}} Message `meta` is of an answer */
/** @typedef {{id: string, title: string, messages: Message[]}} Conversation */

const LONGEST_TITLE = 60;

/** @returns {Conversation} */
export function newConversation() {
  return { id: crypto.randomUUID(), title: "", messages: [] };
}

/**
 * Add a message; the first one names the conversation.
 * @param {Conversation} conversation
 * @param {Message} message
 * @returns {Conversation}
 */
export function withMessage(conversation, message) {
  const title = conversation.title || titleOf(message.content);
  return { ...conversation, title, messages: [...conversation.messages, message] };
}

/**
 * Take a conversation back to before one of its messages.
 * @param {Conversation} conversation
 * @param {number} index
 * @returns {Conversation}
 */
export function before(conversation, index) {
  const messages = conversation.messages.slice(0, index);
  return { ...conversation, messages, title: messages.length ? conversation.title : "" };
}

/**
 * Give a conversation under another id.
 * @param {string} id
 * @param {Conversation} conversation
 * @returns {Conversation}
 */
export function under(id, conversation) {
  return { ...conversation, id };
}

/**
 * Give the title that a first message makes.
 * @param {string} text
 */
export function titleOf(text) {
  const line = text.trim().split("\n")[0].trim();
  // Cut between characters: half of one is none, and the gateway would refuse it.
  const all = [...line];
  if (all.length <= LONGEST_TITLE) return line || "Untitled";
  const cut = all.slice(0, LONGEST_TITLE).join("");
  return `${cut.slice(0, cut.lastIndexOf(" ") > 20 ? cut.lastIndexOf(" ") : cut.length)}…`;
}

/** Give a message as a model is told it. @param {{role: string, content: string}} message */
export function said({ role, content }) {
  return { role, content };
}
