/** Asks which of the answers is best; a vote is kept as a pair of a preferred and a rejected answer. */

import { announce } from "../../lib/announce.js";
import { fill, h } from "../../lib/dom.js";
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
      fill(outcome, h("p", { class: "note" }, "The answers are the same: there is nothing to prefer."));
      return;
    }
    for (const button of buttons) button.disabled = true;
    try {
      for (const pair of pairs) await api.json("POST", "/feedback", pair);
      fill(outcome, h("p", { class: "note" }, `Thank you: ${answers[index].letter} is kept as the better answer.`));
      announce("Thank you. Your vote is kept.");
    } catch (failure) {
      fill(outcome, problemBox(asProblem(failure)));
      for (const button of buttons) button.disabled = false;
    }
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
    outcome,
  );
}
