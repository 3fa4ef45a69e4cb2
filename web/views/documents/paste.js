/** Adds a text that is in no file. */

import { fill, h } from "../../lib/dom.js";
import { focusFirst } from "../../lib/focus.js";
import { problemWith } from "../../lib/problem.js";
import { problemBox } from "../../parts/problem-box.js";

/** @param {(name: string, text: string) => Promise<void>} add */
export function pasteForm(add) {
  const name = h("input", { id: "paste-name", type: "text", required: true, maxlength: "200" });
  const text = h("textarea", { id: "paste-text", rows: "5", required: true });
  const trouble = h("div");
  const button = h("button", { class: "button primary small", type: "submit" }, "Add");
  const summary = h("summary", {}, "Or paste a text");
  let adding = false;
  const details = h(
    "details",
    { class: "paste" },
    summary,
    h(
      "form",
      { on: { submit: (/** @type {Event} */ event) => void submit(event) } },
      h("div", { class: "field" }, h("label", { for: "paste-name" }, "Name"), name),
      h("div", { class: "field" }, h("label", { for: "paste-text" }, "Text"), text),
      trouble,
      h("div", { class: "row end" }, button),
    ),
  );

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (adding) return;
    adding = true;
    // Disabled outright, the button would lose the focus.
    button.setAttribute("aria-disabled", "true");
    fill(trouble);
    try {
      await add(name.value.trim(), text.value.trim());
      name.value = "";
      text.value = "";
      const within = details.contains(document.activeElement);
      details.open = false;
      if (within) focusFirst(summary);
    } catch (failure) {
      fill(trouble, problemBox(problemWith(failure, "The text was not added")));
    }
    adding = false;
    button.removeAttribute("aria-disabled");
  }
  return details;
}
