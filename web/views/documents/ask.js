/** Asks the reader's documents: the passages that were found, and the answer with its citations. */

import { fill, h } from "../../lib/dom.js";
import { focusFirst, hideControl, isFocusLost } from "../../lib/focus.js";
import { counted } from "../../lib/format.js";
import { icon } from "../../lib/icons.js";
import { answerBox } from "../../parts/answer.js";
import { copyButton } from "../../parts/copy-button.js";
import { generate } from "../../parts/generation.js";
import { modelPicker } from "../../parts/model-picker.js";
import { searchPieces } from "../../parts/pieces.js";
import { rating } from "../../parts/rating.js";
import { passageList } from "../../parts/sources.js";

/** @typedef {import("../../parts/pieces.js").Source} Source */
/** @typedef {import("../../parts/pieces.js").Meta} Meta */

/** @param {import("../../app/main.js").App} app */
export function askDocuments(app) {
  const { api, models, usage } = app;
  const question = h("input", { id: "documents-question", type: "search", required: true, autocomplete: "off" });
  const picker = modelPicker(models);
  const stop = h(
    "button",
    { class: "button", type: "button", hidden: true, on: { click: () => running?.abort() } },
    icon("stop"),
    "Stop",
  );
  const start = h("button", { class: "button primary", type: "submit" }, "Ask");
  const result = h("div", { class: "found" });
  const found = h("div", { class: "found" });
  /** @type {AbortController | null} */
  let running = null;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    void ask();
  }

  async function ask() {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const box = answerBox({ cite: (sources) => fill(found, passages(sources, [], true)) });
    fill(result, box.element);
    fill(found);
    stop.hidden = false;
    const query = question.value.trim();
    const body = { query, answer: true, ...picker.request };
    const outcome = await generate({
      ask: async (signal) => searchPieces(await api.stream("/search", body, { signal })),
      box,
      signal: mine.signal,
      picker,
      again() {
        void ask();
        if (isFocusLost()) focusFirst(stop, start);
      },
    });
    if (running !== mine) return;
    running = null;
    hideControl(stop, start);
    if (outcome.outcome === "done") {
      const { answered, citations = [], meta } = outcome.last;
      const rated = judged(query, outcome.text, meta);
      fill(
        box.foot,
        h(
          "div",
          { class: "row tools" },
          copyButton(() => outcome.text, "Copy the answer"),
          rated?.buttons,
        ),
        rated?.form,
      );
      if (meta.sources.length) fill(found, passages(meta.sources, citations, answered ?? false));
    }
    void usage.load();
  }

  /** Give the thumbs of an answer that a model wrote. @param {string} query @param {string} answer @param {Meta} meta */
  function judged(query, answer, { model, requestId }) {
    if (!model || !requestId || !answer.trim()) return null;
    return rating(app, { request_id: requestId, model, messages: [{ role: "user", content: query }], answer });
  }

  return h(
    "section",
    { "aria-labelledby": "ask-title" },
    h("h2", { id: "ask-title" }, "Ask them"),
    h(
      "form",
      { class: "ask", on: { submit } },
      h("div", { class: "field" }, h("label", { for: "documents-question" }, "Question"), question),
      picker.element,
      h("div", { class: "row" }, start, stop),
    ),
    result,
    found,
  );
}

/** @param {Source[]} sources @param {number[]} cited @param {boolean} answered */
function passages(sources, cited, answered) {
  return [
    h("h3", {}, answered ? counted(sources.length, "passage") : "The nearest passages"),
    passageList(sources, cited),
  ];
}
