/** One of the models that are compared: which, how, and what it answered. */

import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { answerBox } from "../../parts/answer.js";
import { copyButton } from "../../parts/copy-button.js";
import { generate } from "../../parts/generation.js";
import { modelPicker } from "../../parts/model-picker.js";
import { parameterFields } from "../../parts/parameters.js";
import { chatPieces } from "../../parts/pieces.js";

/** @typedef {import("./pairs.js").Contender} Contender */

/**
 * @param {import("../../app/main.js").App} app
 * @param {{letter: string, remove: (() => void) | null, chosen: () => void}} what `chosen` hears of another model
 */
export function column({ api, models }, { letter, remove, chosen }) {
  const fields = parameterFields();
  const picker = modelPicker(models, { label: `Model ${letter}`, changed });
  const place = h("div", { class: "sheet-body" }, h("p", { class: "empty" }, "No answer yet."));
  /** @type {Contender | null} */
  let answered = null;
  const removal = new AbortController();

  /** @param {import("../../parts/models.js").Model | null} model */
  function changed(model) {
    fields.show(model);
    chosen();
  }

  return {
    letter,
    picker,
    element: h(
      "section",
      { class: "sheet column", "aria-label": `Answer ${letter}` },
      h(
        "div",
        { class: "column-head" },
        h("span", { class: "letter", "aria-hidden": "true" }, letter),
        picker.element,
        remove &&
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": `Remove ${letter}`,
              title: "Remove",
              on: {
                click() {
                  removal.abort();
                  remove();
                },
              },
            },
            icon("close"),
          ),
      ),
      h("details", { class: "column-parameters" }, h("summary", {}, "Parameters"), fields.element),
      place,
    ),
    get answered() {
      return answered;
    },
    /** Whether the parameters are within their bounds. */
    get valid() {
      return fields.read() !== null;
    },
    /** @param {{role: string, content: string}[]} messages @param {AbortSignal} signal */
    async run(messages, signal) {
      const parameters = fields.read() ?? {};
      const box = answerBox({ name: letter });
      answered = null;
      fill(place, box.element);
      const body = {
        ...picker.request,
        messages,
        ...parameters,
        stream_options: { include_usage: true },
        fourfold: { cache: false },
      };
      const outcome = await generate({
        ask: async (stop) => chatPieces(await api.stream("/chat/completions", body, { signal: stop })),
        box,
        signal: AbortSignal.any([signal, removal.signal]),
        picker,
      });
      if (outcome.outcome !== "done") return;
      answered = {
        model: outcome.meta.model || picker.value,
        requestId: outcome.meta.requestId,
        answer: outcome.text,
        parameters,
      };
      fill(
        box.foot,
        h(
          "div",
          { class: "row tools" },
          copyButton(() => outcome.text, `Copy answer ${letter}`),
        ),
      );
    },
  };
}
