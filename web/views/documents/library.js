/** The reader's documents: what is there, add one, remove one. */

import { announce } from "../../lib/announce.js";
import { fill, h } from "../../lib/dom.js";
import { ACCEPTED, base64Of, mediaType, refuseSize } from "../../lib/files.js";
import { focusPlace, isFocusLost, placeIn } from "../../lib/focus.js";
import { count, counted, moment, size } from "../../lib/format.js";
import { icon } from "../../lib/icons.js";
import { asProblem, problemWith } from "../../lib/problem.js";
import { confirmed } from "../../parts/confirm.js";
import { dropOn, fileButton } from "../../parts/drop.js";
import { problemBox, redrawn } from "../../parts/problem-box.js";
import { pasteForm } from "./paste.js";
import { readIn } from "./reading.js";
import { troubles } from "./troubles.js";

/** @typedef {import("./reading.js").Held} Held */

/** @param {import("../../app/main.js").App} app */
export function library({ api, limits }) {
  const most = limits.documentBytes;
  const heading = h("h2", { id: "library-title" }, "Your documents");
  const list = h("ul", { class: "documents" });
  const trouble = troubles(heading);
  const note = h("p", { class: "note", hidden: true });
  /** @type {Held[]} */
  let known = [];
  const pending = h("ul", { class: "documents pending" });

  async function load() {
    try {
      /** @type {{documents: Held[]}} */
      const { documents: held } = await api.json("GET", "/documents");
      known = held;
      show(held.length ? held.map(item) : [h("li", { class: "empty" }, "No documents yet. Add the first one above.")]);
    } catch (failure) {
      show([h("li", {}, problemBox(asProblem(failure), { again: () => void load() }))]);
    }
  }

  /** @param {HTMLElement[]} items */
  function show(items) {
    redrawn(list, () => fill(list, items), heading);
  }

  /** @param {Held} document */
  function item({ id, name, passages, characters, created }) {
    return h(
      "li",
      { data: { key: id } },
      icon("documents"),
      h(
        "div",
        { class: "grow" },
        h("p", { class: "document-name" }, name),
        h(
          "p",
          { class: "hint" },
          `${counted(passages, "passage")} · ${count(characters)} characters · ${moment(created)}`,
        ),
      ),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": `Remove ${name}`,
          title: "Remove",
          on: { click: () => void remove(id, name) },
        },
        icon("bin"),
      ),
    );
  }

  /** @param {string} id @param {string} name */
  async function remove(id, name) {
    const place = placeIn(list);
    if (await confirmed(`Remove ${name}? Answers no longer use it.`, "Remove")) await removed(id, name);
    // The list may have been drawn anew while it was asked, and what had the focus before is gone.
    if (place && isFocusLost()) focusPlace(list, place, heading);
  }

  /** @param {string} id @param {string} name */
  async function removed(id, name) {
    try {
      await api.json("DELETE", `/documents/${encodeURIComponent(id)}`);
      announce(`${name} is removed.`);
    } catch (failure) {
      trouble.clear();
      trouble.add(asProblem(failure));
    }
    await load();
  }

  /** @param {import("./reading.js").Given} document */
  async function add(document) {
    const held = await readIn(api, document, pending);
    const twice = repeated(document.name, held, known);
    if (twice) remark(twice);
    announce(twice || `${document.name} is added: ${counted(held.passages, "passage")}.`);
    await load();
  }

  /** @param {string} words */
  function remark(words) {
    note.hidden = !words;
    note.textContent = words;
  }

  /** @param {File[]} files */
  async function take(files) {
    trouble.clear();
    remark("");
    for (const file of files) {
      try {
        await add({ name: file.name, media_type: typeOf(file), content_base64: await base64Of(file, most) });
      } catch (failure) {
        trouble.add(problemWith(failure, `${file.name} was not added`));
      }
    }
  }

  const zone = h(
    "div",
    { class: "zone" },
    h(
      "p",
      {},
      `Drop files here: text, Markdown, HTML or PDF${most < Infinity ? `, of at most ${size(most)} each` : ""}.`,
    ),
    h(
      "div",
      { class: "row center" },
      fileButton({ label: "Choose files", accept: ACCEPTED, multiple: true, take: (files) => void take(files) }),
    ),
    pasteForm(async (name, text) => {
      remark("");
      refuseSize("The text", new Blob([text]).size, most);
      await add({ name, media_type: "text/plain", text });
    }),
  );
  dropOn(zone, (files) => void take(files));
  return {
    element: h("section", { "aria-labelledby": "library-title" }, heading, zone, trouble.element, note, pending, list),
    load,
  };
}

/**
 * Say that a document was there before it was added, or another one under its name; else nothing.
 * @param {string} name
 * @param {Held & {already: boolean}} held as which it is kept
 * @param {Held[]} known
 */
function repeated(name, held, known) {
  if (held.already) {
    return `${name} was there already${held.name === name ? "" : `, as ${held.name}`}: it is kept once.`;
  }
  const namesake = known.some((one) => one.name === name);
  return namesake ? `Another document is called ${name} too. Both are kept, and answers may cite both.` : "";
}

/** @param {File} file */
function typeOf(file) {
  const type = mediaType(file);
  if (type) return type;
  if (/\.(docx?|odt|rtf)$/i.test(file.name)) {
    throw new Error("Files of word processors are not read. Save it as PDF, and add that.");
  }
  throw new Error("It is not a document. Add text, Markdown, HTML or PDF.");
}
