/** Puts a text into the clipboard, and says so. */

import { announce } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";

const SHOWN_MILLISECONDS = 1500;

/**
 * @param {() => string} text
 * @param {string} [label]
 */
export function copyButton(text, label = "Copy") {
  const button = h(
    "button",
    { class: "icon-button", type: "button", "aria-label": label, title: label, on: { click: () => void copy() } },
    icon("copy"),
  );
  async function copy() {
    let said = "Copied.";
    try {
      await navigator.clipboard.writeText(text());
      fill(button, icon("check"));
    } catch {
      said = "The browser did not allow copying. Select the text and copy it by hand.";
      button.title = said;
    }
    announce(said);
    setTimeout(() => fill(button, icon("copy")), SHOWN_MILLISECONDS);
  }
  return button;
}
