/** Where a message is written: Enter sends it, Shift and Enter begin a line. */

import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { isComposing } from "../../lib/keys.js";

/** @param {{send: (text: string) => boolean, stop: () => void}} actions `send` says whether it was sent */
export function composer({ send, stop }) {
  const text = h("textarea", {
    id: "chat-text",
    rows: "1",
    placeholder: "Ask something",
    "aria-label": "Message",
    "aria-describedby": "chat-keys",
    on: { keydown: enter },
  });
  const button = h("button", { class: "send", type: "submit", "aria-label": "Send", title: "Send" }, icon("send"));
  const halt = h(
    "button",
    { class: "send", type: "button", "aria-label": "Stop", title: "Stop", hidden: true, on: { click: stop } },
    icon("stop"),
  );
  const form = h("form", { class: "composer", on: { submit, keydown: escape } }, text, button, halt);
  let busy = false;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const written = text.value.trim();
    if (written && send(written)) text.value = "";
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key === "Escape" && !isComposing(event) && busy) stop();
  }

  /** @param {KeyboardEvent} event */
  function enter(event) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    form.requestSubmit();
  }

  return {
    element: form,
    focus: () => text.focus(),
    /** Go on with a text that was not answered, unless another one is being written. @param {string} given */
    take(given) {
      if (!text.value.trim()) text.value = given;
    },
    /**
     * @param {boolean} now whether something comes, which may then be stopped
     * @param {boolean} [taken] whether what had the focus is gone with what was there before
     */
    busy(now, taken = false) {
      if (busy === now && !taken) return;
      busy = now;
      const focused = taken || document.activeElement === button || document.activeElement === halt;
      button.hidden = now;
      halt.hidden = !now;
      if (focused) (now ? halt : text).focus();
    },
  };
}
