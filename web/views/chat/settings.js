/** Whom a conversation asks, and how: model, instruction, parameters, whether from the reader's documents. */

import { h } from "../../lib/dom.js";
import { modelPicker } from "../../parts/model-picker.js";
import { parameterFields } from "../../parts/parameters.js";

/** @param {import("../../parts/models.js").Models} models */
export function chatSettings(models) {
  const fields = parameterFields();
  const picker = modelPicker(models, { changed: (model) => fields.show(model) });
  const instruction = h("textarea", { id: "chat-instruction", rows: "2", placeholder: "You answer in one sentence." });
  const documents = h("input", { type: "checkbox", id: "chat-documents" });
  return {
    element: h(
      "details",
      { class: "settings" },
      h("summary", {}, "Model and parameters"),
      h(
        "div",
        { class: "settings-body" },
        picker.element,
        fields.element,
        h(
          "div",
          { class: "field wide" },
          h("label", { for: "chat-instruction" }, "Instruction", h("span", { class: "soft" }, " (optional)")),
          instruction,
        ),
      ),
    ),
    documents: h("label", { class: "check", for: "chat-documents" }, documents, "From my documents"),
    picker,
    /** Give the parts of a request that stand here; null where a parameter is out of bounds. */
    read() {
      const parameters = fields.read();
      if (!parameters) return null;
      const said = instruction.value.trim();
      return {
        request: { ...picker.request, ...parameters },
        parameters,
        system: said ? [{ role: "system", content: said }] : [],
        documents: documents.checked,
      };
    },
  };
}
