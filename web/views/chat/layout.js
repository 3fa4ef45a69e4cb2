/** How a chat lies on the page: the conversations beside it, and what is written at its foot. */

import { h } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";

/**
 * @param {{aside: HTMLElement | null, top: HTMLElement, thread: HTMLElement, foot: HTMLElement[],
 *   documents: HTMLElement, begin: () => void}} parts
 * `aside` lists the conversations, and is null where none are kept; `begin` begins a new one
 */
export function layout({ aside, top, thread, foot, documents, begin }) {
  return h(
    "div",
    { class: "view chat" },
    h(
      "aside",
      { class: "chat-side", "aria-label": "Conversations" },
      h(
        "details",
        { class: "history-fold", open: matchMedia("(min-width: 1080px)").matches },
        h("summary", {}, "Conversations"),
        h("button", { class: "button small", type: "button", on: { click: begin } }, icon("add"), "New chat"),
        aside ?? h("p", { class: "hint" }, "Conversations are not kept: nobody signs in here."),
      ),
    ),
    h(
      "div",
      { class: "chat-main" },
      h("div", { class: "view-head" }, h("h1", {}, "Chat")),
      top,
      thread,
      h(
        "div",
        { class: "chat-foot" },
        foot,
        h(
          "div",
          { class: "row" },
          documents,
          h("p", { class: "hint", id: "chat-keys" }, "Enter sends, Shift and Enter begin a line, Escape stops."),
        ),
      ),
    ),
  );
}
