/** What the reader has said about answers: to look at, and to take back. */

import { announce } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { focusPlace, isFocusLost, placeIn } from "../lib/focus.js";
import { moment } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { asProblem } from "../lib/problem.js";
import { confirmed } from "../parts/confirm.js";
import { problemBox, redrawn } from "../parts/problem-box.js";
import { together } from "../parts/votes.js";

/** @typedef {import("../parts/votes.js").Said} Said */

/** @param {import("../app/main.js").App} app @returns {import("../app/shell.js").View} */
export function feedbackView({ api }) {
  const heading = h("h1", {}, "Feedback");
  const list = h("ul", { class: "given" });

  async function load() {
    try {
      /** @type {{feedback: import("../parts/votes.js").Given[]}} */
      const { feedback: given } = await api.json("GET", "/feedback");
      show(given.length ? together(given).map(item) : [nothing()]);
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

  /** @param {Said} one */
  function item({ id, ids, model, rating, comment, created, learned_from: learned, texts = {}, others }) {
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
            on: { click: () => void remove(ids) },
          },
          icon("bin"),
        ),
      ),
      texts.question ? excerpts(texts, others) : h("p", { class: "soft" }, "Text not kept."),
      comment && h("p", { class: "clamp" }, comment),
    );
  }

  /** @param {string[]} ids of all that is to be taken back as one */
  async function remove(ids) {
    const place = placeIn(list);
    if (await confirmed("Take this feedback back? It is deleted.", "Take back")) await takenBack(ids);
    // The list may have been drawn anew while it was asked, and what had the focus before is gone.
    if (place && isFocusLost()) focusPlace(list, place, heading);
  }

  /** @param {string[]} ids */
  async function takenBack(ids) {
    try {
      for (const id of ids) await api.json("DELETE", `/feedback/${encodeURIComponent(id)}`);
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

/** @param {Record<string, string>} texts @param {string[]} others */
function excerpts(texts, others) {
  const shown = [
    ["Question", texts.question],
    ["Answer", texts.answer],
    ["Better answer", texts.better_answer],
    ...others.map((text) => ["Other answer", text]),
  ];
  return h(
    "dl",
    { class: "given-texts" },
    shown
      .filter(([, text]) => text)
      .map(([label, text]) => h("div", {}, h("dt", {}, label), h("dd", { class: "clamp" }, text))),
  );
}

function nothing() {
  return h(
    "li",
    { class: "empty" },
    h("p", { class: "empty-title" }, "No feedback yet"),
    h("p", {}, "Judge an answer with a thumb, or vote between two in the playground."),
  );
}
