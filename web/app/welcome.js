/** What somebody sees who is not signed in. */

import { h } from "../lib/dom.js";
import { mark } from "../lib/icons.js";

/**
 * @param {import("../lib/config.js").Config} config
 * @param {import("../lib/session.js").Session} session
 * @param {string | null} failure why a sign-in has failed, or the session has ended
 */
export function welcome(config, session, failure) {
  const enter = h("button", { class: "button primary large", type: "button", on: { click: begin } }, "Sign in");
  function begin() {
    enter.disabled = true;
    enter.textContent = "Going to the sign-in…";
    void session.signIn();
  }
  return h(
    "main",
    { class: "welcome" },
    h(
      "div",
      { class: "welcome-card" },
      mark(),
      h("h1", {}, config.name),
      h("p", { class: "lead" }, "Summarize, chat, compare models and ask your own documents."),
      failure && h("p", { class: "note warn", role: "alert" }, failure),
      enter,
    ),
  );
}
