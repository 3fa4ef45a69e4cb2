/** Asks before something is gone for good. */

import { h } from "../lib/dom.js";

/**
 * @param {string} question
 * @param {string} action what the button that goes ahead says
 * @returns {Promise<boolean>}
 */
export function confirmed(question, action) {
  return new Promise((resolve) => {
    const heading = h("p", { class: "dialog-text", id: "confirm-text" }, question);
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "confirm-text", role: "alertdialog" },
      heading,
      h(
        "div",
        { class: "row end" },
        h("button", { class: "button", type: "button", on: { click: () => dialog.close("") } }, "Keep"),
        h("button", { class: "button danger", type: "button", on: { click: () => dialog.close("yes") } }, action),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
