/** What the reader of a chat has to know before they write on: it stands over what they write, and is said aloud. */

import { fill, h } from "../../lib/dom.js";
import { focusFirst } from "../../lib/focus.js";

/** @typedef {{label: string, act: () => void}} Remedy */

/**
 * Make the place for it, which is empty until there is something.
 * @param {{focus: () => void}} next what has the focus once a remedy, which had it, is gone
 */
export function noticePlace(next) {
  const element = h("div", { class: "chat-notice", role: "status" });

  /** @param {...import("../../lib/dom.js").Child} content */
  function show(...content) {
    const held = element.contains(document.activeElement);
    fill(element, ...content);
    if (!held) return;
    next.focus();
    focusFirst(element.querySelector("button"));
  }

  return {
    element,
    /** @param {string} words @param {Remedy} [remedy] what a button beside it does */
    say(words, remedy) {
      show(
        h("p", {}, words),
        remedy && h("button", { class: "button small", type: "button", on: { click: remedy.act } }, remedy.label),
      );
    },
    clear: () => show(),
  };
}

/** @typedef {ReturnType<typeof noticePlace>} Notice */
