/** How much the gateway takes at once: of a conversation that goes on, and of one whose answer is judged. */

import { characters, count } from "../../lib/format.js";
import { MOST_CHARACTERS } from "../../parts/rating.js";

const MOST_MESSAGES = 256;
const MOST_JUDGED = { messages: 64, characters: MOST_CHARACTERS };

/** @typedef {{role: string, content: string}} Said */

/**
 * Say why a conversation cannot go on with its last message, and whether a new one could; null where it can go on.
 * @param {Said[]} messages the instruction among them
 * @param {number} most characters of them all
 * @returns {{words: string, elsewhere: boolean} | null}
 */
export function refusal(messages, most) {
  const whole = total(messages);
  const alone = total(messages.filter(({ role }, index) => role === "system" || index === messages.length - 1));
  const allowed = `and ${count(most)} are allowed`;
  if (alone > most) {
    const told = messages[0]?.role === "system" ? "This message and the instruction have" : "This message has";
    return { words: `${told} ${count(alone)} characters, ${allowed}. Shorten it.`, elsewhere: false };
  }
  if (whole > most) {
    const has = `With this message the conversation has ${count(whole)} characters, ${allowed}.`;
    return { words: `${has} Shorten it, or begin a new chat.`, elsewhere: true };
  }
  if (messages.length > MOST_MESSAGES) {
    return { words: `A conversation has at most ${MOST_MESSAGES} messages. Begin a new chat.`, elsewhere: true };
  }
  return null;
}

/**
 * Give what an answer is judged with: the instruction, and the end of what was said before the answer, from a user's
 * message on, as much as may be sent.
 * @template {Said} Kind
 * @param {Kind[]} messages
 * @returns {Kind[]}
 */
export function judgedWith(messages) {
  const told = messages.filter(({ role }) => role === "system");
  const turns = messages.filter(({ role }) => role !== "system");
  let left = MOST_JUDGED.characters - total(told);
  let from = turns.findLastIndex(({ role }) => role === "user");
  for (let index = turns.length - 1; index >= 0; index -= 1) {
    left -= characters(turns[index].content);
    if (left < 0 || told.length + turns.length - index > MOST_JUDGED.messages) break;
    if (turns[index].role === "user") from = index;
  }
  return [...told, ...turns.slice(Math.max(from, 0))];
}

/** @param {Said[]} messages */
function total(messages) {
  return messages.reduce((sum, { content }) => sum + characters(content), 0);
}
