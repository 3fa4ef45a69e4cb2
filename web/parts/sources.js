/** The passages that an answer may stand on, numbered as it cites them. */

import { h } from "../lib/dom.js";
import { counted } from "../lib/format.js";

/** @typedef {import("./pieces.js").Source} Source */

/**
 * Show them folded away, under an answer that is about something else than they are.
 * @param {Source[]} sources
 * @param {number[]} [cited]
 */
export function sourceList(sources, cited) {
  const summary = h("summary", {}, counted(sources.length, "source"));
  return h("details", { class: "sources" }, summary, passageList(sources, cited));
}

/**
 * @param {Source[]} passages
 * @param {number[]} [cited] the numbers of those that the answer cites
 */
export function passageList(passages, cited = []) {
  return h(
    "ol",
    { class: "passages" },
    passages.map(({ name, passage, text }, index) => {
      const isCited = cited.includes(index + 1);
      return h(
        "li",
        { class: isCited ? "cited" : null },
        h(
          "p",
          { class: "source-name" },
          name,
          h("span", { class: "soft" }, ` · passage ${passage + 1}`),
          isCited && h("span", { class: "tag" }, "cited"),
        ),
        h("blockquote", {}, text),
      );
    }),
  );
}
