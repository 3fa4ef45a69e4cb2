/** The list of former conversations: open one, delete one, begin anew. */

import { announce } from "../../lib/announce.js";
import { fill, h } from "../../lib/dom.js";
import { moment } from "../../lib/format.js";
import { icon } from "../../lib/icons.js";
import { asProblem } from "../../lib/problem.js";
import { confirmed } from "../../parts/confirm.js";
import { fromKept, toKeep } from "./about.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

/**
 * @param {import("../../lib/api.js").Api} api
 * @param {{deleted: (id: string) => void}} events
 */
export function historyList(api, { deleted }) {
  const list = h("ul", { class: "history-list" });
  const note = h("p", { class: "hint" });
  let current = "";
  /** One after another: what is older must not come in place of what is newer. @type {Promise<void>} */
  let keeping = Promise.resolve();
  /** @type {Set<string>} */
  const gone = new Set();
  /** @type {{id: string, title: string, updated?: string | number}[]} */
  let known = [];

  async function load() {
    try {
      known = (await api.json("GET", "/history")).conversations;
      note.textContent = known.length ? "" : "Conversations are kept here.";
    } catch (failure) {
      note.textContent = asProblem(failure).detail || "The history cannot be read now.";
    }
    draw();
  }

  function draw() {
    fill(
      list,
      known.map(({ id, title, updated }) =>
        h(
          "li",
          {},
          h(
            "a",
            { href: `#/chat/${encodeURIComponent(id)}`, "aria-current": id === current ? "true" : null },
            h("span", { class: "history-title" }, title || "Untitled"),
            updated && h("span", { class: "hint" }, moment(updated)),
          ),
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": `Delete “${title}”`,
              title: "Delete",
              on: { click: () => void remove(id, title) },
            },
            icon("bin"),
          ),
        ),
      ),
    );
  }

  /** @param {string} id @param {string} title */
  async function remove(id, title) {
    if (!(await confirmed(`Delete “${title}”? It cannot be brought back.`, "Delete"))) return;
    // An answer that still comes would bring it back.
    gone.add(id);
    await keeping;
    try {
      await api.json("DELETE", `/history/${encodeURIComponent(id)}`);
      announce("The conversation is deleted.");
      deleted(id);
    } catch (failure) {
      gone.delete(id);
      note.textContent = asProblem(failure).message;
    }
    await load();
  }

  /** @param {Conversation} conversation */
  async function put({ id, title, messages }) {
    if (gone.has(id)) return;
    try {
      await api.json("PUT", `/history/${encodeURIComponent(id)}`, { title, messages: messages.map(toKeep) });
      await load();
    } catch (failure) {
      note.textContent = `This conversation is not kept: ${asProblem(failure).message}`;
    }
  }

  return {
    element: h("div", { class: "history" }, list, note),
    load,
    /** @param {string} id */
    mark(id) {
      current = id;
      draw();
    },
    /** @param {string} id @param {AbortSignal} signal @returns {Promise<Conversation>} */
    async open(id, signal) {
      await keeping;
      const { title, messages } = await api.json("GET", `/history/${encodeURIComponent(id)}`, undefined, { signal });
      return { id, title, messages: messages.map(fromKept) };
    },
    /** Keep a conversation as it now is. @param {Conversation} conversation */
    keep(conversation) {
      keeping = keeping.then(() => put(conversation));
      return keeping;
    },
  };
}
