/** A document that is being read: how far it has come, shown as it comes and said now and then. */

import { announce } from "../../lib/announce.js";
import { h } from "../../lib/dom.js";
import { count } from "../../lib/format.js";
import { icon } from "../../lib/icons.js";

const SAID_MILLISECONDS = 15_000;

/**
 * @typedef {{id: string, name: string, media_type: string, passages: number, characters: number, created: string}} Held
 * @typedef {{name: string, media_type: string, text?: string, content_base64?: string}} Given
 */

/** @param {string} name */
function readingRow(name) {
  const words = h("p", { class: "working" }, `Reading ${name}…`);
  const bar = h("progress", { class: "progress", hidden: true, "aria-label": `Passages of ${name} that are read` });
  let said = Date.now();
  return {
    element: h("li", { "aria-busy": "true" }, icon("documents"), h("div", { class: "grow" }, words, bar)),
    /** @param {number} done @param {number} total */
    progress(done, total) {
      const far = `${count(done)} of ${count(total)} passages`;
      words.textContent = `Reading ${name}: ${far}`;
      bar.hidden = total < 2;
      bar.max = total;
      bar.value = done;
      if (Date.now() - said < SAID_MILLISECONDS) return;
      said = Date.now();
      announce(`${name}: ${far} are read.`);
    },
  };
}

/**
 * Have the gateway read a document, and show in a list how far that is while it lasts.
 * @param {import("../../lib/api.js").Api} api
 * @param {Given} document
 * @param {HTMLElement} pending the list
 * @returns {Promise<Held & {already: boolean}>}
 */
export async function readIn(api, document, pending) {
  const row = readingRow(document.name);
  pending.append(row.element);
  try {
    let held = null;
    for await (const { event, data } of await api.stream("/documents", document)) {
      if (event === "progress") row.progress(data.done, data.total);
      else if (event === "done") held = data;
    }
    return held;
  } finally {
    row.element.remove();
  }
}
