/** What the reader has said about answers: to look at, and to take back. */

import { announce } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { focusPlace, isFocusLost, placeIn } from "../lib/focus.js";
import { moment } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { asProblem } from "../lib/problem.js";
import { confirmed } from "../parts/confirm.js";
import { problemBox, redrawn } from "../parts/problem-box.js";

/**
 * @typedef {{id: string, model: string, rating: "up" | "down" | null, comment: string, created: string,
 *   learned_from: boolean, texts: Record<string, string>}} Given `texts` are shortened; none are there without consent
 */

const TEXTS = [
  ["question", "Question"],
  ["answer", "Answer"],
  ["better_answer", "Better answer"],
  ["rejected_answer", "Other answer"],
];

/** @param {import("../app/main.js").App} app @returns {import("../app/shell.js").View} */
export function feedbackView({ api }) {
  const heading = h("h1", {}, "Feedback");
  const list = h("ul", { class: "given" });

  async function load() {
    try {
      /** @type {{feedback: Given[]}} */
      const { feedback: given } = await api.json("GET", "/feedback");
      show(given.length ? given.map(item) : [nothing()]);
    } catch (failure) {
      failed(failure);
    }
  }

  /** @param {HTMLElement[]} items */
  function show(items) {
    redrawn(list, () => fill(list, items), heading);
  }

  /** @param {unknown} failure */
  function failed(failure) {
    show([h("li", {}, problemBox(asProblem(failure), { again: () => void load() }))]);
  }

  /** @param {Given} one */
  function item({ id, model, rating, comment, created, learned_from: learned, texts = {} }) {
    return h(
      "li",
      { data: { key: id } },
      h(
        "div",
        { class: "given-head" },
        h("span", { class: `tag ${rating ?? ""}` }, rating === "up" ? "Good" : rating === "down" ? "Bad" : "Comment"),
        h("span", { class: "soft" }, `${model} · ${moment(created)}`),
        h("span", { class: "grow" }),
        h("span", { class: "hint" }, learned ? "Models may learn from it" : "Not for training"),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": "Take back",
            title: "Take back",
            on: { click: () => void remove(id) },
          },
          icon("bin"),
        ),
      ),
      texts.question ? excerpts(texts) : h("p", { class: "soft" }, "Text not kept."),
      comment && h("p", { class: "clamp" }, comment),
    );
  }

  /** @param {Record<string, string>} texts */
  function excerpts(texts) {
    return h(
      "dl",
      { class: "given-texts" },
      TEXTS.filter(([name]) => texts[name]).map(([name, label]) =>
        h("div", {}, h("dt", {}, label), h("dd", { class: "clamp" }, texts[name])),
      ),
    );
  }

  /** @param {string} id */
  async function remove(id) {
    const place = placeIn(list);
    if (await confirmed("Take this feedback back? It is deleted.", "Take back")) await takenBack(id);
    // The list may have been drawn anew while it was asked, and what had the focus before is gone.
    if (place && isFocusLost()) focusPlace(list, place, heading);
  }

  /** @param {string} id */
  async function takenBack(id) {
    try {
      await api.json("DELETE", `/feedback/${encodeURIComponent(id)}`);
      announce("The feedback is deleted.");
      await load();
    } catch (failure) {
      failed(failure);
    }
  }

  return {
    element: h(
      "div",
      { class: "view narrow" },
      h(
        "div",
        { class: "view-head" },
        heading,
        h(
          "p",
          { class: "lead" },
          "What you said about answers. The texts are kept only where you allowed models to learn from them.",
        ),
      ),
      list,
    ),
    show: () => void load(),
  };
}

function nothing() {
  return h(
    "li",
    { class: "empty" },
    h("p", { class: "empty-title" }, "No feedback yet"),
    h("p", {}, "Judge an answer with a thumb, or vote between two in the playground."),
  );
}
