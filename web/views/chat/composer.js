/** Where a message is written: Enter sends it, Shift and Enter begin a line. */

import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";

/** @param {{send: (text: string) => void, stop: () => void}} actions */
export function composer({ send, stop }) {
  const text = h("textarea", {
    id: "chat-text",
    rows: "1",
    placeholder: "Ask something",
    "aria-label": "Message",
    "aria-describedby": "chat-keys",
    on: { keydown: keys },
  });
  const button = h("button", { class: "send", type: "submit", "aria-label": "Send", title: "Send" }, icon("send"));
  const halt = h(
    "button",
    { class: "send", type: "button", "aria-label": "Stop", title: "Stop", hidden: true, on: { click: stop } },
    icon("stop"),
  );
  const form = h("form", { class: "composer", on: { submit } }, text, button, halt);
  let busy = false;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const written = text.value.trim();
    if (!written || busy) return;
    text.value = "";
    send(written);
  }

  /** @param {Event} event */
  function keys(event) {
    const { key, shiftKey, isComposing } = /** @type {KeyboardEvent} */ (event);
    if (key === "Escape" && busy) stop();
    // While an input method composes, Enter takes its suggestion.
    if (key !== "Enter" || shiftKey || isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  return {
    element: form,
    focus: () => text.focus(),
    /** @param {boolean} now whether an answer comes, which may then be stopped */
    busy(now) {
      busy = now;
      const focused = document.activeElement === button || document.activeElement === halt;
      button.hidden = now;
      halt.hidden = !now;
      if (focused) (now ? halt : text).focus();
    },
  };
}
