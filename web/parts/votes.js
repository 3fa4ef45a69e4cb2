/** Puts together what was kept of one vote: the gateway has a pair for each answer that was not preferred. */

/**
 * @typedef {{id: string, request_id?: string, model: string, rating: "up" | "down" | null, comment: string,
 *   created: string, learned_from: boolean, texts?: Record<string, string>}} Given
 * `texts` are shortened; none are there without consent
 */
/** @typedef {Given & {ids: string[], others: string[]}} Said `others` are the answers that lost against this one */

/**
 * Give what was said, a vote as one: its pairs have the request of the preferred answer in common.
 * @param {Given[]} given
 * @returns {Said[]}
 */
export function together(given) {
  /** @type {Map<string, Said>} */
  const votes = new Map();
  /** @type {Said[]} */
  const said = [];
  for (const one of given) {
    const rejected = one.texts?.rejected_answer;
    const vote = rejected && one.request_id ? votes.get(one.request_id) : undefined;
    if (rejected && vote) {
      vote.ids.push(one.id);
      vote.others.push(rejected);
      continue;
    }
    const alone = { ...one, ids: [one.id], others: rejected ? [rejected] : [] };
    said.push(alone);
    if (rejected && one.request_id) votes.set(one.request_id, alone);
  }
  return said;
}
