/** The reader's own documents, and answers out of them. */

import { h } from "../../lib/dom.js";
import { askDocuments } from "./ask.js";
import { library } from "./library.js";

/** @param {import("../../app/main.js").App} app @returns {import("../../app/shell.js").View} */
export function documentsView(app) {
  const held = library(app);
  return {
    element: h(
      "div",
      { class: "view" },
      h(
        "div",
        { class: "view-head" },
        h("h1", {}, "Documents"),
        h(
          "p",
          { class: "lead" },
          `Answers cite the passages that they stand on.${app.personal ? " Nobody else sees your documents." : ""}`,
        ),
      ),
      h("div", { class: "halves" }, held.element, askDocuments(app)),
    ),
    show: () => void held.load(),
  };
}
