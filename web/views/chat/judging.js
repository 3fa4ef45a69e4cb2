/** The thumbs of a conversation's answers: the same ones whenever an answer is drawn. */

import { rating } from "../../parts/rating.js";
import { judgedWith } from "./bounds.js";
import { said } from "./conversation.js";

/** @typedef {import("./conversation.js").Message} Message */

/** @param {import("../../app/main.js").App} app */
export function judging(app) {
  /** @type {WeakMap<Message, ReturnType<typeof rating>>} */
  const ratings = new WeakMap();

  /**
   * Give the thumbs of an answer; null for one that did not come to its end, or that no model wrote.
   * @param {Message} message
   * @param {{role: string, content: string}[]} asked what it answers
   * @param {Record<string, number>} [parameters] where they are known
   */
  return function judged(message, asked, parameters) {
    const { content: answer, meta } = message;
    if (!meta?.requestId || !meta.model || !answer.trim()) return null;
    const made = ratings.get(message);
    if (made) return made;
    const rated = rating(app, {
      request_id: meta.requestId,
      model: meta.model,
      messages: judgedWith(asked.map(said)),
      answer,
      ...(parameters && { parameters }),
    });
    ratings.set(message, rated);
    return rated;
  };
}
