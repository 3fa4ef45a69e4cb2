/** One message of a conversation with what can be done with it; and what stands there before the first. */

import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { isComposing } from "../../lib/keys.js";
import { answerBox } from "../../parts/answer.js";
import { copyButton } from "../../parts/copy-button.js";

/**
 * Show what the reader said.
 * @param {string} content
 * @param {(changed: string) => void} edit
 */
export function userMessage(content, edit) {
  const element = h("article", { class: "message user", "aria-label": "You" });

  function show() {
    const change = h(
      "button",
      { class: "icon-button", type: "button", "aria-label": "Edit", title: "Edit", on: { click: open } },
      icon("edit"),
    );
    fill(
      element,
      h("div", { class: "bubble" }, content),
      h(
        "div",
        { class: "row tools" },
        copyButton(() => content, "Copy the message"),
        change,
      ),
    );
    return change;
  }

  function open() {
    const text = h("textarea", { "aria-label": "Edit the message", rows: "3", value: content });
    const form = h(
      "form",
      { class: "edit", on: { submit: save, keydown: keys } },
      text,
      h("p", { class: "hint" }, "It is asked anew, and what came after it is deleted."),
      h(
        "div",
        { class: "row end" },
        h("button", { class: "button small", type: "button", on: { click: close } }, "Cancel"),
        h("button", { class: "button primary small", type: "submit" }, "Send"),
      ),
    );
    fill(element, form);
    text.focus();

    /** @param {Event} event */
    function save(event) {
      event.preventDefault();
      if (text.value.trim()) edit(text.value.trim());
    }
    /** @param {KeyboardEvent} event */
    function keys(event) {
      if (isComposing(event)) return;
      if (event.key === "Escape") close();
      if (event.key !== "Enter" || event.shiftKey || event.target !== text) return;
      event.preventDefault();
      form.requestSubmit();
    }
  }

  function close() {
    show().focus();
  }

  show();
  return element;
}

/** Make the place for what a model says. */
export function assistantMessage() {
  const box = answerBox();
  return { element: h("article", { class: "message assistant", "aria-label": "Answer" }, box.element), box };
}

/**
 * Put the actions under an answer.
 * @param {import("../../parts/answer.js").AnswerBox} box
 * @param {{retry: () => void, rated?: {buttons: HTMLElement[], form: HTMLElement}}} actions
 */
export function answerTools(box, { retry, rated }) {
  fill(
    box.foot,
    h(
      "div",
      { class: "row tools" },
      box.text !== "" && copyButton(() => box.text, "Copy the answer"),
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": "Ask again", title: "Ask again", on: { click: retry } },
        icon("retry"),
      ),
      rated?.buttons,
    ),
    rated?.form,
  );
}

/** Say what there is to do where nothing is said yet. */
export function emptyState() {
  return h(
    "div",
    { class: "empty" },
    h("p", { class: "empty-title" }, "Ask the model something"),
    h("p", {}, "Answers come word by word. You can stop them, ask again, edit what you said, and judge them."),
  );
}
