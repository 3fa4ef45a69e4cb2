/** Says that the session has ended, over the page as it stands: what somebody wrote is theirs to copy or to go on with. */

import { h } from "../lib/dom.js";

const ENDED = "Your session has ended.";
const KEPT =
  "What stands in the fields of the views is back there once you sign in again. Feedback that you are writing and what you have just sent are not: stay, and copy them first.";
const NO_ROOM = "This browser has no room to keep what you have typed. Copy it first; then sign in.";

/**
 * Make the one who says so: once in a dialog, from then on in a bar that leaves the page to be read and copied.
 * @param {HTMLElement} page
 * @param {{signIn: () => Promise<void>, keep: () => boolean}} actions `keep` says whether what was typed is kept
 * @returns {() => void} to be called whenever a request has found that the session has ended
 */
export function sessionEnded(page, { signIn, keep }) {
  let said = false;
  let warned = false;

  /** @param {HTMLElement} note */
  function begin(note) {
    if (!keep() && !warned) {
      warned = true;
      note.textContent = NO_ROOM;
      return;
    }
    void signIn();
  }

  function bar() {
    const note = h("span", { class: "grow" }, ENDED);
    const element = h("div", { class: "ended", role: "alert" }, note, enter(note));
    page.querySelector("main")?.before(element);
  }

  /** @param {HTMLElement} note */
  function enter(note) {
    return h("button", { class: "button primary", type: "button", on: { click: () => begin(note) } }, "Sign in");
  }

  return () => {
    if (said) return;
    said = true;
    const note = h("p", { class: "dialog-text", id: "ended-note", role: "status" }, KEPT);
    const dialog = h(
      "dialog",
      { class: "dialog", role: "alertdialog", "aria-labelledby": "ended-title", "aria-describedby": "ended-note" },
      h("h2", { id: "ended-title" }, ENDED),
      note,
      h(
        "div",
        { class: "row end" },
        h("button", { class: "button", type: "button", on: { click: () => dialog.close() } }, "Stay here"),
        enter(note),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      bar();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
}
