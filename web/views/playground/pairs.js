/** What a vote between answers says: the preferred one against each of the others. */

/**
 * @typedef {{model: string, requestId: string | null, answer: string, parameters: Record<string, number>}} Contender
 */

/**
 * Give the preference pairs of a vote, in the form of the gateway's feedback. Without consent no pair would be kept:
 * the preferred answer is said to be good, once, and the others are not sent.
 * @param {Contender[]} contenders
 * @param {number} preferred
 * @param {{messages: {role: string, content: string}[], consent: boolean}} about
 */
export function preferencePairs(contenders, preferred, { messages, consent }) {
  const chosen = contenders[preferred];
  const others = contenders.filter(
    (other, index) => index !== preferred && other.answer.trim() && other.answer !== chosen.answer,
  );
  const said = {
    request_id: chosen.requestId,
    model: chosen.model,
    messages,
    answer: chosen.answer,
    rating: "up",
    parameters: chosen.parameters,
    consent,
  };
  if (!consent) return others.length ? [said] : [];
  return others.map((other) => ({ ...said, rejected_answer: other.answer }));
}
