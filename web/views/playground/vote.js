/** Asks which of the answers is best; a vote is kept as pairs of a preferred and a rejected answer, with consent. */

import { announce } from "../../lib/announce.js";
import { fill, h } from "../../lib/dom.js";
import { focusFirst, isFocusLost } from "../../lib/focus.js";
import { asProblem } from "../../lib/problem.js";
import { problemBox } from "../../parts/problem-box.js";
import { preferencePairs } from "./pairs.js";

/**
 * @param {import("../../lib/api.js").Api} api
 * @param {{letter: string, contender: import("./pairs.js").Contender}[]} answers
 * @param {{role: string, content: string}[]} messages
 */
export function voteBox(api, answers, messages) {
  const consent = h("input", { type: "checkbox", id: "vote-consent" });
  const outcome = h("div");
  /** How many pairs of a vote are kept: where the next one was not, only that vote can go on, and from there. */
  let done = 0;
  const buttons = answers.map(({ letter }, index) =>
    h("button", { class: "button", type: "button", on: { click: () => void vote(index) } }, `${letter} is better`),
  );

  /** @param {number} index */
  async function vote(index) {
    const pairs = preferencePairs(
      answers.map(({ contender }) => contender),
      index,
      { messages, consent: consent.checked },
    );
    if (!pairs.length) {
      tell("The answers are the same: there is nothing to prefer.");
      return;
    }
    for (const control of [...buttons, consent]) control.disabled = true;
    try {
      for (const pair of pairs.slice(done)) {
        await api.json("POST", "/feedback", pair);
        done += 1;
      }
      const { letter } = answers[index];
      const thanks = tell(
        pairs[0].consent
          ? `Thank you: ${letter} is kept as the better answer.`
          : `Thank you. Only a good rating of ${letter}'s model is kept, and none of the texts.`,
      );
      if (isFocusLost()) focusFirst(thanks);
    } catch (failure) {
      fill(outcome, problemBox(asProblem(failure)));
      buttons.forEach((button, place) => (button.disabled = done > 0 && place !== index));
      consent.disabled = done > 0;
      if (isFocusLost()) focusFirst(buttons[index]);
    }
  }

  /** @param {string} words */
  function tell(words) {
    const note = h("p", { class: "note" }, words);
    fill(outcome, note);
    announce(words);
    return note;
  }

  return h(
    "section",
    { class: "vote", "aria-labelledby": "vote-title" },
    h("h2", { id: "vote-title" }, "Which answer is better?"),
    h("div", { class: "row" }, buttons),
    h(
      "label",
      { class: "check", for: "vote-consent" },
      consent,
      "The question and the answers may be used to train models",
    ),
    h(
      "p",
      { class: "hint" },
      "Only if you agree are they kept; otherwise your vote is a good rating of that model, and nothing more.",
    ),
    outcome,
  );
}
