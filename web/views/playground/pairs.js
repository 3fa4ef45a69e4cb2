/** What a vote between answers says: the preferred one against each of the others. */

/**
 * @typedef {{model: string, requestId: string | null, answer: string, parameters: Record<string, number>}} Contender
 */

/**
 * Give the preference pairs of a vote, in the form of the gateway's feedback.
 * @param {Contender[]} contenders
 * @param {number} preferred
 * @param {{messages: {role: string, content: string}[], consent: boolean}} about
 */
export function preferencePairs(contenders, preferred, { messages, consent }) {
  const chosen = contenders[preferred];
  return contenders
    .filter((other, index) => index !== preferred && other.answer.trim() && other.answer !== chosen.answer)
    .map((other) => ({
      request_id: chosen.requestId,
      model: chosen.model,
      messages,
      answer: chosen.answer,
      rejected_answer: other.answer,
      rating: "up",
      parameters: chosen.parameters,
      consent,
    }));
}
